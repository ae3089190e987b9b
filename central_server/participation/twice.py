"""Who is seen at two bridge points in the same minute: one of the two is somebody else. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Stay:
    """A learner was recorded at a bridge point (ids) from start to end (server time, ms), ends included."""

    learner: str
    point: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Twice:
    """A learner was recorded at two bridge points (ids, in order) in the same minute."""

    learner: str
    points: tuple[str, str]
    first: int
    """The first such minute begins then (server time, ms)."""
    minutes: int
    """In so many minutes, as far as stays overlap."""


@dataclass(frozen=True, slots=True)
class SeenTwice:
    """The same, for a page."""

    learner: str
    """Name."""
    unit: str
    points: tuple[str, str]
    """Names, in order."""
    ids: tuple[str, str]
    """Of the bridge points."""
    first: int
    minutes: int


def seen_twice(stays: Iterable[Stay]) -> list[Twice]:
    """Every learner and pair of bridge points of which that is so, in order of learner and time.

    Minutes are those of the server's clock. O(n log n) for stays that don't overlap; a learner has few bridge points.
    """
    by_learner: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for one in stays:
        minutes = (one.start // MINUTE_MS, one.end // MINUTE_MS)
        by_learner.setdefault(one.learner, {}).setdefault(one.point, []).append(minutes)
    found = []
    for learner, places in sorted(by_learner.items()):
        points = sorted(places)
        for n, first in enumerate(points):
            for second in points[n + 1 :]:
                shared = _shared(_joined(places[first]), _joined(places[second]))
                if shared:
                    count = sum(end - start + 1 for start, end in shared)
                    found.append(Twice(learner, (first, second), shared[0][0] * MINUTE_MS, count))
    return sorted(found, key=lambda one: (one.learner, one.first, one.points))


def by_point(found: Iterable[SeenTwice]) -> dict[str, tuple[SeenTwice, ...]]:
    """By bridge point (id), who was seen there and elsewhere at once."""
    out: dict[str, tuple[SeenTwice, ...]] = {}
    for one in found:
        for point in one.ids:
            out[point] = (*out.get(point, ()), one)
    return out


def _joined(minutes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Runs of minutes, ends included, in order and disjoint."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(minutes):
        if out and start <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def _shared(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs of minutes that lie in both."""
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start <= end:
            out.append((start, end))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out
