"""Teaching periods (tiết) beside minutes. Pure: breaks are no teaching."""

from __future__ import annotations

from collections.abc import Iterable

MINUTE_MS = 60_000
DAY_MS = 24 * 3_600_000


def teaching_ms(start: int, end: int, breaks: Iterable[tuple[int, int]] = ()) -> int:
    """The scheduled time of a session without its breaks; all in ms."""
    return end - start - sum(b - a for a, b in breaks)


def periods(teaching: int, period_minutes: int) -> float:
    """How many teaching periods `teaching` ms are, to the tenth: 3.5 h are 4.7 periods of 45 min."""
    return round(teaching / (period_minutes * MINUTE_MS), 1)


def minutes(count: float, period_minutes: int) -> int:
    """How many minutes `count` teaching periods take."""
    return round(count * period_minutes)
