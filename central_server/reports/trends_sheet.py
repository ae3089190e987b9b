"""Trends as sheets: one of quality, one of teaching."""

from __future__ import annotations

from collections.abc import Mapping

from central_server.reports.period import Period, day_of, period
from central_server.reports.sheet import Column, Head, Row, Sheet
from central_server.reports.trends import Quality, Trends
from central_server.web.figures import number
from models.language import Language, many


def trends_sheet(
    wanted: Period, found: Trends, names: Mapping[str, str], head: Head, now: int, lang: Language
) -> Sheet:  # fmt: skip
    """Quality by month, programme and lecturer, and lecturers' teaching, with the words what it rests on."""

    def t(vi: str, en: str) -> str:
        return en if lang == "en" else vi

    share = t("Tỷ lệ thời gian theo lịch", "Share of scheduled time")
    taught = t("Số tiết", "Teaching periods")
    columns = (
        Column(t("Theo", "By"), "text", 34),
        Column(t("Số buổi", "Sessions"), "number", 8),
        Column(t("Lượt dự", "Turns"), "number", 9),
        Column(t("Có mặt", "Present"), "percent", 9, share),
        Column(t("Vắng", "Absent"), "percent", 9, share),
        Column(t("Không xác định", "Not observed"), "percent", 10, share),
        Column(t("Đến muộn", "Late"), "percent", 9),
        Column(t("Theo lịch", "Scheduled"), "tenths", 9, taught),
        Column(t("Có bản ghi", "With records"), "tenths", 9, taught),
        Column(t("Có học viên", "Learners there"), "tenths", 9, taught),
        Column(t("Dời", "Moved"), "number", 7, t("Buổi", "Sessions")),
        Column(t("Hủy", "Cancelled"), "number", 7, t("Buổi", "Sessions")),
    )
    rows: list[Row] = []

    def group(title: str, some: tuple[Quality, ...], none: str) -> None:
        rows.append(Row((title, *[None] * (len(columns) - 1)), "group"))
        rows.extend(Row((names.get(one.key) or none, one.sessions, one.turns, one.seen, one.not_seen,
                         one.not_observed, one.late, *[None] * 5)) for one in some)  # fmt: skip

    group(t("Tháng", "Months"), tuple(found.months), "")
    group(t("Chương trình", "Programmes"), found.programmes, t("(chưa ghi chương trình)", "(no programme)"))
    rows.append(
        Row((t("Giảng viên: học viên tham gia, giờ giảng so với lịch", "Lecturers: participation, teaching time"),
             *[None] * (len(columns) - 1)), "group")
    )  # fmt: skip
    known = {one.key: one for one in found.lecturers}
    for one in found.teaching:
        of = known.get(one.key)
        quality = (of.turns, of.seen, of.not_seen, of.not_observed, of.late) if of else (0, None, None, None, None)
        taught_by = (one.scheduled, one.held, one.in_room, one.moved, one.cancelled)
        rows.append(Row((names.get(one.key, "?"), one.sessions, *quality, *taught_by)))
    title = t("CHẤT LƯỢNG THAM GIA VÀ GIỜ GIẢNG", "PARTICIPATION AND TEACHING")
    return Sheet(
        f"chat-luong-{wanted.code}", head, title, ((t("Kỳ", "Period"), wanted.label(lang == "en")),), columns,
        tuple(rows), notes_of(found, lang), day_of(now), lang, grouped_by=t("Nhóm", "Group"),
    )  # fmt: skip


def month_names(found: Trends, english: bool) -> dict[str, str]:
    """What the months are called."""
    return {one.key: period(one.key).label(english) for one in found.months}


def notes_of(found: Trends, lang: Language) -> tuple[str, ...]:
    """What the figures rest on."""

    def t(vi: str, en: str) -> str:
        return en if lang == "en" else vi

    over, recorded, settled = (number(one, lang) for one in (found.over, found.recorded, found.settled))
    return (
        t(f"{over} buổi đã kết thúc, {recorded} buổi có bản ghi điểm danh; tỷ lệ dựa trên số liệu đã chốt của "
          f"{settled} buổi. Bản ghi hoặc điều chỉnh đến sau được máy chủ chốt lại, thường trong vòng một giờ; "
          "nơi có bản ghi bị hỏng thì không chốt: lệnh central-server verify nêu bản ghi đó.",
          f"{over} {many(found.over, 'session is', 'sessions are')} over, of {recorded} there are records; shares "
          f"rest on what is settled of {settled}. "
          "What comes later is settled by the server anew, mostly within an hour; where a record is damaged nothing "
          "is settled: central-server verify names it."),
        t("Hệ thống không nhận diện giảng viên. “Có bản ghi” là thời gian theo lịch mà điểm cầu chính (nơi giảng viên "
          "dạy) được ghi nhận; “có học viên” là thời gian có ít nhất một học viên ở đó. Buổi chưa ghi điểm cầu chính "
          "thì lấy điểm cầu dài nhất; buổi chưa chốt số liệu chưa được tính.",
          "No camera recognises a lecturer. “With records” is the scheduled time in which the main bridge point, where "
          "the lecturer teaches, was watched; “learners there” that with at least one learner there. Where no main "
          "bridge point is entered it is the one where that was longest; what is not settled yet is not counted."),
    )  # fmt: skip
