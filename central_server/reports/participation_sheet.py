"""The participation of a course as a sheet (Tổng hợp tham gia): what stands in it."""

from __future__ import annotations

from central_server.courses.tables import Course
from central_server.participation.course import CourseLearner, CourseParticipation
from central_server.participation.outlook_wording import needed, outlook
from central_server.participation.rounding import MINUTE_MS, rounded
from central_server.participation.rule_wording import rule_lines
from central_server.participation.wording import pick
from central_server.reports.period import day_of
from central_server.reports.sheet import Cell, Column, Head, Row, Sheet, of_share
from central_server.web.figures import day, day_time
from models.language import Language


def participation_sheet(course: Course, now: CourseParticipation, at: int, head: Head, lang: Language) -> Sheet:
    """The sheet of a course as it stands at `at` (ms), with the learners in the order in which they are given."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    held = sum(session.phase == "over" for session in now.sessions)
    about = (
        (t("Lớp", "Course"), f"{course.title} ({course.code})"),
        (
            t("Số buổi", "Sessions"),
            t(f"đã học {held} trong {len(now.sessions)}", f"{held} of {len(now.sessions)} held"),
        ),
    )
    minutes = t("Số phút", "Minutes")
    columns = (
        Column(t("STT", "No."), "plain", 5),
        Column(t("Họ và tên", "Name"), "text", 24),
        Column(t("Mã học viên", "Learner code"), "centred", 10),
        Column(t("Năm sinh", "Born"), "plain", 6),
        Column(t("Đơn vị", "Unit"), "text", 22),
        Column(t("Điểm cầu", "Bridge point"), "text", 14),
        Column(t("Có mặt", "Present"), "number", 8, minutes),
        Column(t("Vắng", "Absent"), "number", 8, minutes),
        Column(t("Không xác định", "Not observed"), "number", 9, minutes),
        Column(t("Theo lịch đến nay", "Scheduled so far"), "number", 9, minutes),
        Column(t("Đến nay", "So far"), "percent", 8, t("Tỷ lệ", "Share")),
        Column(t("Cao nhất còn đạt", "Best possible"), "percent", 9, t("Tỷ lệ", "Share")),
        Column(t("Nếu nghỉ hết", "If the rest is missed"), "percent", 9, t("Tỷ lệ", "Share")),
        Column(t("Tình hình", "Outlook"), "text", 14),
        Column(t("Cần thêm", "Still needed"), "text", 20),
        Column(t("Đến muộn", "Late"), "number", 7, t("Số buổi", "Sessions")),
        Column(t("Về sớm", "Early"), "number", 7, t("Số buổi", "Sessions")),
    )
    rows = tuple(Row(_cells(number, one, lang)) for number, one in enumerate(now.learners, 1))
    rule = "; ".join(f"{about}: {says}" for about, says in rule_lines(now.rule, lang))
    notes = (
        t("Có mặt + vắng + không xác định = theo lịch (đã trừ giải lao).",
          "Present + absent + not observed = scheduled (breaks left out)."),
        t(f"Điều kiện, phiên bản {now.rule.version}: {rule}.", f"Rule, version {now.rule.version}: {rule}."),
        t(f"Lập lúc {day_time(at)} {day(at)}.", f"Made at {day_time(at)} on {day(at)}."),
    )  # fmt: skip
    title = t("TỔNG HỢP THỜI LƯỢNG THAM GIA", "PARTICIPATION IN THE COURSE")
    return Sheet(f"tham-gia-{course.code}", head, title, about, columns, rows, notes, day_of(at), lang)


def _cells(number: int, one: CourseLearner, lang: Language) -> tuple[Cell, ...]:
    who, forecast, done = one.facts, one.forecast, one.forecast.done
    minutes = rounded((done.seen_ms, done.not_seen_ms, done.not_observed_ms), MINUTE_MS)
    return (
        number, who.name, who.code, who.birth_year, who.unit, who.point, *minutes, sum(minutes), of_share(done.share),
        of_share(forecast.best), of_share(forecast.worst), outlook(forecast, lang), needed(forecast, lang), one.late,
        one.early,
    )  # fmt: skip
