"""Two loops: caring for the PC, and telling the server every 30 s how all is. What fails here costs no attendance."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bridge_agent.alarms import Alarms
from bridge_agent.courier import Courier
from bridge_agent.errors import AgentError
from bridge_agent.health import care
from bridge_agent.health.awake import Lock
from bridge_agent.health.care import Care
from bridge_agent.health.lights import Situation, lights
from bridge_agent.journal import Journal
from bridge_agent.plan import Plan
from bridge_agent.recordings import Recordings
from bridge_agent.server import ASKED_S, Server
from bridge_agent.server_clock import Clocks
from bridge_agent.supervisor import TURN_S, turns
from models.health import EVERY_S, Health, Machine, Restarts

CARE_S: Final = 10.0
NEAR_MS: Final = 3_600_000
"""From an hour before a class on the technician prepares it: the PC stays awake and plugged in."""


@dataclass(frozen=True, slots=True)
class ThisPc:
    """The PC: how it is read (in a thread, it takes milliseconds), and how it is kept awake."""

    read: Callable[[], Machine]
    awake: Lock


@dataclass(frozen=True, slots=True)
class Around:
    """What health needs of the agent."""

    server: Server
    courier: Courier
    recordings: Recordings
    plan: Plan
    situation: Callable[[], Situation]
    alarms: Alarms
    journal: Journal
    clocks: Clocks
    pc: ThisPc


class HealthWatch:
    """How this agent is."""

    def __init__(self, around: Around) -> None:
        self._around = around
        self._care = Care()
        self._began = around.clocks.boot()
        self._machine = around.pc.read()
        self._kept_awake = False
        self.awake: bool | None = None
        """Whether the PC is kept from sleeping; None while no class is near."""
        self._version = importlib.metadata.version("diemdanh")
        self._system = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"[:80]

    def now(self) -> Health:
        """How it is now; of the PC, as of the last reading."""
        around, recording = self._around, self._around.recordings.current
        at, situation = around.recordings.now(), around.situation()
        ahead = at - around.clocks.wall()
        return Health(
            at=at,
            version=self._version,
            system=self._system,
            up_ms=around.clocks.boot() - self._began,
            session=None if recording is None else recording.session,
            lights=lights(situation),
            waiting=situation.waiting,
            oldest_ms=situation.oldest_ms,
            machine=self._machine,
            restarts=tuple(
                Restarts(process=name, count=lost.count, last_at=lost.at + ahead, reason=lost.reason[:120])
                for name, lost in sorted(around.journal.losses.items())[:32]
            ),
        )

    async def telling(self) -> None:
        """Tell the server, until cancelled. That it is away has its own alarm."""
        while True:
            try:
                turns(EVERY_S + ASKED_S + TURN_S)
                await self._around.server.send_health(self.now())
            except AgentError as error:
                self._around.journal.note("health_not_told", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def caring(self) -> None:
        """Look after the PC, until cancelled."""
        pause = 1.0  # soon after the start, when the plan has come; then seldom
        try:
            while True:
                turns()
                await self.read()
                turns(CARE_S + TURN_S)
                await asyncio.sleep(pause)
                pause = min(CARE_S, 2 * pause)
        finally:
            self._around.pc.awake.release()

    @property
    def machine(self) -> Machine:
        """The PC at the last reading."""
        return self._machine

    async def read(self) -> Machine:
        """Read the PC now."""
        self._machine = await asyncio.to_thread(self._around.pc.read)
        self.look(self._machine)
        return self._machine

    def look(self, machine: Machine) -> None:
        """Take a reading in: alarms, and whether the PC may sleep."""
        alarms, near = self._around.alarms, self._class_near()
        faults = self._care.faults(machine, class_near=near)
        for name in care.NAMES:
            if name in faults:
                alarms.set(name, *faults[name])
            else:
                alarms.clear(name)
        self._keep_awake(near)

    def _class_near(self) -> bool:
        now = self._around.recordings.now()
        coming = self._around.plan.soonest(now)
        return self._around.recordings.current is not None or (coming is not None and coming.start - now <= NEAR_MS)

    def _keep_awake(self, near: bool) -> None:
        if near:
            # Again each time: the program that holds it may have been ended.
            self.awake = self._around.pc.awake.take()
            if not self._kept_awake:
                self._around.journal.note("kept_awake", held=self.awake)
        elif self._kept_awake:
            self._around.pc.awake.release()
            self.awake = None
            self._around.journal.note("may_sleep")
        self._kept_awake = near
