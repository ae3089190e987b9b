"""Spans of time as arrays: int64 of shape (n, 2), rows [start, end) in ms, sorted, disjoint, none empty. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Spans = NDArray[np.int64]


def spans(pairs: Iterable[tuple[int, int]] | Spans) -> Spans:
    """Spans made of any [start, end) pairs in any order: overlapping and touching ones become one, empty ones go."""
    rows = np.asarray(pairs if isinstance(pairs, np.ndarray) else list(pairs), dtype=np.int64).reshape(-1, 2)
    rows = rows[rows[:, 1] > rows[:, 0]]
    if len(rows) < 2:
        return rows
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    reach = np.maximum.accumulate(rows[:, 1])
    first = np.concatenate(([True], rows[1:, 0] > reach[:-1]))
    last = np.concatenate((first[1:], [True]))
    return np.stack((rows[first, 0], reach[last]), axis=1)


def united(a: Spans, b: Spans) -> Spans:
    """Time that lies in either."""
    return spans(np.concatenate((a, b))) if len(b) else a


def total(a: Spans) -> int:
    """Milliseconds in all spans together."""
    return int((a[:, 1] - a[:, 0]).sum())


def time_before(a: Spans, moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Milliseconds of `a` that lie before each of `moments` (ms, any shape)."""
    sums = np.concatenate(([0], np.cumsum(a[:, 1] - a[:, 0])))
    at = np.searchsorted(a[:, 0], moments, side="right")
    ends = np.concatenate(([0], a[:, 1]))
    return sums[at] - np.where(at, np.maximum(ends[at] - moments, 0), 0)


def _sweep(a: Spans, b: Spans, both: bool) -> Spans:
    """Where a and b hold (both) or a holds and b does not, found by one walk over all the edges in order."""
    edges = np.concatenate((a.ravel(), b.ravel()))
    order = np.argsort(edges, kind="stable")
    edges = edges[order]
    turns = 1 - 2 * (order & 1)  # starts stand at even places, ends at odd ones
    of_a = order < 2 * len(a)
    in_a, in_b = np.cumsum(turns * of_a) > 0, np.cumsum(turns * ~of_a) > 0
    inside = in_a & (in_b if both else ~in_b)
    changes = np.flatnonzero(np.diff(inside, prepend=False))
    rows = edges[changes].reshape(-1, 2)
    return rows[rows[:, 1] > rows[:, 0]]


def intersect(a: Spans, b: Spans) -> Spans:
    """Time that lies in both."""
    return _sweep(a, b, both=True)


def subtract(a: Spans, b: Spans) -> Spans:
    """Time that lies in a and not in b."""
    return _sweep(a, b, both=False)
