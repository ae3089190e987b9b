"""What goes wrong in a history, drawn from its seed before it begins. Times in seconds of the simulation."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from tests.simulation.script import DAY_S, DAYS, POINTS

PcFault = Literal["power", "kill", "fuse", "full", "errors", "sleep", "clock", "away", "restart"]
ServerFault = Literal["power", "kill", "fuse", "restart", "away", "restore"]
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
_PC: dict[PcFault, float] = {
    "power": 0.12, "kill": 0.08, "fuse": 0.1, "full": 0.08, "errors": 0.08, "sleep": 0.08, "clock": 0.15, "away": 0.12,
    "restart": 0.05,
}  # fmt: skip
"""How likely each is on a day of a PC that is on."""
_SERVER: dict[ServerFault, float] = {
    "power": 0.2, "kill": 0.15, "fuse": 0.15, "restart": 0.1, "away": 0.15, "restore": 0.2
}  # fmt: skip
EVENING = (128.0, 140.0)
"""When PCs are switched off."""
MOVES_MS = (HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS, 3_000, -3_000)


@dataclass(frozen=True, slots=True)
class PcEvent:
    """Something that happens to a PC. seconds: how long it lasts."""

    at: float
    what: PcFault | Literal["on", "off", "cut"]
    seconds: float = 0.0
    number: int = 0
    """Of `fuse`: operations until the power goes. Of `clock`: by how many ms the wall clock moves, 0 for to 1970."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Something that happens to the server."""

    at: float
    what: ServerFault | Literal["backup"]
    seconds: float = 0.0
    number: int = 0


@dataclass(frozen=True, slots=True)
class Faults:
    """All that goes wrong."""

    pcs: dict[int, list[PcEvent]]
    server: list[ServerEvent]
    damaged: tuple[int, ...] = ()
    """PCs whose log file is damaged in the night."""
    forked: int | None = None
    """The PC whose data folder a technician copies to another PC in the night; both run from then on."""
    revoked: tuple[int, float] | None = None
    """The PC whose key the administrator revokes, and when; another PC joins in its place."""
    pruned: bool = False
    """All is well again only after a month: what was acknowledged is let go."""


def draw(rng: random.Random) -> Faults:
    """The faults of one history."""
    pcs = {point: [event for day in range(DAYS) for event in _pc_day(day * DAY_S, rng)] for point in range(POINTS)}
    server = [ServerEvent(DAY_S - 3600, "backup")]
    if rng.random() < 0.3:
        server.append(ServerEvent(rng.uniform(10, 120), "backup"))
    for day in range(DAYS):
        for what, chance in _SERVER.items():
            if rng.random() < chance and (what != "restore" or day):
                at = day * DAY_S + rng.uniform(5, 130)
                server.append(ServerEvent(at, what, rng.uniform(1, 30), rng.randint(1, 40)))
    server.sort(key=lambda one: one.at)
    restored = any(one.what == "restore" for one in server)
    special = rng.sample(range(4, POINTS), 4)
    damaged = tuple(special[:2]) if rng.random() < 0.25 else ()
    forked = special[2] if rng.random() < 0.3 else None
    revoked = (special[3], DAY_S + rng.uniform(5, 100)) if rng.random() < 0.3 and not restored else None
    return Faults(pcs, server, damaged, forked, revoked, pruned=rng.random() < 0.3)


def _pc_day(day: float, rng: random.Random) -> list[PcEvent]:
    if rng.random() < 0.3:
        return []  # it stays off
    on = day + (rng.uniform(25, 90) if rng.random() < 0.15 else rng.uniform(0, 25))
    events = [PcEvent(on, "on")]
    for what, chance in _PC.items():
        if rng.random() < chance:
            seconds = 600.0 if what == "sleep" and rng.random() < 0.5 else rng.uniform(3, 40)
            number = rng.choice((*MOVES_MS, 0)) if what == "clock" else rng.randint(1, 60)
            events.append(PcEvent(rng.uniform(on, day + EVENING[0]), what, seconds, number))
    events.append(PcEvent(day + rng.uniform(*EVENING), "off" if rng.random() < 0.7 else "cut"))
    return sorted(events, key=lambda one: one.at)
