"""The agent's own process through eight hours of class, or a week without one, in fast time.

All of it is real: its loops, log, journal, threads and children, its pages with a browser's connections, the server on
the other side. Played are the room (tests.soak.room) and the people: a technician whose page is loaded anew every few
minutes, learners at the kiosk and by PIN, a monitoring program.

`python -m tests.soak.agent` runs in a process of its own and prints a line of JSON (gauge.Sample) now and then.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

import httpx
import msgspec
import psutil

from bridge_agent import identity, supervisor
from bridge_agent.agent import Agent, Parts
from bridge_agent.check_in.at_desk import AtDesk
from bridge_agent.check_in.desk import DeskError
from bridge_agent.config import Config, Settings
from bridge_agent.console.serving import listen
from bridge_agent.health import awake
from bridge_agent.health.keeping import ThisPc
from bridge_agent.health.machine import Gauge
from bridge_agent.journal import Fact, Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.pages import pages
from bridge_agent.server import Server
from bridge_agent.server_clock import Clocks, ServerClock
from bridge_agent.supervisor import Patience
from bridge_agent.support import report
from tests.soak import course, room
from tests.soak.fast_time import Awaited, FastLoop, SharedTime, Slot
from tests.soak.gauge import Sample, read

SPEED: Final = 1_000.0
LEARNERS: Final = 30
LONG: Final = httpx.Timeout(20_000.0)
"""Seconds that are short."""
PATIENT: Final = Patience(starting_s=3_600, watching_s=600, unwatched_s=600)
"""Children live in real time while they start."""
SLOTS: Final[tuple[Slot, ...]] = ("recognition", "streaming")


class Plan(msgspec.Struct, frozen=True):
    """What one run is told."""

    folder: str
    time: str
    server: str
    token: str
    seconds: float
    every_s: float
    """Between two samples."""
    class_held: bool


class HeldJournal(Journal):
    """The agent's journal, by which time knows of children that start and are lost."""

    def __init__(self, path: Path, clocks: Clocks, loop: FastLoop, out: TextIO) -> None:
        super().__init__(path, clocks.wall, out)
        self._loop = loop

    def note(self, event: str, **facts: Fact) -> str:
        """As the journal does."""
        for slot in SLOTS:
            if event == f"{slot}_started":
                self._loop.await_child(slot)
            elif event == f"{slot}_lost":
                self._loop.no_child(slot)
        return super().note(event, **facts)


def main() -> int:
    """Run the agent for so long; samples go to standard output."""
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    loop = FastLoop(SharedTime(Path(plan.time)), SPEED)
    asyncio.set_event_loop(loop)
    with Path(os.devnull).open("w", encoding="utf-8") as terminal:
        loop.run_until_complete(_live(plan, loop, terminal))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return 0


async def _live(plan: Plan, loop: FastLoop, terminal: TextIO) -> None:
    """As bridge_agent.cli.run_agent does."""
    settings = _settings(plan)
    folder, keys, began = settings.folder, KeyStore(), loop.shared()
    clocks = Clocks(loop.shared, lambda: loop.shared() - began, "soak")
    clock = ServerClock(clocks)
    with folder.hold():
        async with Server(plan.server, clock, transport=Awaited(loop), timeout=LONG) as stranger:
            who = await identity.join(folder, keys, stranger, plan.token)
        journal = HeldJournal(folder.journal, clocks, loop, terminal)
        log = Log.open(folder.log, who.membership.device, clocks.wall())
        watch = functools.partial(
            supervisor.watch, functools.partial(room.recognition, plan.time, began), patience=PATIENT
        )
        shown = functools.partial(
            pages, settings.config.console_port, folder.calibration_report,
            functools.partial(report.packed, settings), journal,
        )  # fmt: skip
        async with Server(plan.server, clock, who, transport=Awaited(loop), timeout=LONG) as server:
            parts = Parts(
                settings, who, keys, log, server, clock, journal, watch,
                console=shown,
                pc=ThisPc(Gauge(folder.path).read, awake.this_pc()),
                streaming=functools.partial(room.streaming, plan.time, began),
            )  # fmt: skip
            agent, stop = Agent(parts), asyncio.Event()
            people = [_people(agent.desk, settings.config.console_port)] if plan.class_held else []
            beside = [asyncio.create_task(one) for one in (_measured(plan, loop, settings), *people)]
            for task in beside:
                task.add_done_callback(lambda _: stop.set())
            try:
                await agent.run(stop)
            finally:
                for task in beside:
                    task.cancel()
                for done in await asyncio.gather(*beside, return_exceptions=True):
                    if isinstance(done, Exception):
                        raise done
        log.close()
        journal.close()


