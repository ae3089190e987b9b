"""Keeps the recognition process of a session and the agent's own loops alive. The only place with a broad except.

A process that dies, fails or falls silent is ended and started again after a pause that grows from half a second to
five; the reason is told and kept. What it leaves open is closed by whoever listens (`on_lost`). A loop of the agent's
own that fails, or that does not turn for longer than it said, is ended and started again likewise.

Noticing (8 s at most) and the first pauses together stay under the 10 s in which a lost part is to be back.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

import psutil

from bridge_agent.backoff import Backoff
from bridge_agent.eyes import Assignment, Target
from bridge_agent.journal import Journal
from bridge_agent.recognition.commands import Command, Stop
from bridge_agent.recognition.events import Ended, Event, Failed, Ready, Unwatched, Watched
from models.child_process import Alive, ChildProcess
from models.records import CoverageEnd

TURN_S = 8.0
"""A loop that only looks and sleeps turns at least twice a second; a slow disk may hold it up for seconds."""
LOOK_S = 1.0
LET_GO_S = 2.0


def restarts() -> Backoff:
    """The pauses between a process's end and its next start."""
    return Backoff((0.5, 1.0, 2.0, 5.0), good_s=20.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds of silence are borne."""

    starting_s: float = 120.0
    """Loading the models takes a second; converting dlib's encoder (once on a PC) and enrolling many take longer."""
    watching_s: float = 8.0
    """While the room is watched something comes every sweep, which is every 4.5 s on the slowest PC."""
    unwatched_s: float = 8.0
    """While there is no picture it tells every second that there is none."""
    unseen_s: float = 7.5
    """Before its first sign of life a process on a slow disk may take longer, but not one that the system has
    stopped."""
    stopped_s: float = 8.0
    """So long a process that starts may give no sign of life at all: it gives one every second."""


class Commands:
    """A way to whichever recognition process runs now: what is told while none does is lost."""

    def __init__(self) -> None:
        self._send: Callable[[Command], None] | None = None

    def send(self, command: Command) -> None:
        """Tell it; never waits for it."""
        if self._send is not None:
            self._send(command)

    @contextlib.contextmanager
    def to(self, send: Callable[[Command], None]) -> Iterator[None]:
        """Within the block they go to this process."""
        self._send = send
        try:
            yield
        finally:
            self._send = None


@dataclass(frozen=True, slots=True)
class Listener:
    """Who hears of the process's life."""

    on_event: Callable[[Event], None]
    on_lost: Callable[[CoverageEnd], None]
    """The process is gone (`crashed`) or was told to stop (`stopped`): nobody watches."""
    on_fault: Callable[[str, str], None]
    """Why it was lost, as a sentence in both languages; empty ones once it is well again."""
    commands: Commands | None = None
    """By which the process is told what to do."""


Watch = Callable[[Assignment, Listener, Journal], Awaitable[None]]
"""Keeps recognition running on an assignment until cancelled, or until its source is over."""


async def watch(
    target: Target, assignment: Assignment, listener: Listener, journal: Journal, patience: Patience = Patience()
) -> None:
    """Keep a recognition process running on the assignment until cancelled, or until its source is over."""
    crashed: CoverageEnd = "crashed"
    stopped: CoverageEnd = "stopped"
    backoff = restarts()
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        process = ChildProcess[Event | Alive, Command]("recognition", target, assignment)
        journal.note("recognition_started", pid=process.pid)
        over, ended_by = False, crashed
        try:
            with (listener.commands or Commands()).to(process.tell):
                await _listen(process, listener, patience)
            over, ended_by = True, stopped
        except asyncio.CancelledError:
            await process.stop(Stop(), lambda event: None if isinstance(event, Alive) else listener.on_event(event))
            ended_by = stopped
            raise
        except _LostError as lost:
            journal.lost("recognition", lost.kind, pid=process.pid)
            listener.on_fault(lost.vi, lost.en)
        finally:
            kill_with_children(process)
            listener.on_lost(ended_by)
        if over:
            journal.note("source_over")
            listener.on_fault(
                "Nguồn hình đã hết; không còn gì để ghi nhận.", "The source is over; there is nothing left to watch."
            )
            return
        await asyncio.sleep(backoff.ended(loop.time() - began))


def is_stopped(pid: int | None) -> bool:
    """The system lets this process go no further (SIGSTOP, a debugger, Windows' suspend)."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def kill_with_children(process: ChildProcess[Any, Any]) -> None:
    """End a process that may be stuck, and its children: a stopped one would hold the camera for ever."""
    children = []
    with contextlib.suppress(psutil.Error):
        if process.pid is not None:
            children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in children:
        with contextlib.suppress(psutil.Error):
            child.kill()


async def keep(name: str, loop: Callable[[], Awaitable[None]], journal: Journal, pause_s: float = 2.0) -> None:
    """Run one of the agent's loops, again and again should it fail or stop turning: an agent that stands still records
    nothing.
    """  # fmt: skip
    while True:
        try:
            await _while_it_turns(loop)
            return
        except _StuckError:
            journal.lost(name, "stuck")
            journal.say(
                "loop_stuck",
                f"Phần {name} không chạy tiếp được; tự chạy lại.",
                f"The part {name} did not go on; it is started again.",
                loop=name,
            )
        except Exception as error:
            # File and line of our own code, never the message: it might hold a learner's name.
            where = traceback.extract_tb(error.__traceback__)[-1]
            journal.lost(name, type(error).__name__)
            journal.say(
                "loop_failed",
                f"Lỗi trong phần {name} ({type(error).__name__}); tự chạy lại.",
                f"The part {name} failed ({type(error).__name__}); it is started again.",
                loop=name,
                error=type(error).__name__,
                at=f"{where.name}:{where.lineno}",
            )
        await asyncio.sleep(pause_s)


@dataclass(slots=True)
class _Turns:
    """Until when a loop said that it would turn again, by the event loop's clock; None: it never said."""

    due: float | None = None


_TURNS: ContextVar[_Turns | None] = ContextVar("turns", default=None)


def turns(within_s: float = TURN_S) -> None:
    """Said by a loop that `keep` runs: it turns now, and will again within so many seconds, or it is stuck."""
    if (mine := _TURNS.get()) is not None:
        mine.due = asyncio.get_running_loop().time() + within_s


class _StuckError(Exception):
    """A loop did not turn in time, or ended itself."""


async def _while_it_turns(loop: Callable[[], Awaitable[None]]) -> None:
    """Run it to its end. Raises _StuckError when it does not turn in time or cancels itself, and whatever it raises."""
    mine, context, clock = _Turns(), copy_context(), asyncio.get_running_loop()
    context.run(_TURNS.set, mine)

    async def run() -> None:
        await loop()

    task = asyncio.create_task(run(), context=context)
    try:
        while not task.done():
            looked = clock.time()
            await asyncio.wait({task}, timeout=LOOK_S)
            # What held all loops up, as a PC that slept, is no fault of this one.
            late = max(0.0, clock.time() - looked - 2 * LOOK_S)
            if mine.due is not None:
                mine.due += late
                if clock.time() > mine.due and not task.done():
                    raise _StuckError
        if task.cancelled():
            raise _StuckError  # by itself, for whoever ends this one ends `wait` above
        await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=LET_GO_S)  # what does not even take this is left behind


