"""What is up in a session's rooms, and how long each spoke: kept in memory from what the relay tells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.wire import Source

KEPT_MS = 24 * 3_600_000
"""Voice activity older than this is forgotten: whoever needs it has written it down."""


@dataclass(frozen=True, slots=True)
class RoomMedia:
    """A room's streams now."""

    sources: Mapping[Source, int]
    """The sources that are up, and since when (server time, ms)."""
    viewers: int = 0
    """Of all its sources together."""
    speaking: bool = False
    """Whether there is voice in its `sound` now, let to be heard or not."""


@dataclass(slots=True)
class Voice:
    """When a room spoke: half-open spans of server time (ms), in order."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """Add a span that begins no earlier than the last one began; touching and overlapping spans become one."""
        if self.ends and start <= self.ends[-1]:
            self.ends[-1] = max(self.ends[-1], end)
            return
        self.starts.append(start)
        self.ends.append(end)
        old = bisect_left(self.ends, end - KEPT_MS)
        if old > 100:  # not at every span: a list moves all its items
            del self.starts[:old], self.ends[:old]

    def within(self, start: int, end: int) -> int:
        """Milliseconds of voice between two moments."""
        first = bisect_left(self.ends, start)
        last = bisect_left(self.starts, end)
        return sum(
            max(0, min(self.ends[i], end) - max(self.starts[i], start)) for i in range(first, last)
        )  # fmt: skip
