"""Figures as people here write them: 5.476 and 111,5 %; 08:05 and 24/11/2026; always in Vietnam's time."""

from __future__ import annotations

from datetime import datetime

from central_server.courses.series import VIETNAM
from models.language import Language

LAST_MOMENT_S = 253_402_214_400
"""31/12/9999, UTC: the calendar's last day, which Vietnam's clocks do not leave either."""


def moment(ms: int) -> datetime:
    """A moment (ms since 1970 UTC) on Vietnam's clocks.

    A clock that is wrong by ages may stand in any record, and must not take a page away: what lies before 1970 or
    after 9999 is shown as the first or last moment of that time.
    """
    return datetime.fromtimestamp(min(max(ms / 1000, 0), LAST_MOMENT_S), VIETNAM)


def iso(ms: int) -> str:
    """2026-11-24T08:05:09+07:00, for programs."""
    return moment(ms).isoformat(timespec="seconds")


def day_time(ms: int) -> str:
    """08:05"""
    return moment(ms).strftime("%H:%M")


def second_time(ms: int) -> str:
    """08:05:09"""
    return moment(ms).strftime("%H:%M:%S")


def day(ms: int) -> str:
    """24/11/2026"""
    return moment(ms).strftime("%d/%m/%Y")


WEEKDAYS = (
    ("thứ Hai", "Monday"), ("thứ Ba", "Tuesday"), ("thứ Tư", "Wednesday"), ("thứ Năm", "Thursday"),
    ("thứ Sáu", "Friday"), ("thứ Bảy", "Saturday"), ("Chủ nhật", "Sunday"),
)  # fmt: skip


def weekday(ms: int, lang: Language) -> str:
    """thứ Ba"""
    return WEEKDAYS[moment(ms).weekday()][lang == "en"]


def span(start: int, end: int, lang: Language) -> str:
    """08:00–11:30, thứ Ba 24/11/2026; past midnight 22:00, thứ Ba 24/11/2026 – 00:30, thứ Tư 25/11/2026."""
    last = f"{day_time(end)}, {weekday(end, lang)} {day(end)}"
    if day(start) == day(end):
        return f"{day_time(start)}–{last}"
    return f"{day_time(start)}, {weekday(start, lang)} {day(start)} – {last}"


def part_of_day(ms: int, lang: Language) -> str:
    """buổi sáng until 12:00, buổi chiều until 18:00, then buổi tối."""
    hour = moment(ms).hour
    found = ("buổi sáng", "morning") if hour < 12 else ("buổi chiều", "afternoon") if hour < 18 else (
        "buổi tối", "evening")  # fmt: skip
    return found[lang == "en"]


def number(value: float, lang: Language, digits: int = 0) -> str:
    """5.476 (vi), 5,476 (en); rounded to `digits` after the point. As CLDR has it, without its slow library."""
    text = f"{value:,.{digits}f}"
    return text if lang == "en" else text.translate(_VIETNAMESE)


_VIETNAMESE = str.maketrans(",.", ".,")


def percent(share: float | None, lang: Language) -> str:
    """111,5 %; a dash when there is none."""
    return "–" if share is None else f"{number(share * 100, lang, 1)} %"


def minutes_seconds(ms: int) -> str:
    """4:05"""
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes}:{seconds:02d}"


def duration(ms: int, lang: Language) -> str:
    """1 giờ 05 phút; whole minutes, cut, so that nobody is shown a minute before it is full."""
    hours, minutes = divmod(ms // 60_000, 60)
    hour, minute = ("giờ", "phút") if lang == "vi" else ("h", "min")
    return f"{hours} {hour} {minutes:02d} {minute}" if hours else f"{minutes} {minute}"
