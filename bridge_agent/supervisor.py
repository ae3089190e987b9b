"""Keeps the recognition process of a session and the agent's own loops alive. The only place with a broad except.

A process that dies, fails or falls silent is ended and started again after a pause that grows from half a second to
half a minute; the reason is told and kept. What it leaves open is closed by whoever listens (`on_lost`).
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from bridge_agent.backoff import Backoff
from bridge_agent.eyes import Assignment, Target
from bridge_agent.journal import Journal
from bridge_agent.recognition.commands import Command, Stop
from bridge_agent.recognition.events import Ended, Event, Failed, Ready, Unwatched, Watched
from models.child_process import ChildProcess
from models.records import CoverageEnd


def restarts() -> Backoff:
    """The pauses between a process's end and its next start."""
    return Backoff((0.5, 1.0, 2.0, 5.0, 10.0, 30.0), good_s=60.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds of silence are borne."""

    starting_s: float = 120.0
    """Loading the models takes a second; converting dlib's encoder (once on a PC) and enrolling many take longer."""
    watching_s: float = 15.0
    """While the room is watched something comes every sweep."""
    unwatched_s: float = 120.0
    """While there is no picture recognition has nothing to tell and waits for the camera."""


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
        process = ChildProcess[Event, Command]("recognition", target, assignment)
        journal.note("recognition_started", pid=process.pid)
        over, ended_by = False, crashed
        try:
            with (listener.commands or Commands()).to(process.tell):
                await _listen(process, listener, patience)
            over, ended_by = True, stopped
        except asyncio.CancelledError:
            await process.stop(Stop(), listener.on_event)
            ended_by = stopped
            raise
        except _LostError as lost:
            journal.lost("recognition", lost.kind, pid=process.pid)
            listener.on_fault(lost.vi, lost.en)
        finally:
            process.kill()
            listener.on_lost(ended_by)
        if over:
            journal.note("source_over")
            listener.on_fault(
                "Nguồn hình đã hết; không còn gì để ghi nhận.", "The source is over; there is nothing left to watch."
            )
            return
        await asyncio.sleep(backoff.ended(loop.time() - began))


async def keep(name: str, loop: Callable[[], Awaitable[None]], journal: Journal, pause_s: float = 2.0) -> None:
    """Run one of the agent's loops, again and again should it fail: an agent that stands still records nothing."""
    while True:
        try:
            await loop()
            return
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


class _LostError(Exception):
    """The process can't be listened to any more."""

    def __init__(self, kind: str, vi: str, en: str) -> None:
        super().__init__(kind)
        self.kind, self.vi, self.en = kind, vi, en


async def _listen(process: ChildProcess[Event, Command], listener: Listener, patience: Patience) -> None:
    """Pass events on until the source is over. Raises _LostError."""
    limit = patience.starting_s
    while True:
        try:
            event = await process.event(limit)
        except TimeoutError as error:
            raise _LostError(
                "silent",
                "Phần nhận diện không phản hồi; đang khởi động lại.",
                "Recognition does not answer; it is being restarted.",
            ) from error
        if event is None:
            code = await process.exit_code()
            raise _LostError(
                f"exit {code}",
                f"Phần nhận diện đã dừng đột ngột (mã {code}); đang khởi động lại.",
                f"Recognition ended unexpectedly (code {code}); it is being restarted.",
            )
        match event:
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
