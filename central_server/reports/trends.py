"""Quality by programme, lecturer and month: how much of the scheduled time learners were there. Pure.

It rests on the settled figures of sessions that are over. A lecturer is not recognised by any camera: what is known of
teaching is how long the main bridge point, where the lecturer is, was watched, and how long at least one learner was
there. Where none is entered it is the bridge point where that was longest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from central_server.participation.rounding import rounded
from central_server.participation.settled import SessionSum
from central_server.reports.period import day_of
from central_server.reports.sheet import thousandths


@dataclass(frozen=True, slots=True)
class SessionFact:
    """A session of the plan. Times are ms since 1970 UTC."""

    id: str
    course: str
    programme: str
    lecturer: str
    """Id; empty: none was entered."""
    start: int
    teaching_ms: int
    period_minutes: int
    over: bool
    cancelled: bool
    moved: bool
    has_records: bool
    main_point: str
    """Id of the bridge point where the lecturer teaches; empty: none was entered."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of some sessions. Shares in thousandths, of the scheduled time of all learners; they add up."""

    key: str
    sessions: int
    """Held and settled."""
    turns: int
    """Learners of each session, added up."""
    seen: int | None
    not_seen: int | None
    not_observed: int | None
    late: int | None
    """Of the turns, who came late."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """A lecturer's teaching periods, in tenths."""

    key: str
    sessions: int
    """On the schedule up to now, cancelled ones left out."""
    scheduled: int
    held: int
    """Scheduled time in which the main bridge point was watched."""
    in_room: int
    """Scheduled time in which at least one learner was seen there."""
    moved: int
    """Sessions that were moved."""
    cancelled: int


@dataclass(frozen=True, slots=True)
class Trends:
    """All of it."""

    months: tuple[Quality, ...]
    """By month: 2026-11."""
    programmes: tuple[Quality, ...]
    lecturers: tuple[Quality, ...]
    teaching: tuple[Teaching, ...]
    over: int
    """Sessions that are over."""
    recorded: int
    """Of these, sessions of which there are records."""
    settled: int
    """Of these, sessions whose figures are kept."""


def trends(sessions: Sequence[SessionFact], sums: Iterable[SessionSum], order: Mapping[str, str]) -> Trends:
    """Quality and teaching of these sessions. order: names by which programmes and lecturers are sorted, by id."""
    by_session: dict[str, list[SessionSum]] = {}
    for one in sums:
        by_session.setdefault(one.session, []).append(one)
    over = [one for one in sessions if one.over and not one.cancelled]
    known = [one for one in over if one.has_records and one.id in by_session]

    def grouped(key: Callable[[SessionFact], str]) -> tuple[Quality, ...]:
        groups: dict[str, list[SessionFact]] = {}
        for one in known:
            groups.setdefault(key(one), []).append(one)
        return tuple(
            _quality(name, groups[name], by_session)
            for name in sorted(groups, key=lambda name: (order.get(name, name), name))
        )  # fmt: skip

    lecturers: dict[str, list[SessionFact]] = {}
    for session in sessions:
        if session.lecturer and (session.over or session.cancelled):
            lecturers.setdefault(session.lecturer, []).append(session)
    teaching = tuple(
        _teaching(name, lecturers[name], by_session)
        for name in sorted(lecturers, key=lambda name: (order.get(name, name), name))
    )
    return Trends(
        grouped(lambda one: f"{day_of(one.start):%Y-%m}"), grouped(lambda one: one.programme),
        grouped(lambda one: one.lecturer), teaching, len(over),
        sum(one.has_records for one in over), len(known),
    )  # fmt: skip


def _quality(key: str, sessions: Sequence[SessionFact], sums: Mapping[str, Sequence[SessionSum]]) -> Quality:
    some = [one for session in sessions for one in sums[session.id]]
    scheduled, turns = sum(one.scheduled_ms for one in some), sum(one.learners for one in some)
    seen, not_seen = sum(one.seen_ms for one in some), sum(one.not_seen_ms for one in some)
    parts = [1000 * part for part in (seen, not_seen, scheduled - seen - not_seen)]
    told: Sequence[int | None] = rounded(parts, scheduled) if scheduled else (None, None, None)
    late = thousandths(sum(one.late for one in some), turns)
    return Quality(key, len(sessions), turns, told[0], told[1], told[2], late)


def _teaching(key: str, sessions: Sequence[SessionFact], sums: Mapping[str, Sequence[SessionSum]]) -> Teaching:
    counted = [one for one in sessions if not one.cancelled]

    def tenths(some: Iterable[tuple[int, int]]) -> int:
        """Of (ms, minutes of a period): added up first, rounded once, halves up."""
        return floor(sum(Fraction(10 * ms, minutes * 60_000) for ms, minutes in some) + Fraction(1, 2))

    at_main = {
        session.id: [one for one in sums.get(session.id, ()) if session.main_point in ("", one.bridge_point)]
        for session in counted
    }

    def longest(some: Callable[[SessionSum], int]) -> int:
        return tenths((max(map(some, at_main[session.id]), default=0), session.period_minutes) for session in counted)

    return Teaching(
        key, len(counted), tenths((one.teaching_ms, one.period_minutes) for one in counted),
        longest(lambda one: one.recorded_ms), longest(lambda one: one.anybody_ms),
        sum(one.moved for one in counted), sum(one.cancelled for one in sessions),
    )  # fmt: skip
