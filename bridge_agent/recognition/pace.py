"""How often the room is looked at: as asked for, and less often where the PC is too slow for that. Pure.

The interval is stretched step by step while looks take more than their share of it, or frames come late because capture
is short of time, and comes back step by step when there is time again. It never exceeds SLOWEST_MS, so that everybody
is verified again within 10 s, also who looked aside once.
"""

from __future__ import annotations

from typing import Final

SLOWEST_MS: Final = 4_500
"""Twice this, and the moment that a slow PC is late by, are under 10 s. With 5 s 10.07 were measured (decision 19)."""
GONE_MS: Final = 5_000
"""No frame, or nobody who looked at one, for longer: the room was not watched in between."""
STEP: Final = 1.5
SHARE: Final = 0.7
"""A look may take this part of the interval: the rest is for capture, the stream and whatever else the PC does."""
_EASY: Final = 0.5
"""Looks that take at most this part of the shorter interval may come that often again."""
LATE_MS: Final = 700
"""A frame that is older than this when it arrives: capture does not keep up. A camera's newest is under 200 ms old."""
_SLOW_LOOKS, _EASY_LOOKS = 2, 6
"""So many in a row, so that one hiccup changes nothing and the interval does not swing."""


def longest_pause(sweep_ms: int) -> int:
    """The longest time, ms, between two looks in which the room still counts as watched, where one is due every
    `sweep_ms`: on a slow PC one look may be left out. With SLOWEST_MS it keeps within the same 10 s.
    """  # fmt: skip
    return max(GONE_MS, 2 * sweep_ms)


class SweepPace:
    """The time between two looks, ms. `asked`: the shortest, as the settings want it."""

    def __init__(self, asked: int) -> None:
        self._asked = asked
        self._steps = 0
        self._slow = self._easy = 0

    @property
    def interval(self) -> int:
        """The time between two looks now, ms."""
        return self._at(self._steps)

    def looked(self, took_ms: float, late_ms: float) -> int:
        """Take in that a look took `took_ms`, on a frame `late_ms` old when it came; the interval from now on."""
        late = late_ms > LATE_MS
        if late or took_ms > SHARE * self.interval:
            self._slow, self._easy = self._slow + 1, 0
        elif self._steps and took_ms <= _EASY * self._at(self._steps - 1):
            self._slow, self._easy = 0, self._easy + 1
        else:
            self._slow = self._easy = 0
        if self._slow >= _SLOW_LOOKS and self.interval < SLOWEST_MS:
            self._steps, self._slow = self._steps + 1, 0
        elif self._easy >= _EASY_LOOKS:
            self._steps, self._easy = self._steps - 1, 0
        return self.interval

    def _at(self, steps: int) -> int:
        return max(self._asked, min(SLOWEST_MS, round(self._asked * STEP**steps)))
