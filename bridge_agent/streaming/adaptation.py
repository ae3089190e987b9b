"""How much the line carries: a ladder of rates, gone down when receiver reports are bad and up again slowly. Pure.

Loss alone tells of a bad line late, when the queue before it has overflowed; so a round trip that grows counts too.
What a report says in between (some loss, some delay) changes nothing: retransmission mends it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

HEAVY: Final = 0.10
"""Share of packets lost from which the rate is too high, as Google's congestion control has it
(draft-ietf-rmcat-gcc-02, section 6)."""
CALM: Final = 0.02
"""Up to here the line is good, as there."""
SLOW_S: Final = 0.25
"""A round trip that is longer by this than the shortest of late: a queue has built up."""
REPORTS: Final = 2
"""So many bad reports in a row (they come every second) make a step down."""
REST_S: Final = 3.0
"""After a step the reports still tell of the rate before it."""
HOLD_S: Final = 10.0
"""So long a line has been good before a step up is tried; when it fails, twice as long the next time."""
LONGEST_HOLD_S: Final = 120.0
PROVEN_S: Final = 30.0
"""A step up that lasts this long has not failed."""
MEMORY: Final = 60
"""Reports whose shortest round trip is the line's own."""

_LADDER: Final = ((1.0, 1.0), (2 / 3, 1.0), (2 / 5, 2 / 3), (1 / 4, 1 / 2), (1 / 8, 1 / 3))
"""Shares of kbit/s and of frames a second: first the picture gets coarser, then it also moves less often."""
LEAST_KBIT_S: Final = 100
LEAST_FPS: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """What a receiver report says. at: seconds of a steady clock."""

    at: float
    lost: float
    """Share of packets lost since the report before (RFC 3550's fraction lost)."""
    round_trip_s: float | None = None
    jitter_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of the ladder."""

    kbit_s: int
    fps: int


def ladder(kbit_s: int, fps: int) -> tuple[Step, ...]:
    """The rates from the full one down."""
    return tuple(
        Step(max(min(kbit_s, LEAST_KBIT_S), round(kbit_s * rate)), max(min(fps, LEAST_FPS), round(fps * frames)))
        for rate, frames in _LADDER
    )


class Adaptation:
    """One line. Survives new connections on it: what it did not carry before, it is not offered at once again."""

    def __init__(self, kbit_s: int, fps: int) -> None:
        self.steps = ladder(kbit_s, fps)
        self.place = 0
        self._bad = 0
        self._good_since: float | None = None
        self._stepped_at = float("-inf")
        self._raised_at = float("-inf")
        self._hold = HOLD_S
        self._trips: deque[float] = deque(maxlen=MEMORY)

    @property
    def step(self) -> Step:
        """The present rate."""
        return self.steps[self.place]

    def report(self, report: Report) -> bool:
        """Take in a receiver report; whether the step is another now."""
        bad, good = self._judged(report)
        if report.at - self._stepped_at < REST_S:
            return False
        if self._raised_at > float("-inf") and report.at - self._raised_at > PROVEN_S:
            self._hold, self._raised_at = HOLD_S, float("-inf")
        self._bad = self._bad + 1 if bad else 0
        if not good:
            self._good_since = None
        elif self._good_since is None:
            self._good_since = report.at
        if self._bad >= REPORTS:
            return self._down(report.at)
        if self._good_since is not None and report.at - self._good_since >= self._hold:
            return self._up(report.at)
        return False

    def lost_line(self, at: float) -> bool:
        """The connection died: the next begins a step lower, as the line may be full; whether that is another."""
        return self._down(at)

    def _judged(self, report: Report) -> tuple[bool, bool]:
        slow = False
        if report.round_trip_s is not None:
            self._trips.append(report.round_trip_s)
            slow = report.round_trip_s + report.jitter_s - min(self._trips) > SLOW_S
        return report.lost >= HEAVY or slow, report.lost <= CALM and not slow

    def _down(self, at: float) -> bool:
        if at - self._raised_at <= PROVEN_S:
            self._hold = min(LONGEST_HOLD_S, self._hold * 2)
        self._raised_at = float("-inf")
        self._settle(at)
        if self.place == len(self.steps) - 1:
            return False
        self.place += 1
        return True

    def _up(self, at: float) -> bool:
        self._settle(at)
        if self.place == 0:
            return False
        self.place -= 1
        self._raised_at = at
        return True

    def _settle(self, at: float) -> None:
        self._bad, self._good_since, self._stepped_at = 0, None, at
