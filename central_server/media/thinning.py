"""When a viewer's line is too slow for a stream: it then gets key frames only, until the line has rested. Pure."""

from __future__ import annotations

from central_server.media.packets import after

HEAVY = 0.25
"""Share of packets lost in a viewer's report from which the line does not carry the stream: 10 % is bad luck that
retransmission mends, a quarter is a queue that overflows."""
REPORTS = 3
"""So many heavy reports in a row (about 1 s apart) make it slow."""
REST_S = 10.0
"""For so long only key frames are sent; then the whole stream is tried again, and each time it fails twice as long."""
LONGEST_S = 80.0
AGAIN_TOO_S = 20.0
"""Failing this soon after a try is the same trouble still."""


class Passed:
    """What was passed to one viewer since its last report: what the publisher's line lost, the viewer's did not."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._reported: int | None = None
        self._count = 0

    def passed(self, number: int) -> None:
        """A packet was sent for the first time, under this number (16 bits)."""
        self._count += 1
        if self._highest is None or after(number, self._highest) > 0:
            self._highest = number

    def own_share(self, lost: float) -> float:
        """The share of what was passed that its own line lost. lost: as it reported, of all numbers."""
        first, highest, count = self._reported, self._highest, self._count
        self._reported, self._count = highest, 0
        if first is None or highest is None or count == 0:
            return lost
        numbers = after(highest, first)
        return min(1.0, max(0.0, (lost * numbers - max(0, numbers - count)) / count))


class Thinning:
    """One viewer's line."""

    def __init__(self) -> None:
        self._heavy = 0
        self._until = float("-inf")
        self._rest = REST_S

    def thin(self, now: float) -> bool:
        """Whether only key frames are to be sent now."""
        return now < self._until

    def lost(self, share: float, now: float) -> None:
        """Its line lost that share of packets (0 to 1) since the viewer's last report."""
        if self.thin(now):
            return
        self._heavy = self._heavy + 1 if share >= HEAVY else 0
        if self._heavy >= REPORTS:
            self._heavy = 0
            self._rest = min(LONGEST_S, self._rest * 2) if now - self._until < AGAIN_TOO_S else REST_S
            self._until = now + self._rest
