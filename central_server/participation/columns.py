"""The whole class over a session in columns of time: how many learners were seen, how many not, at each. Pure.

A class of any size is drawn from these: a bridge point's part is two short arrays, and the class is their sum.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from central_server.participation.live import LiveReport
from models.spans import Spans

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
class Columns:
    """One bridge point: (COLUMNS,) each."""

    seen: NDArray[np.int16]
    """Learners seen."""
    watched: NDArray[np.bool_]
    """The room was watched: whoever is not seen is absent."""

    @classmethod
    def empty(cls) -> Columns:
        """Nothing known."""
        return cls(np.zeros(COLUMNS, np.int16), np.zeros(COLUMNS, np.bool_))


def columns_of(
    axis: Axis,
    coverage: Spans,
    presence: Mapping[str, Sequence[Pair]],
    tolerance_ms: int,
    counts_from: Mapping[str, int] | None = None,
) -> Columns:
    """A bridge point's columns from its records.

    presence: each learner's intervals, any order. A gap of which no more than `tolerance_ms` was watched counts as seen
    where it was watched (models.participation.bridge). counts_from: where time before the check-in does not count, the
    check-ins; a learner without one is not seen.
    """
    columns = Columns.empty()
    watched: list[Pair] = [(int(a), int(b)) for a, b in coverage]
    for start, end in watched:
        columns.watched[axis.within(start, end)] = True
    for learner, pairs in presence.items():
        since = 0 if counts_from is None else counts_from.get(learner)
        if since is None:
            continue
        before: int | None = None
        for start, end in joined(pairs):
            if before is not None:
                gap = [(max(a, before), min(b, start)) for a, b in watched if a < start and b > before]
                if sum(b - a for a, b in gap) <= tolerance_ms:
                    for a, b in gap:
                        columns.seen[axis.within(max(a, since), b)] += 1
            columns.seen[axis.within(max(start, since), end)] += 1
            before = end
    return columns


def joined(pairs: Iterable[Pair]) -> list[Pair]:
    """Intervals in order, overlapping and touching ones as one. For a few at a time; models.spans is for many."""
    out: list[Pair] = []
    for start, end in sorted(pairs):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def with_live(axis: Axis, columns: Columns, reports: Iterable[LiveReport], enrolled: frozenset[str]) -> Columns:
    """The columns, and what the live statuses tell where no record does yet.

    A gap between a learner's last record and the live status is bridged when the next record tells of it.
    """
    seen, watched = columns.seen, columns.watched
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
        there = [(one.start, one.last) for one in status.present if one.learner in enrolled]
        for column in new:
            at = axis.at[column]
            watched[column] = True
            seen[column] = sum(start <= at < last for start, last in there)
    return Columns(seen, watched)
