"""The whole class over a session in columns of time: how many learners were seen, how many not, at each. Pure.

A class of any size is drawn from these: a bridge point's part is two short arrays, and the class is their sum.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from central_server.participation.live import LiveReport
from models.participation import Participation
from models.spans import Spans
from models.wire import LivePresence

COLUMNS = 120
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Axis:
    """The columns of a session, each standing for the moment in its middle."""

    at: tuple[int, ...]
    """Ascending, ms of server time."""
    taught: NDArray[np.bool_]
    """False in breaks, (COLUMNS,)."""

    @classmethod
    def of(cls, start: int, end: int, breaks: Iterable[Pair]) -> Axis:
        """The axis of a session (ms)."""
        step = (end - start) / COLUMNS
        at = tuple(round(start + (column + 0.5) * step) for column in range(COLUMNS))
        pauses = list(breaks)
        return cls(at, np.array([not any(a <= one < b for a, b in pauses) for one in at]))

    def within(self, start: int, end: int) -> slice:
        """The columns whose moment lies in [start, end)."""
        return slice(bisect_left(self.at, start), bisect_left(self.at, end))


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """A learner who is not observed as the others of the room are: (COLUMNS,) each."""

    seen: NDArray[np.bool_]
    told: NDArray[np.bool_]
    """Seen, but for the gaps that are bridged."""
    observed: NDArray[np.bool_]
    """The learner could have been observed: absent where not seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One bridge point: (COLUMNS,) each."""

    seen: NDArray[np.int16]
    """Learners seen, but for those apart."""
    watched: NDArray[np.bool_]
    """The room was watched: whoever is not seen is absent, but for those apart."""
    apart: Mapping[str, Apart] = field(default_factory=dict)
    """By learner (id)."""

    @classmethod
    def empty(cls) -> Columns:
        """Nothing known."""
        return cls(np.zeros(COLUMNS, np.int16), np.zeros(COLUMNS, np.bool_))

    def counts(self, expected: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Learners seen, and absent, of so many who are expected."""
        away = np.where(self.watched, expected - len(self.apart) - self.seen, 0).astype(np.int16)
        seen = self.seen
        for one in self.apart.values():
            seen, away = seen + one.seen, away + (one.observed & ~one.seen)
        return seen, away


def columns_of(
    axis: Axis,
    coverage: Spans,
    presence: Mapping[str, Sequence[Pair]],
    tolerance_ms: int,
    counts_from: Mapping[str, int] | None = None,
    apart: Mapping[str, Spans] | None = None,
) -> Columns:
    """A bridge point's columns from its records.

    presence: each learner's intervals, any order. A gap of which no more than `tolerance_ms` was watched counts as seen
    where it was watched (models.participation.bridge). counts_from: where time before the check-in does not count, the
    check-ins; a learner without one is not seen. apart: learners with a coverage of their own, and that.
    """
    columns = Columns.empty()
    room: list[Pair] = [(int(a), int(b)) for a, b in coverage]
    for start, end in room:
        columns.watched[axis.within(start, end)] = True
    own: dict[str, Apart] = {}
    for learner, spans in (apart or {}).items():
        own[learner] = Apart(*(np.zeros(COLUMNS, np.bool_) for _ in range(3)))
        for start, end in spans:
            own[learner].observed[axis.within(int(start), int(end))] = True
    for learner, pairs in presence.items():
        since = 0 if counts_from is None else counts_from.get(learner)
        if since is None:
            continue
        if apart is None or learner not in apart:
            for span in _seen(axis, pairs, room, tolerance_ms, since):
                columns.seen[span] += 1
        else:
            mine = [(int(a), int(b)) for a, b in apart[learner]]
            for span in _seen(axis, pairs, mine, tolerance_ms, since):
                own[learner].seen[span] = True
            for start, end in pairs:
                own[learner].told[axis.within(max(start, since), end)] = True
    return replace(columns, apart=own)


