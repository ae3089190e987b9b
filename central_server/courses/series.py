"""A series of sessions from a weekly pattern: which days, which are left out and why. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from central_server.courses.periods import teaching_ms

VIETNAM = timezone(timedelta(hours=7), "+07")
"""No daylight saving since 1975, so a fixed offset is right."""
MOST_SESSIONS = 200
LONGEST_DAYS = 2 * 366
"""A series that does not reach its number of sessions in two years has a wrong pattern."""
Times = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class DayPart:
    """A session's times on the clock (+07); an end or break before the start lies past midnight."""

    start: time
    end: time
    breaks: tuple[tuple[time, time], ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """On these weekdays from `first` on, until `last` or until there are `count` sessions, whichever comes first."""

    weekdays: frozenset[int]
    """0 is Monday."""
    first: date
    parts: tuple[DayPart, ...]
    """Of one day, such as morning and afternoon."""
    last: date | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A session's times, ms since 1970 UTC."""

    start: int
    end: int
    breaks: Times = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that the pattern names and the series leaves out."""

    day: date
    name: str
    """Of the holiday."""


@dataclass(frozen=True, slots=True)
class Series:
    """What a pattern comes to."""

    slots: tuple[Slot, ...]
    skipped: tuple[Skipped, ...]

    @property
    def teaching_ms(self) -> int:
        """Time taught in all of it: breaks left out."""
        return sum(teaching_ms(one.start, one.end, one.breaks) for one in self.slots)


def at(day: date, clock: time) -> int:
    """A moment on Vietnam's clocks in ms since 1970 UTC."""
    return round(datetime.combine(day, clock, VIETNAM).timestamp() * 1000)


def slot(day: date, part: DayPart) -> Slot:
    """The times of a session that begins on `day`."""
    start = at(day, part.start)

    def after(clock: time) -> int:
        moment = at(day, clock)
        return moment if moment >= start else at(day + timedelta(days=1), clock)

    return Slot(start, after(part.end), tuple(sorted((after(a), after(b)) for a, b in part.breaks)))


def faults(times: Slot) -> tuple[str, str] | None:
    """What is impossible about a session's times, as a sentence in both languages; None when all is well."""
    edges = [times.start, *(edge for one in times.breaks for edge in one), times.end]
    if times.end <= times.start:
        return "Buổi học phải kết thúc sau khi bắt đầu.", "A session must end after it starts."
    if times.end - times.start > 16 * 3_600_000:
        return ("Buổi học dài hơn 16 giờ: hãy xem lại giờ bắt đầu và kết thúc.",
                "The session is longer than 16 hours: look at its start and end again.")  # fmt: skip
    if edges != sorted(edges) or any(a == b for a, b in times.breaks):
        return ("Giờ giải lao phải nằm trong buổi học, có độ dài và không chồng lên nhau.",
                "Breaks must lie inside the session, have a length and not overlap.")  # fmt: skip
    return None


def series(pattern: Pattern, holidays: Mapping[date, str]) -> Series:
    """The sessions of a pattern in order of time. holidays: days without class, by name; empty holds on all days."""
    slots: list[Slot] = []
    skipped: list[Skipped] = []
    limit = min(pattern.count or MOST_SESSIONS, MOST_SESSIONS)
    last = min(pattern.last or date.max, pattern.first + timedelta(days=LONGEST_DAYS))
    day = pattern.first
    while day <= last and len(slots) < limit and pattern.weekdays:
        if day.weekday() in pattern.weekdays:
            if day in holidays:
                skipped.append(Skipped(day, holidays[day]))
            else:
                slots += [slot(day, part) for part in pattern.parts][: limit - len(slots)]
        day += timedelta(days=1)
    return Series(tuple(slots), tuple(skipped))


def overlaps(slots: Iterable[Slot]) -> tuple[Slot, Slot] | None:
    """Two sessions of a course that would be held at the same time; None when there are none."""
    ordered = sorted(slots, key=lambda one: (one.start, one.end))
    return next(((a, b) for a, b in itertools.pairwise(ordered) if b.start < a.end), None)
