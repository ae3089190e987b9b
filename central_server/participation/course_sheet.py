"""The participation of a course as a sheet (Tổng hợp tham gia): what stands in it. sheet_files.py writes it."""

from __future__ import annotations

from central_server.courses.tables import Course
from central_server.participation.course import CourseLearner, CourseParticipation
from central_server.participation.outlook_wording import needed, outlook
from central_server.participation.rounding import MINUTE_MS, rounded
from central_server.participation.rule_wording import rule_lines
from central_server.participation.sheet import Cell, Column, Sheet
from central_server.participation.wording import pick
from central_server.web.figures import day, day_time
from models.language import Language


def course_sheet(course: Course, now: CourseParticipation, at: int, lang: Language) -> Sheet:
    """The sheet of a course as it stands at `at` (ms), with the learners in the order in which they are given."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    held = sum(session.phase == "over" for session in now.sessions)
    above = (
        (t("Lớp", "Course"), f"{course.title} ({course.code})"),
        (
            t("Số buổi", "Sessions"),
            t(f"đã học {held} trong {len(now.sessions)}", f"{held} of {len(now.sessions)} held"),
        ),
    )
    columns = (
        Column(t("STT", "No."), 5, "0"),
        Column(t("Họ và tên", "Name"), 26),
        Column(t("Mã học viên", "Learner code"), 12),
        Column(t("Năm sinh", "Born"), 8, "0"),
        Column(t("Đơn vị", "Unit"), 26),
        Column(t("Điểm cầu", "Bridge point"), 16),
        Column(t("Có mặt (phút)", "Present (min)"), 9, "0"),
        Column(t("Vắng (phút)", "Absent (min)"), 9, "0"),
        Column(t("Không xác định (phút)", "Not observed (min)"), 9, "0"),
        Column(t("Theo lịch đến nay (phút)", "Scheduled so far (min)"), 10, "0"),
        Column(t("Tỷ lệ đến nay", "Share so far"), 8, "0.0%"),
        Column(t("Cao nhất còn đạt được", "Best still possible"), 9, "0.0%"),
        Column(t("Nếu nghỉ hết phần còn lại", "If the rest is missed"), 9, "0.0%"),
        Column(t("Tình hình", "Outlook"), 14),
        Column(t("Cần thêm", "Still needed"), 24),
        Column(t("Đến muộn (buổi)", "Late (sessions)"), 8, "0"),
        Column(t("Về sớm (buổi)", "Early (sessions)"), 8, "0"),
    )
    rows = tuple(_row(number, one, lang) for number, one in enumerate(now.learners, 1))
    rule = "; ".join(f"{about}: {says}" for about, says in rule_lines(now.rule, lang))
    notes = (
        t("Có mặt + vắng + không xác định = theo lịch (đã trừ giải lao).",
          "Present + absent + not observed = scheduled (breaks left out)."),
        t(f"Điều kiện, phiên bản {now.rule.version}: {rule}.", f"Rule, version {now.rule.version}: {rule}."),
        t(f"Lập lúc {day_time(at)} {day(at)}.", f"Made at {day_time(at)} on {day(at)}."),
    )  # fmt: skip
    signers = (t("Người lập", "Made by"), t("Cán bộ quản lý lớp", "Class manager"))
    title = t("TỔNG HỢP THỜI LƯỢNG THAM GIA", "PARTICIPATION IN THE COURSE")
    return Sheet(title, above, columns, rows, notes, signers, lang)


def _row(number: int, one: CourseLearner, lang: Language) -> tuple[Cell, ...]:
    who, forecast, done = one.facts, one.forecast, one.forecast.done
    minutes = rounded((done.seen_ms, done.not_seen_ms, done.not_observed_ms), MINUTE_MS)
    return (
        number, who.name, who.code, who.birth_year, who.unit, who.point, *minutes, sum(minutes), done.share,
        forecast.best, forecast.worst, outlook(forecast, lang), needed(forecast, lang), one.late, one.early,
    )  # fmt: skip