def _settings(plan: Plan) -> Settings:
    portraits = Path(plan.folder) / "portraits"
    portraits.mkdir()
    for number in range(LEARNERS):
        if not course.by_pin(code := course.learner(0, number)):
            (portraits / f"{code}.jpg").touch()  # nobody looks at them
    with listen("127.0.0.1", 0) as found:
        port = found.getsockname()[1]
    config = Config(
        data=str(Path(plan.folder) / "agent"), source="0", portraits=str(portraits), key_store="file", console_port=port
    )
    return Settings(config, None)


async def _measured(plan: Plan, loop: FastLoop, settings: Settings) -> None:
    process = psutil.Process()
    while loop.now < plan.seconds:
        await asyncio.sleep(plan.every_s)
        gc.collect()
        found = read(process, "agent", loop.now, len(gc.get_objects()), settings.folder.path)
        try:
            print(msgspec.json.encode(found).decode(), flush=True)
        except BrokenPipeError:
            return  # whoever wanted to know has gone


# People


async def _people(desk: AtDesk, port: int) -> None:
    """Everybody at the bridge point, until cancelled. What fails of it ends the soak."""
    async with asyncio.TaskGroup() as group:
        for one in (_technician(port), _at_kiosk(port), _by_pin(desk), _monitoring(port)):
            group.create_task(one)


async def _technician(port: int) -> None:
    """The page of the day is open always, and loaded anew every few minutes."""
    while True:
        await _get(port, "/")
        await _listen(port, "/events", 240.0)


async def _at_kiosk(port: int) -> None:
    """The check-in page is opened when somebody comes, and closed again."""
    while True:
        await asyncio.sleep(150.0)
        await _get(port, "/kiosk")
        async with asyncio.TaskGroup() as group:
            group.create_task(_listen(port, "/kiosk/events", 30.0))
            group.create_task(_pictures(port))


async def _pictures(port: int) -> None:
    for _ in range(10):
        await asyncio.sleep(2.0)
        await _get(port, "/preview.jpg")


async def _monitoring(port: int) -> None:
    while True:
        await asyncio.sleep(300.0)
        for path in ("/health", "/metrics", "/report.zip"):
            await _get(port, path)


async def _by_pin(desk: AtDesk) -> None:
    """The technician takes duty; learners without a face type their PINs, and answer when they are asked."""
    while True:
        await asyncio.sleep(20.0)
        view = desk.view()
        with contextlib.suppress(DeskError):  # too early, or the server has not told the PINs yet
            if view.on_duty is None and view.may_be_on_duty:
                await desk.take_duty(view.may_be_on_duty[0].id, course.WITNESS_PIN)
            for row in view.session.rows if view.session else ():
                if course.by_pin(row.code) and row.checked_in_at is None:
                    await desk.check_in_by_pin(row.code, course.pin(row.code))
                elif row.spot_check_until is not None and course.by_pin(row.code):
                    await desk.answer_spot_check(row.learner, course.pin(row.code))


async def _get(port: int, path: str) -> None:
    """Load a page whole."""
    with contextlib.suppress(OSError):  # the agent begins or ends
        reader, writer = await _asked(port, path)
        try:
            await reader.read()
        finally:
            writer.close()


async def _listen(port: int, path: str, seconds: float) -> None:
    """Read a page's events for so long, then close the page."""
    try:
        reader, writer = await _asked(port, path)
    except OSError:
        await asyncio.sleep(5.0)
        return
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await reader.read(65_536):
                    pass
                await asyncio.sleep(5.0)
    finally:
        writer.close()


async def _asked(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    return reader, writer


# From outside


def samples(plan: Plan, ends: float | None = None) -> Iterator[Sample]:
    """Run it in a process of its own; its samples as they come. Raises RuntimeError when it fails.

    ends: when it is cut off, by the monotonic clock, s.
    """
    command = [sys.executable, "-m", "tests.soak.agent", msgspec.json.encode(plan).decode()]
    environment: dict[str, Any] = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    cut = threading.Timer(0 if ends is None else max(0, ends - time.monotonic()), _cut, (process.pid,))
    if ends is not None:
        cut.start()
    try:
        for line in process.stdout:
            yield msgspec.json.decode(line, type=Sample)
        if (code := process.wait()) and (ends is None or time.monotonic() < ends):
            raise RuntimeError(f"the agent of the soak ended with {code}; why stands above")
    finally:
        cut.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def _cut(pid: int) -> None:
    """Kill it, and its children: one that is just starting would notice late, and holds standard output open."""
    family = list[psutil.Process]()
    with contextlib.suppress(psutil.NoSuchProcess):
        agent = psutil.Process(pid)
        family = [agent, *agent.children(recursive=True)]
    for one in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


if __name__ == "__main__":
    raise SystemExit(main())