class _LostError(Exception):
    """The process can't be listened to any more."""

    def __init__(self, kind: str, vi: str, en: str) -> None:
        super().__init__(kind)
        self.kind, self.vi, self.en = kind, vi, en


async def _listen(process: ChildProcess[Event | Alive, Command], listener: Listener, patience: Patience) -> None:
    """Pass events on until the source is over. Raises _LostError."""
    loop, limit = asyncio.get_running_loop(), patience.unseen_s
    began = loop.time()
    while True:
        asked, event, silence = loop.time(), None, None
        try:
            event = await process.event(limit)
        except TimeoutError as error:
            silence = error
        # We ourselves stood still, and it perhaps with us: a PC that slept, whose clock may have gone on.
        stood = max(0.0, loop.time() - asked - limit)
        if stood > LOOK_S:
            began += stood
            if silence is not None:
                continue
        if silence is not None:
            if limit == patience.unseen_s and not is_stopped(process.pid):
                limit = max(0.0, began + patience.starting_s - loop.time())
                continue
            raise _LostError(
                "silent",
                "Phần nhận diện không phản hồi; đang khởi động lại.",
                "Recognition does not answer; it is being restarted.",
            ) from silence
        if event is None:
            code = await process.exit_code()
            raise _LostError(
                f"exit {code}",
                f"Phần nhận diện đã dừng đột ngột (mã {code}); đang khởi động lại.",
                f"Recognition ended unexpectedly (code {code}); it is being restarted.",
            )
        match event:
            case Alive():
                limit = min(patience.stopped_s, max(0.0, began + patience.starting_s - loop.time()))
                continue
            case Failed():
                raise _LostError("failed", event.vi, event.en)
            case Ready():
                limit = patience.unwatched_s
                listener.on_fault("", "")
            case Watched():
                limit = patience.watching_s
            case Unwatched():
                limit = patience.unwatched_s
        listener.on_event(event)
        if isinstance(event, Ended):
            return
