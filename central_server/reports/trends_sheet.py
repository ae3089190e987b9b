"""Trends as sheets: one of quality, one of teaching."""

from __future__ import annotations

from collections.abc import Mapping

from central_server.reports.period import Period, day_of, period
from central_server.reports.sheet import Column, Head, Row, Sheet
from central_server.reports.trends import Quality, Trends
from central_server.web.figures import number
from models.language import Language


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
    group(t("Giảng viên: học viên tham gia", "Lecturers: learners' participation"), found.lecturers,
          t("(chưa ghi giảng viên)", "(no lecturer)"))  # fmt: skip
    rows.append(
        Row((t("Giảng viên: giờ giảng so với lịch", "Lecturers: teaching against the schedule"),
             *[None] * (len(columns) - 1)), "group")
    )  # fmt: skip
    rows.extend(
        Row((names.get(one.key, "?"), one.sessions, None, None, None, None, None, one.scheduled, one.held, one.in_room,
             one.moved, one.cancelled))
        for one in found.teaching
    )  # fmt: skip
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

    over, settled = number(found.over, lang), number(found.settled, lang)
    return (
        t(f"Dựa trên số liệu đã chốt của {settled} trong {over} buổi đã kết thúc. Bản ghi hoặc điều chỉnh đến sau được "
          "máy chủ chốt lại, thường trong vòng một giờ.",
          f"Rests on the settled figures of {settled} of {over} sessions that are over. What comes later is settled by "
          "the server anew, mostly within an hour."),
        t("Hệ thống không nhận diện giảng viên. “Có bản ghi” là số tiết của buổi học có bản ghi điểm danh; “có học "
          "viên” là thời gian theo lịch có ít nhất một học viên ở một điểm cầu, lấy điểm cầu dài nhất.",
          "No camera recognises a lecturer. “With records” are the periods of sessions of which there are records; "
          "“learners there” is the scheduled time with at least one learner at the bridge point where it was longest."),
    )  # fmt: skip
