from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bridge_agent.clock import wall_ms
from bridge_agent.config import FacesConfig
from bridge_agent.eyes import Assignment, Target
from bridge_agent.journal import Journal
from bridge_agent.recognition.commands import HeldTemplate, SetGallery
from bridge_agent.recognition.events import Ended, Event, Ready, Watched
from bridge_agent.supervisor import Commands, Listener, Patience, _listen, keep, turns, watch
from models.child_process import Alive, signs_of_life
from models.records import CoverageEnd
from tests.bridge_agent import scripted_eyes

pytestmark = pytest.mark.timed


class Heard:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lost: list[CoverageEnd] = []
        self.faults: list[str] = []

    def listener(self) -> Listener:
        return Listener(self.events.append, self.lost.append, lambda vi, en: self.faults.append(en))

    def count(self, kind: type[Event]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "agent.log", wall_ms, io.StringIO())
    yield made
    made.close()


def assignment(folder: Path) -> Assignment:
    return Assignment(str(folder / "once"), folder, {"HV1": "l1"}, 1_000, FacesConfig())


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if true():
                return
            await asyncio.sleep(0.02)


def start(target: Target, folder: Path, heard: Heard, journal: Journal) -> asyncio.Task[None]:
    return asyncio.create_task(watch(target, assignment(folder), heard.listener(), journal))


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """No process that a test started outlives it, but multiprocessing's own."""
    before = {one.pid for one in psutil.Process().children()}
    yield
    left = [one for one in psutil.Process().children() if one.pid not in before]
    _, alive = psutil.wait_procs([one for one in left if "resource_tracker" not in " ".join(said(one))], timeout=60)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def said(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has ended
        return []


async def test_a_process_told_to_stop_says_its_last_words(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    task = start(scripted_eyes.good, tmp_path, heard, journal)
    await until(lambda: heard.count(Watched) > 2)
    await stop(task)
    assert [type(event).__name__ for event in heard.events[-2:]] == ["Unwatched", "Ended"]
    assert heard.lost == ["stopped"]


async def test_a_dead_process_is_replaced_within_seconds_and_the_reason_kept(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    task = start(scripted_eyes.crashes_once, tmp_path, heard, journal)
    await until(lambda: heard.count(Ready) == 2)
    await stop(task)
    assert heard.lost == ["crashed", "stopped"]
    assert any("code 3" in fault for fault in heard.faults)
    assert heard.faults[-1] == ""  # well again
    notes = [json.loads(line) for line in (tmp_path / "agent.log").read_text().splitlines()]
    assert "exit 3" in [note.get("reason") for note in notes]


async def test_a_killed_process_is_replaced(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    task = start(scripted_eyes.good, tmp_path, heard, journal)
    await until(lambda: heard.count(Watched) > 1)
    for child in psutil.Process().children():
        if "resource_tracker" not in " ".join(child.cmdline()):
            child.kill()
    await until(lambda: heard.count(Ready) == 2)
    await stop(task)
    assert heard.lost == ["crashed", "stopped"]


def gallery(megabytes: int) -> SetGallery:
    return SetGallery(tuple(HeldTemplate(f"l{n}", bytes(1_000_000), "e", 3) for n in range(megabytes)))


def start_told(target: Target, folder: Path, heard: Heard, journal: Journal) -> tuple[Commands, asyncio.Task[None]]:
    commands = Commands()
    listener = replace(heard.listener(), commands=commands)
    return commands, asyncio.create_task(watch(target, assignment(folder), listener, journal))


async def test_a_process_is_told_what_to_do_in_order_and_what_nobody_hears_is_lost(
    tmp_path: Path, journal: Journal
) -> None:
    heard = Heard()
    commands, task = start_told(scripted_eyes.obeys, tmp_path, heard, journal)
    commands.send(gallery(9))  # none runs yet
    await until(lambda: heard.count(Ready) == 1)
    commands.send(gallery(2))
    commands.send(gallery(1))
    await until(lambda: heard.count(Ready) == 3)
    assert [event.learners for event in heard.events if isinstance(event, Ready)] == [(), ("l0", "l1"), ("l0",)]
    await stop(task)
    commands.send(gallery(1))


async def test_a_process_that_reads_nothing_keeps_nobody_waiting(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    commands, task = start_told(scripted_eyes.deaf, tmp_path, heard, journal)
    await until(lambda: heard.count(Ready) == 1)
    commands.send(gallery(9))  # far more than a pipe holds
    beats = 0
    async with asyncio.timeout(60):
        while beats < 20:
            beats += 1
            await asyncio.sleep(0.01)
    await stop(task)


async def test_a_failure_is_told_in_its_own_words_and_tried_again(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    task = start(scripted_eyes.fails, tmp_path, heard, journal)
    await until(lambda: len(heard.faults) >= 2)
    await stop(task)
    assert heard.faults[0] == "Camera 0 is busy."


async def test_a_source_that_is_over_is_not_started_again(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    await asyncio.wait_for(start(scripted_eyes.over, tmp_path, heard, journal), 60)
    assert heard.count(Ready) == 1
    assert heard.lost == ["stopped"]


async def test_a_process_that_hears_nothing_is_killed_in_time(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    task = start(scripted_eyes.deaf, tmp_path, heard, journal)
    await until(lambda: heard.count(Ready) == 1)
    await stop(task)  # which would wait for ever


async def test_a_silent_process_is_replaced(tmp_path: Path, journal: Journal) -> None:
    heard = Heard()
    watching = watch(scripted_eyes.deaf, assignment(tmp_path), heard.listener(), journal, Patience(unwatched_s=0.3))
    task = asyncio.create_task(watching)
    await until(lambda: heard.count(Ready) == 2)
    await stop(task)
    assert heard.lost[0] == "crashed"
    assert "Recognition does not answer" in heard.faults[1]


async def test_a_loop_that_fails_is_kept_running_and_its_message_is_not_written(
    tmp_path: Path, journal: Journal
) -> None:
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise ValueError("Nguyễn Văn An")

    await keep("plan", loop, journal, pause_s=0.01)
    assert runs == 3
    written = (tmp_path / "agent.log").read_text(encoding="utf-8")
    assert "ValueError" in written
    assert "Nguyễn" not in written


async def test_a_process_that_gives_no_more_signs_of_life_while_it_starts_is_replaced(
    tmp_path: Path, journal: Journal
) -> None:
    heard = Heard()
    patience = Patience(stopped_s=0.3)
    target = scripted_eyes.stands_still_as_it_starts
    task = asyncio.create_task(watch(target, assignment(tmp_path), heard.listener(), journal, patience))
    await until(lambda: heard.count(Watched) > 1, 60)
    await stop(task)
    assert "Recognition does not answer" in heard.faults[0]
    assert journal.losses["recognition"].reason == "silent"


def test_signs_of_life_come_until_the_loading_is_over() -> None:
    told: list[Alive] = []
    come = threading.Event()

    def tell(sign: Alive) -> None:
        told.append(sign)
        if len(told) == 2:
            come.set()

    with signs_of_life(tell):
        assert come.wait(60)
    after = len(told)
    assert not any(thread.name == "signs of life" for thread in threading.enumerate())
    assert len(told) == after


async def test_a_loop_that_does_not_turn_is_ended_and_started_again(tmp_path: Path, journal: Journal) -> None:
    runs, ended = 0, 0

    async def loop() -> None:
        nonlocal runs, ended
        runs += 1
        turns(0.1)
        if runs == 1:
            try:
                await asyncio.Event().wait()  # nobody ever sets it
            finally:
                ended += 1

    await keep("plan", loop, journal, pause_s=0.01)
    assert (runs, ended) == (2, 1)
    assert journal.losses["plan"].reason == "stuck"


async def test_a_loop_that_turns_or_never_said_that_it_would_is_left_alone(tmp_path: Path, journal: Journal) -> None:
    async def turning() -> None:
        for _ in range(30):
            turns(60)
            await asyncio.sleep(0.05)

    async def waiting() -> None:
        await asyncio.sleep(1.5)

    await asyncio.gather(keep("turning", turning, journal), keep("waiting", waiting, journal))
    assert not journal.losses


async def test_a_loop_that_is_told_to_end_ends(tmp_path: Path, journal: Journal) -> None:
    ended = asyncio.Event()

    async def loop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(keep("plan", loop, journal))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await stop(task)
    assert ended.is_set() and not journal.losses


async def test_a_loop_whose_library_cancels_it_is_started_again(journal: Journal) -> None:
    """As anyio does when a cancel scope of one request leaks: nobody asked for the loop's end."""
    starts = 0

    async def loop() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise asyncio.CancelledError

    async with asyncio.timeout(60):
        await keep("syncing", loop, journal, pause_s=0.01)
    assert starts == 2


class SleepyLoop(asyncio.SelectorEventLoop):
    """A loop whose clock goes on while the PC sleeps, as Windows' does."""

    slept = 0.0

    def time(self) -> float:
        """Seconds."""
        return super().time() + self.slept


class Loading:
    """A process that takes a moment to load, and the PC sleeps meanwhile. in_time: its sign of life is there as soon as
    the PC wakes up."""  # fmt: skip

    pid = None

    def __init__(self, loop: SleepyLoop, *, in_time: bool) -> None:
        self._loop, self._in_time, self.waits = loop, in_time, list[float]()

    async def event(self, within_s: float) -> Event | Alive:
        """What it tells next."""
        self.waits.append(within_s)
        match len(self.waits):
            case 1 | 3:
                return Alive()
            case 2:
                self._loop.slept += 3_600
                if self._in_time:
                    return Alive()
                raise TimeoutError
            case 4:
                return Ready("yunet", "intel", (), (), 0.5, ())
            case _:
                return Ended(0, None)


@pytest.mark.parametrize("in_time", [True, False])
def test_a_pc_that_sleeps_while_recognition_loads_takes_nothing_of_its_time(in_time: bool) -> None:
    loop, heard = SleepyLoop(), Heard()
    process = Loading(loop, in_time=in_time)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(_listen(process, heard.listener(), Patience()))  # type: ignore[arg-type]  # as ChildProcess tells
    assert heard.count(Ready) == 1
    assert min(process.waits) > 7
