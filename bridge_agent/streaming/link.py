"""From when to when the room's stream was up: what becomes link records. Pure; times are ms of the boot-time clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from models.presence import CUT_MS

SUSPENDED_MS: Final = 10_000
"""While the stream is up the relay reports every second: only a PC that slept leaves more than this."""

LinkEnd = Literal["line_lost", "no_picture", "crashed", "stopped", "suspended", "cut"]
"""Why it ended: the line or the server was lost; no picture came to be sent; the streaming process died; the agent or
the session was ended; the PC slept; or it goes on in the next record."""


@dataclass(frozen=True, slots=True)
class LinkInterval:
    """The stream was up from `start` to `end`."""

    start: int
    end: int
    ended_by: LinkEnd


class OpenLink(msgspec.Struct, frozen=True):
    """A stream that is up: since when, and until when it is known to have been."""

    start: int
    last: int


class LinkRecorder:
    """Turns signs that the stream is up into intervals, cut every ten minutes as coverage is."""

    def __init__(self) -> None:
        self.open: OpenLink | None = None
        self.since: int | None = None
        """Since when it is up without a break, cuts not counted."""

    def up(self, at: int) -> list[LinkInterval]:
        """The stream was up at `at`."""
        closed: list[LinkInterval] = []
        if self.open is not None and at - self.open.last > SUSPENDED_MS:
            closed = self.down("suspended")
        if self.open is None:
            self.open, self.since = OpenLink(at, at), at
            return closed
        self.open = OpenLink(self.open.start, max(at, self.open.last))
        if self.open.last - self.open.start >= CUT_MS:
            closed.append(LinkInterval(self.open.start, self.open.last, "cut"))
            self.open = OpenLink(self.open.last, self.open.last)
        return closed

    def down(self, ended_by: LinkEnd) -> list[LinkInterval]:
        """It is no longer up: it was until it was last told to be."""
        if self.open is None:
            return []
        closed = [LinkInterval(self.open.start, self.open.last, ended_by)]
        self.open = self.since = None
        return closed