def with_corrected(axis: Axis, columns: Columns, corrected: Mapping[str, Participation]) -> Columns:
    """The columns with learners (ids) of whom corrections say something, as these say; left out of them so far."""
    apart = dict(columns.apart)
    for who, part in corrected.items():
        seen, observed = np.zeros(COLUMNS, np.bool_), np.zeros(COLUMNS, np.bool_)
        for start, end in part.seen:
            seen[axis.within(int(start), int(end))] = True
        for start, end in part.not_seen:
            observed[axis.within(int(start), int(end))] = True
        apart[who] = Apart(seen, seen.copy(), observed | seen)
    return replace(columns, apart=apart)


def _seen(axis: Axis, pairs: Iterable[Pair], watched: Sequence[Pair], tolerance_ms: int, since: int) -> Iterator[slice]:
    """The columns of a learner's presence and of the gaps that are bridged; no column twice."""
    before: int | None = None
    for start, end in joined(pairs):
        if before is not None:
            gap = [(max(a, before), min(b, start)) for a, b in watched if a < start and b > before]
            if sum(b - a for a, b in gap) <= tolerance_ms:
                for a, b in gap:
                    yield axis.within(max(a, since), b)
        yield axis.within(max(start, since), end)
        before = end


def _by_learner(there: Iterable[LivePresence], but: Collection[str]) -> Iterable[list[Pair]]:
    """The intervals of each learner but these: one that has ended and one that runs may overlap by a late sighting."""
    found: dict[str, list[Pair]] = {}
    for one in there:
        if one.learner not in but:
            found.setdefault(one.learner, []).append((one.start, one.last))
    return found.values()


def joined(pairs: Iterable[Pair]) -> list[Pair]:
    """Intervals in order, overlapping and touching ones as one. For a few at a time; models.spans is for many."""
    out: list[Pair] = []
    for start, end in sorted(pairs):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def with_live(
    axis: Axis,
    columns: Columns,
    reports: Iterable[LiveReport],
    enrolled: frozenset[str],
    unobserved: Mapping[str, Sequence[Pair]] | None = None,
) -> Columns:
    """The columns, and what the live statuses tell where no record does yet.

    A gap between a learner's last record and the live status is bridged when the next record tells of it. unobserved:
    by learner, the times of which nothing is known though the room was watched.
    """
    seen, watched = columns.seen, columns.watched
    apart = dict(columns.apart)
    unobserved = unobserved or {}
    for learner in unobserved.keys() - apart.keys():
        apart[learner] = Apart(np.zeros(COLUMNS, np.bool_), np.zeros(COLUMNS, np.bool_), watched.copy())
    for report in reports:
        status = report.status
        if status.watching_from is None or status.watching_to is None:
            continue
        span = axis.within(status.watching_from, min(status.watching_to, report.received_at))
        new = [column for column in range(span.start, span.stop) if not watched[column]]
        if not new:
            continue
        if seen is columns.seen:
            seen, watched = seen.copy(), watched.copy()
            apart = {who: Apart(one.seen.copy(), one.told.copy(), one.observed.copy()) for who, one in apart.items()}
        there = [one for one in status.present if one.learner in enrolled]
        common = [pair for pairs in _by_learner(there, apart.keys()) for pair in joined(pairs)]
        for column in new:
            at = axis.at[column]
            watched[column] = True
            seen[column] = sum(start <= at < last for start, last in common)
            for mine in apart.values():
                mine.observed[column] = True
        for one in there:
            if one.learner in apart:
                here = axis.within(one.start, one.last)
                columns_here = [column for column in new if here.start <= column < here.stop]
                apart[one.learner].seen[columns_here] = True
                apart[one.learner].told[columns_here] = True
    for learner, pairs in unobserved.items():
        mine = apart[learner]
        kept, observed = mine.seen.copy(), mine.observed.copy()
        for start, end in pairs:
            span = axis.within(start, end)
            kept[span], observed[span] = mine.told[span], False  # what is not observed bridges nothing
        apart[learner] = replace(mine, seen=kept, observed=observed)
    return Columns(seen, watched, apart)
