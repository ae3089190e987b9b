"""The attendance sheet of a session (Danh sách điểm danh): what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from central_server.corrections.reading import LeaveFacts
from central_server.courses.periods import periods, teaching_ms
from central_server.participation.rounding import MINUTE_MS, shown
from central_server.participation.state import LearnerState, PointState, SessionState
from central_server.participation.wording import (
    DOUBT,
    at_two_points,
    doubted,
    flags_of,
    heads,
    known_by,
    pick,
    remarks,
    short_remarks,
    spot_checks,
)
from central_server.reports.period import day_of
from central_server.reports.sheet import Cell, Column, Head, Row, Sheet, of_share
from central_server.web.figures import day, day_time, number, part_of_day, percent, span
from models.language import Language
from models.participation import marks

LEAVES = {"permitted": ("có phép", "with leave"), "not_permitted": ("không phép", "without leave")}
UNOBSERVED = {
    "excused": ("không tính vào tổng", "leaves the sum"),
    "present_if_around": ("tính là có mặt nếu có mặt ngay trước và sau", "counts when present before and after"),
    "nothing": ("tính như vắng", "counts as absent"),
}


@dataclass(frozen=True, slots=True)
class Beside:
    """What a sheet tells beside the session's own state: minutes of a teaching period, leave by learner, letterhead,
    and sentences on its seal.
    """  # fmt: skip

    period_minutes: int
    leaves: Mapping[str, LeaveFacts]
    head: Head
    seal: tuple[str, ...] = ()


def attendance_sheet(state: SessionState, beside: Beside, lang: Language) -> Sheet:
    """The sheet of a session as it stands now."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    facts = state.facts
    taught = periods(teaching_ms(facts.start, facts.end, facts.breaks), beside.period_minutes)
    when = f"{span(facts.start, facts.end, lang)}, {part_of_day(facts.start, lang)}"
    digits = 0 if taught == int(taught) else 1
    about = [
        (t("Lớp", "Course"), f"{facts.course_title} ({facts.course_code})"),
        (t("Chuyên đề", "Topic"), facts.title),
        (t("Giảng viên", "Lecturer"), facts.standing.lecturer or "…"),
        (t("Thời gian", "Time"), f"{when}; {number(taught, lang, digits)} {t('tiết', 'periods')}"),
        (t("Điểm cầu", "Bridge points"), ", ".join(point.facts.name for point in state.points)),
    ]
    minutes = t("Số phút", "Minutes")
    columns = (
        Column(t("STT", "No."), "plain", 5),
        Column(t("Họ và tên", "Name"), "text", 24),
        Column(t("Mã học viên", "Learner code"), "centred", 10),
        Column(t("Năm sinh", "Born"), "plain", 6),
        Column(t("Chức vụ", "Position"), "text", 14),
        Column(t("Đơn vị", "Unit"), "text", 22),
        Column(t("Giờ vào", "First seen"), "time", 7),
        Column(t("Giờ ra", "Last seen"), "time", 7),
        Column(t("Có mặt", "Present"), "tenths", 8, minutes),
        Column(t("Vắng", "Absent"), "tenths", 8, minutes),
        Column(t("Không xác định", "Not observed"), "tenths", 9, minutes),
        Column(t("Tỷ lệ", "Share"), "percent", 9),
        Column(t("Hình thức điểm danh", "Checked in by"), "text", 15),
        Column(t("Phép", "Leave"), "centred", 9),
        Column(t("Ký tên", "Signature"), "sign", 12),
        Column(t("Ghi chú", "Note"), "text", 18),
    )
    rows: list[Row] = []
    at = 0
    for point in state.points:
        rows.append(Row((_point(point, lang), *[None] * (len(columns) - 1)), "group"))
        for learner in point.learners:
            at += 1
            rows.append(Row(_cells(at, learner, state, beside.leaves.get(learner.facts.id), lang)))
    notes = (*_notes(state, lang), *beside.seal)
    return Sheet(
        f"diem-danh-{facts.id}", beside.head, t("DANH SÁCH ĐIỂM DANH", "ATTENDANCE SHEET"), tuple(about), columns,
        tuple(rows), notes, day_of(facts.end), lang, grouped_by=t("Điểm cầu", "Bridge point"),
    )  # fmt: skip


def _point(point: PointState, lang: Language) -> str:
    said = f"{point.facts.name}: {number(len(point.learners), lang)} {pick(('học viên', 'learners'), lang)}"
    remark = short_remarks(point, lang)
    return f"{said}; {remark}" if remark else said


def _cells(
    at: int, learner: LearnerState, state: SessionState, leave: LeaveFacts | None, lang: Language
) -> tuple[Cell, ...]:
    who, part = learner.facts, learner.participation
    minutes = shown(part, MINUTE_MS // 10)
    return (
        at,
        f"{who.name} ({pick(('khách', 'guest'), lang)})" if who.guest else who.name,
        who.code,
        who.birth_year,
        who.position,
        who.unit,
        learner.first_seen,
        learner.last_seen,
        minutes.seen,
        minutes.not_seen,
        minutes.not_observed,
        of_share(part.share),
        known_by(learner, lang),
        pick(LEAVES[leave.leave], lang) if leave is not None and leave.leave in LEAVES else "",
        None,
        _note(learner, state, lang),
    )


def _note(learner: LearnerState, state: SessionState, lang: Language) -> str:
    """Late and early, where the room was watched at that time; a fault is never held against anybody."""
    part, facts = learner.participation, state.facts
    told = [pick(DOUBT, lang)] if doubted(learner) else []
    if any(piece.corrected is not None for piece in learner.pieces):
        told.append(pick(("đã điều chỉnh", "corrected"), lang))
    told += flags_of(learner.check_in, lang)
    if said := spot_checks(learner, lang):
        told.append(said)
    if not part.seen_ms:
        return ", ".join([*told, pick(("không có mặt", "not present"), lang)] if part.not_seen_ms else told)
    found = marks(part, facts.start, state.phase == "over", facts.rule)
    if found.late_min is not None:
        told.append(pick((f"đến muộn {found.late_min} phút", f"{found.late_min} min late"), lang))
    if found.early_min is not None:
        told.append(pick((f"về sớm {found.early_min} phút", f"left {found.early_min} min early"), lang))
    return ", ".join(told)


def _notes(state: SessionState, lang: Language) -> tuple[str, ...]:
    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    rule = state.facts.rule
    unobserved, needed = pick(UNOBSERVED[rule.not_observed], lang), percent(rule.share_needed, lang)
    notes = [
        t("Có mặt + vắng + không xác định = theo lịch (đã trừ giải lao). ",
          "Present + absent + not observed = scheduled (breaks left out). ")
        + t(f"Thời gian không xác định {unobserved} khi tính tỷ lệ; cần {needed}.",
            f"Not observed time {unobserved} in the share; {needed} is needed."),
        t(f"Lập lúc {day_time(state.now)} {day(state.now)}.", f"Made at {day_time(state.now)} on {day(state.now)}."),
    ]  # fmt: skip
    if state.phase != "over":
        notes.append(
            t("Buổi học chưa kết thúc: số liệu tạm thời.", "The session is not over: these figures will change.")
        )
    notes += [at_two_points(one, lang) for one in state.twice]
    for point in state.points:
        told = remarks(point, lang)
        if point.heads is not None:
            told.append(f"{t('lần đếm cuối', 'last count')} {day_time(point.heads.end)}: {heads(point.heads, lang)}")
        notes += [f"{point.facts.name}: {one}" for one in told]
    return tuple(notes)
