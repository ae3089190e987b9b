"""The page of the day, as the desk's view carries it: what stands, what is planned, what is left to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from bridge_agent.alarms import Fault
from bridge_agent.health.checklist import Check
from bridge_agent.health.lights import about_people, part_of
from bridge_agent.health.remedies import QUIET, Remedy, remedy
from models.health import Light, Machine, Part, State


@dataclass(frozen=True, slots=True)
class Shown:
    """A fault with its part (None: about people), how bad it is, and what can be pressed.

    quiet: no alarm stands; the part's light alone says it.
    """

    fault: Fault
    part: str | None
    state: State
    remedy: Remedy
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What was recorded of a session that is over: its records end at `seq` of this PC's log.

    watched_ms: for so long the room was watched.
    """

    seq: int
    records: int
    learners: int
    """Who checked in."""
    watched_ms: int


@dataclass(frozen=True, slots=True)
class Planned:
    """A session of the day. kept: what was recorded, once it is sealed; left: its records that wait to be sent."""

    session: str
    course: str
    title: str
    start: int
    end: int
    learners: int
    is_over: bool = False
    kept: Kept | None = None
    left: int = 0

    def over(self, kept: Kept | None, left: int) -> Planned:
        """It is over."""
        return replace(self, is_over=True, kept=kept, left=left)


@dataclass(frozen=True, slots=True)
class DayView:
    """How this bridge point stands today. Times: server wall time, ms."""

    lights: tuple[Light, ...]
    faults: tuple[Shown, ...]
    sessions: tuple[Planned, ...]
    checks: tuple[Check, ...]
    waiting: int
    """Records that the server does not hold."""
    oldest_at: int | None
    """When the oldest of them was made."""
    machine: Machine | None
    heard_at: int | None
    """When the server answered last, to the minute."""
    faces: int
    """Learners of the session of whom a face is known."""

    @property
    def by_part(self) -> dict[str, Light]:
        """The lights by part."""
        return {light.part: light for light in self.lights}


def faults_of(standing: tuple[Fault, ...], lights: tuple[Light, ...]) -> tuple[Shown, ...]:
    """All that stands, the worst first and each before what follows from it, people last."""
    shown = [
        Shown(fault, None if about_people(fault.name) else part, state, remedy(fault.name))
        for fault in standing
        for part, state in (part_of(fault.name),)
    ]
    told = {one.part for one in shown}
    shown += [
        Shown(Fault(light.part, light.vi, light.en), light.part, light.severity, QUIET[light.part], quiet=True)
        for light in lights
        if light.vi and light.part not in told and light.part in QUIET
    ]
    order = (*get_args(Part), None)
    return tuple(sorted(shown, key=lambda one: (one.part is None, one.state != "bad", order.index(one.part))))
