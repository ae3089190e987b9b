"""Between which moments the server's receipts let a record have been made, whatever its own clock says. Pure.

A log is written in order and acknowledged batch by batch. What comes in a later batch than a record of 11:00 was made
after 11:00, and before the server received it. What an agent recorded offline comes late, but in order: that is wide
brackets and no contradiction. A record that tells of 08:30 behind an acknowledged one of 11:00 is one put in later, or
the trace of a fault that a person should know of. Within one batch the server is no witness of the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.clock_trust import SKEW_UNTRUSTED_MS
from models.participation import FAR
from models.presence import CUT_MS

Misfit = Literal["backdated", "ahead"]
"""A record tells of a time before anything it can have been made after, or of one later than it was received."""

SLACK_MS = SKEW_UNTRUSTED_MS
"""Clocks may be off by so much before their times are doubted; closing an interval (15 s) and sending lie within."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """A record was made after one moment and before another (server time, ms)."""

    after: int
    before: int

    def misfit(self, start: int, end: int) -> Misfit | None:
        """What is wrong with a record that tells of start to end.

        An agent closes every interval after CUT_MS at the latest: one that began long before it was closed is none of
        its making.
        """
        if end < self.after - SLACK_MS or start < self.after - SLACK_MS - CUT_MS:
            return "backdated"
        return "ahead" if end > self.before + SLACK_MS else None


class LogOrder:
    """One log, walked in the order of its records. since: nothing in it can have been made earlier (ms)."""

    def __init__(self, since: int = -FAR) -> None:
        self.since = since
        """The latest time told by what was acknowledged before the batch at hand."""
        self.newest = since
        """The same with the batch at hand."""
        self._received: int | None = None

    def acknowledged(self, moment: int) -> None:
        """Something that tells of this moment had come before the next record."""
        self.since, self.newest = max(self.since, moment), max(self.newest, moment)

    def acknowledged_before(self, moment: int) -> int:
        """The latest time told by what had come before this moment."""
        return self.since if self._received == moment else self.newest

    def place(self, end: int | None, received: int) -> Bracket:
        """The bracket of the next record. end: of what it tells; None when nobody knows. received: with its batch."""
        if received != self._received:
            self.since, self._received = max(self.since, self.newest), received
        if end is not None:
            self.newest = max(self.newest, min(end, received))
        return Bracket(self.since, received)
