"""How much each bridge point took part in a class, as a sheet of its own beside the attendance sheet in its Excel file.

Never in the attendance sheet itself: a learner's minutes do not depend on who spoke.
"""

from __future__ import annotations

from central_server.classroom.interaction import RoomInteraction
from central_server.classroom.keeping import InteractionTold
from central_server.participation.rounding import MINUTE_MS
from central_server.participation.state import SessionState
from central_server.participation.wording import pick
from central_server.reports.period import day_of
from central_server.reports.sheet import Column, Head, Row, Sheet
from central_server.web.figures import day, day_time
from models.language import Language


def interaction_sheet(state: SessionState, told: InteractionTold, lang: Language) -> Sheet | None:
    """The sheet of the bridge points in `state`; None where nothing happened in any of them. told: what is on record,
    which while the class runs is some minutes behind the live page.
    """

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    rooms, to = told.rooms, told.spoken_to
    facts, minutes = state.facts, t("Số phút", "Minutes")
    if not any(point.facts.id in rooms for point in state.points):
        return None
    columns = (
        Column(t("STT", "No."), "plain", 5),
        Column(t("Điểm cầu", "Bridge point"), "text", 30),
        Column(t("Đã nói", "Spoke"), "tenths", 12, minutes),
        Column(t("Được phát biểu", "Had the floor"), "tenths", 12, minutes),
        Column(t("Nói trong lượt", "Spoke in turns"), "tenths", 12, minutes),
        Column(t("Lượt phát biểu", "Floor turns"), "number", 12),
        Column(t("Giơ tay", "Hands"), "number", 10),
        Column(t("Câu hỏi", "Questions"), "number", 10),
        Column(t("Đã trả lời", "Answered"), "number", 10),
    )
    rows = []
    for at, point in enumerate(state.points, 1):
        one = rooms.get(point.facts.id, RoomInteraction())
        times = (_tenths(ms) for ms in (one.spoken_ms, one.turn_ms, one.turn_spoken_ms))
        rows.append(Row((at, point.facts.name, *times, one.turns, one.hands, one.questions, one.answered)))
    about = (
        (t("Lớp", "Course"), f"{facts.course_title} ({facts.course_code})"),
        (t("Chuyên đề", "Topic"), facts.title),
        (t("Ngày", "Day"), day(facts.start)),
    )
    notes = (
        t("Thời gian nói đo bằng âm lượng micro của phòng; không tính vào thời lượng tham gia của ai.",
          "Speaking is measured by the level of the room's microphone; it counts towards nobody's participation."),
        t(f"Số phút đã nói là số đã ghi vào sổ, tính đến {day_time(to)} {day(to)}.",
          f"Minutes spoken are those on record, as of {day_time(to)} on {day(to)}.")
        if to
        else t("Chưa có số phút nói nào được ghi vào sổ.", "No minutes spoken are on record yet."),
        t(f"Lập lúc {day_time(state.now)} {day(state.now)}.", f"Made at {day_time(state.now)} on {day(state.now)}."),
    )  # fmt: skip
    return Sheet(
        f"trao-doi-{facts.id}", Head(), t("TRAO ĐỔI TRONG LỚP", "INTERACTION IN CLASS"), about, columns, tuple(rows),
        notes, day_of(facts.start), lang,
    )  # fmt: skip


def _tenths(ms: int) -> int:
    """Tenths of a minute, halves up."""
    return (2 * ms * 10 + MINUTE_MS) // (2 * MINUTE_MS)
