"""How many people are in the room, minute by minute: sweeps in, a record's numbers out. Pure; time is passed in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge_agent.recognition.events import Sweep

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Counted:
    """The sweep with the most people from `start` to `end` (boot-time clock, ms)."""

    start: int
    end: int
    people: int
    known: int
    unknown: int


class Headcount:
    """Counts while the room is watched. `now`: the newest sweep, None while nothing is watched."""

    def __init__(self) -> None:
        self.now: Sweep | None = None
        self._minute: Counted | None = None

    @property
    def people(self) -> int:
        """People in view now: faces, and learners whose track goes on without one."""
        return 0 if self.now is None else max(self.now.faces, self.now.known + self.now.unknown)

    def sweep(self, sweep: Sweep) -> Counted | None:
        """Take in a look at the watched room; returns a minute that is over."""
        minute, over = self._minute, None
        if minute is not None and sweep.at - minute.start >= MINUTE_MS:
            minute, over = None, minute
        self.now = sweep
        if minute is None:
            self._minute = Counted(over.end if over else sweep.at, sweep.at, self.people, sweep.known, sweep.unknown)
        elif self.people > minute.people:
            self._minute = Counted(minute.start, sweep.at, self.people, sweep.known, sweep.unknown)
        else:
            self._minute = replace(minute, end=sweep.at)
        return over

    def end(self) -> Counted | None:
        """The room is not watched any more: the minute that was being counted."""
        minute, self._minute, self.now = self._minute, None, None
        return minute
