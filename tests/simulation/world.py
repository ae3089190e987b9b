"""One history: twenty agents, a server and a network play the faults of a seed; then all gets well and is checked."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from contextvars import Context
from pathlib import Path

from bridge_agent import identity
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import AgentError
from bridge_agent.server import Server
from bridge_agent.server_clock import Clocks, ServerClock
from central_server.bridge_points.joining import make_token
from central_server.bridge_points.rotation import revoke
from central_server.errors import UnavailableError
from tests.simulation import script
from tests.simulation.central import EPOCH, Central
from tests.simulation.disk import Disks, PcDisk
from tests.simulation.faults import Faults, PcEvent, ServerEvent, draw
from tests.simulation.history import History
from tests.simulation.loop import SimulatedLoop
from tests.simulation.network import Line, Network
from tests.simulation.pc import KEYS, URL, Pc, Setting, WitnessedLog

WELL_AT = script.DAYS * script.DAY_S
MONTH_S = 33 * script.DAY_S
DRAIN_S = 700.0
"""An agent that waits longest asks again after ten minutes."""


class World:
    """Everything of one seed. `log`: the agents' log, which may be a broken one, for tests of the tests."""

    def __init__(
        self,
        seed: int,
        loop: SimulatedLoop,
        disks: Disks,
        folder: Path,
        portraits: Path,
        *,
        log: type[WitnessedLog] = WitnessedLog,
        loud: bool = False,
    ) -> None:
        self.loop, self.folder = loop, folder
        self.history = History(loop, loud=loud)
        self.faults: Faults = draw(self._rng(seed, "faults"))
        self._disks, self._portraits, self._seed = disks, portraits, seed
        self.central = Central(loop, folder / "server", self._disk("server"), self.history)
        self.network = Network(loop, self.central, self.history, self._rng(seed, "network"))
        self._setting = Setting(loop, self.network, self.history, log)
        self.pcs: dict[str, Pc] = {}
        self.revoked_at: int | None = None
        for point in range(script.POINTS):
            self._add_pc(script.code(point), point, script.room(point, self._rng(seed, f"room {point}")))
        self._backup: Path | None = None
        self.restored = False

    @staticmethod
    def _rng(seed: int, what: str) -> random.Random:
        return random.Random(f"{seed} {what}")

    def _disk(self, name: str) -> PcDisk:
        disk = PcDisk(self.folder / name, self._rng(self._seed, f"disk {name}"))
        self._disks.add(disk)
        return disk

    def _add_pc(self, name: str, point: int, room: script.Room) -> Pc:
        portraits = self._portraits / script.code(point)
        pc = Pc(self._setting, name, point, room, self._disk(name), portraits, self._rng(self._seed, f"pc {name}"))
        self.pcs[name] = pc
        return pc

    async def play(self) -> None:
        """Live through all of it."""
        await self.central.start()
        scripts: list[Callable[[], Awaitable[None]]] = [self._play_server, self._play_night]
        if self.faults.revoked:
            scripts.append(self._play_revocation)
        tasks = [self.loop.create_task(_run(one), context=Context()) for one in scripts]
        tasks += [
            self.loop.create_task(self._play_pc(self.pcs[script.code(point)], events), context=Context())
            for point, events in self.faults.pcs.items()
        ]
        await asyncio.gather(*tasks)

    # PCs

    async def _play_pc(self, pc: Pc, events: list[PcEvent]) -> None:
        for event in events:
            await self._until(event.at)
            await self._happens(pc, event)

    async def _happens(self, pc: Pc, event: PcEvent) -> None:
        what = event.what
        if what != "on" and not pc.on:
            return
        self.history.tell(pc.name, "fault", what, round(event.seconds), event.number)
        match what:
            case "on":
                pc.switch_on()
            case "off":
                await pc.shut_down()
            case "cut":
                await pc.crash(power=True)
            case "power" | "kill":
                await pc.crash(power=what == "power")
                await asyncio.sleep(event.seconds)
                pc.switch_on()
            case "fuse":
                pc.disk.fuse = event.number
                await asyncio.sleep(event.seconds)
                if not pc.disk.gone:
                    pc.disk.fuse = None
                pc.switch_on()
            case "full" | "errors":
                pc.disk.trouble = what
                pc.trouble_until = max(pc.trouble_until, self.loop.now + event.seconds + 5)
                await asyncio.sleep(event.seconds)
                pc.disk.trouble = "none"
            case "sleep":
                pc.suspend(event.seconds)
            case "clock":
                true = EPOCH + round(self.loop.now * 1000)
                pc.wrong = pc.wrong + event.number if event.number else -true + round(self.loop.now % 1000)
            case "away":
                self.network.away_until[pc.name] = self.loop.now + event.seconds * 2
            case "restart":
                await pc.shut_down()
                pc.switch_on()

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self.loop.now))

    # The server

    async def _play_server(self) -> None:
        for event in self.faults.server:
            await self._until(event.at)
            self.history.tell("server", "fault", event.what, round(event.seconds), event.number)
            await self._happens_to_server(event)

    async def _happens_to_server(self, event: ServerEvent) -> None:
        central = self.central
        match event.what:
            case "power" | "kill":
                await central.crash(power=event.what == "power")
                await asyncio.sleep(event.seconds)
            case "fuse":
                central.disk.fuse = event.number
                await asyncio.sleep(event.seconds)
                if not central.disk.gone:
                    central.disk.fuse = None
            case "restart":
                await central.stop()
            case "away":
                self.network.away_until[""] = self.loop.now + event.seconds
            case "backup":
                if central.up:
                    self._backup = self.folder / "copy"
                    central.back_up(self._backup)
            case "restore":
                await central.crash(power=True)
                if self._backup is not None:
                    central.restore(self._backup)
                    self.restored = True
                await asyncio.sleep(event.seconds)
        await central.start()

    async def _play_night(self) -> None:
        """What is done while all PCs are off."""
        await self._until(script.DAY_S - 1800)
        for point in self.faults.damaged:
            pc = self.pcs[script.code(point)]
            if not pc.on and (pc.disk.folder / "log.db").exists():
                _damage(pc.disk.folder / "log.db", self._rng(self._seed, f"damage {point}"))
                pc.damaged = True
                self.history.tell(pc.name, "damaged")
        if self.faults.forked is not None:
            pc = self.pcs[script.code(self.faults.forked)]
            if pc.on:
                await pc.shut_down()
            pc.disk.settle()
            shutil.copytree(pc.disk.folder, self.folder / f"{pc.name}-copy")
            twin = self._add_pc(f"{pc.name}-copy", pc.point, pc.room)
            twin.promises.lines = {log: list(lines) for log, lines in pc.promises.lines.items()}
            self.history.tell(twin.name, "copied")
            await self._until(script.DAY_S + 20)
            twin.switch_on()
            await self._until(script.DAY_S + 140)
            await twin.shut_down()

    async def _play_revocation(self) -> None:
        """A PC's key is revoked; soon another PC stands there and joins."""
        assert self.faults.revoked is not None
        point, at = self.faults.revoked
        await self._until(at)
        while True:
            try:
                self.revoked_at = self.central.now()
                await self.central.do(revoke(script.code(point), self.revoked_at))
                token = (await self.central.do(make_token(script.code(point), self.central.now()))).token
                break
            except UnavailableError:
                await asyncio.sleep(3)
        self.history.tell("server", "revoked", script.code(point))
        old = self.pcs[script.code(point)]
        await asyncio.sleep(20)
        await old.shut_down()
        name = f"{old.name}-new"
        (self.folder / name).mkdir()
        while True:
            clock = ServerClock(Clocks(old.wall, lambda: round(self.loop.now * 1000), "join"))
            async with Server(URL, clock, transport=Line(self.network, name)) as server:
                try:
                    await identity.join(DataFolder(self.folder / name), KEYS, server, token)
                    break
                except AgentError as error:
                    self.history.tell(name, "did not join", type(error).__name__)
            await asyncio.sleep(3)
        new = self._add_pc(name, point, old.room)
        new.switch_on()
        await self._until(script.DAY_S + 145)
        await new.shut_down()

    # In the end

    async def get_well(self) -> None:
        """No more faults: everything is switched on, and what waits is sent."""
        for pc in self.pcs.values():
            await pc.shut_down()
        await self._until(WELL_AT + (MONTH_S if self.faults.pruned else 0))
        self.history.tell("all", "well")
        self.network.well = True
        self.network.away_until.clear()
        await self.network.settle()
        self.central.disk.fuse = None
        await self.central.start()
        for pc in self.pcs.values():
            pc.disk.trouble, pc.disk.fuse = "none", None
            pc.switch_on()


def _damage(path: Path, rng: random.Random) -> None:
    """Some bytes of a file are not what was written."""
    data = bytearray(path.read_bytes())
    start = rng.randrange(len(data))
    for place in range(start, min(len(data), start + rng.randint(1, 600))):
        data[place] = rng.randrange(256)
    path.write_bytes(data)


async def _run(what: Callable[[], Awaitable[None]]) -> None:
    await what()
