"""The attendance sheet of a session (Danh sách điểm danh): what stands in it. sheet_files.py writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
from central_server.web.figures import day, day_time, moment, percent
from models.language import Language
from models.participation import marks

Cell = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, its width in characters, its Excel number format (None: text)."""

    title: str
    width: float
    form: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: titles above, one row a learner, notes below."""

    title: str
    above: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]
    signers: tuple[str, str]
    lang: Language


def sheet_of(state: SessionState, lang: Language) -> Sheet:
    """The sheet of a session as it stands now."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    facts = state.facts
    points = ", ".join(point.facts.name for point in state.points)
    above = (
        (t("Lớp", "Course"), f"{facts.course_title} ({facts.course_code})"),
        (t("Buổi học", "Session"), facts.title),
        (t("Thời gian", "Time"), f"{day_time(facts.start)}–{day_time(facts.end)}, {day(facts.start)}"),
        (t("Điểm cầu", "Bridge points"), points),
    )
    columns = (
        Column(t("STT", "No."), 5, "0"),
        Column(t("Họ và tên", "Name"), 26),
        Column(t("Mã học viên", "Learner code"), 12),
        Column(t("Năm sinh", "Born"), 8, "0"),
        Column(t("Đơn vị", "Unit"), 26),
        Column(t("Điểm cầu", "Bridge point"), 16),
        Column(t("Giờ vào", "First seen"), 9, "hh:mm:ss"),
        Column(t("Giờ ra", "Last seen"), 9, "hh:mm:ss"),
        Column(t("Có mặt (phút)", "Present (min)"), 9, "0.0"),
        Column(t("Vắng (phút)", "Absent (min)"), 9, "0.0"),
        Column(t("Không xác định (phút)", "Not observed (min)"), 9, "0.0"),
        Column(t("Theo lịch (phút)", "Scheduled (min)"), 9, "0.0"),
        Column(t("Tỷ lệ", "Share"), 8, "0.0%"),
        Column(t("Hình thức điểm danh", "Checked in by"), 14),
        Column(t("Ký tên", "Signature"), 12),
        Column(t("Ghi chú", "Note"), 18),
        Column(t("Niêm phong", "Seal"), 16),
    )
    rows = tuple(
        _row(number, point, learner, state, lang)
        for number, (point, learner) in enumerate(
            ((point, learner) for point in state.points for learner in point.learners), 1
        )
    )
    rule = facts.rule
    unobserved = {
        "excused": t("không tính vào tổng", "leaves the sum"),
        "present_if_around": t("tính là có mặt nếu có mặt ngay trước và sau", "counts when present before and after"),
        "nothing": t("tính như vắng", "counts as absent"),
    }[rule.not_observed]
    notes = [
        t("Có mặt + vắng + không xác định = theo lịch (đã trừ giải lao). ",
          "Present + absent + not observed = scheduled (breaks left out). ")
        + t(f"Thời gian không xác định {unobserved} khi tính tỷ lệ; cần {percent(rule.share_needed, lang)}.",
            f"Not observed time {unobserved} in the share; {percent(rule.share_needed, lang)} is needed."),
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
    signers = (t("Cán bộ kỹ thuật", "Technician"), t("Cán bộ quản lý lớp", "Class manager"))
    return Sheet(t("DANH SÁCH ĐIỂM DANH", "ATTENDANCE SHEET"), above, columns, rows, tuple(notes), signers, lang)


def _row(
    number: int, point: PointState, learner: LearnerState, state: SessionState, lang: Language
) -> tuple[Cell, ...]:
    who, part = learner.facts, learner.participation
    return (
        number,
        f"{who.name} ({pick(('khách', 'guest'), lang)})" if who.guest else who.name,
        who.code,
        who.birth_year,
        who.unit,
        point.facts.name,
        moment(learner.first_seen) if learner.first_seen is not None else None,
        moment(learner.last_seen) if learner.last_seen is not None else None,
        *(tenths / 10 for tenths in shown(part, MINUTE_MS // 10)),
        part.share,
        known_by(learner, lang),
        "",
        _note(learner, state, lang),
        short_remarks(point, lang),
    )


def _note(learner: LearnerState, state: SessionState, lang: Language) -> str:
    """Late and early, where the room was watched at that time; a fault is never held against anybody."""
    part, facts = learner.participation, state.facts
    told = [pick(DOUBT, lang)] if doubted(learner) else []
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
