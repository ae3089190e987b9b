"""Rounding by which a row still adds up: the largest remainders are rounded up (Hamilton's method). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from models.participation import Participation, Totals

MINUTE_MS = 60_000


class Shown(NamedTuple):
    """A learner's time in the unit in which it is shown; seen + not seen + not observed = scheduled."""

    seen: int
    not_seen: int
    not_observed: int
    scheduled: int


def rounded(parts: Sequence[int], unit: int) -> list[int]:
    """Each part in whole units, less than one unit off; their sum is the sum of the parts in full units."""
    out = [part // unit for part in parts]
    missing = sum(parts) // unit - sum(out)
    by_remainder = sorted(range(len(parts)), key=lambda at: (-(parts[at] % unit), at))
    for at in by_remainder[:missing]:
        out[at] += 1
    return out


def shown(part: Participation | Totals, unit: int = MINUTE_MS) -> Shown:
    """A participation in whole `unit`s (ms)."""
    seen, not_seen, not_observed = rounded((part.seen_ms, part.not_seen_ms, part.not_observed_ms), unit)
    return Shown(seen, not_seen, not_observed, seen + not_seen + not_observed)
