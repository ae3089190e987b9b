"""A child process of an event loop's owner, with threads that bring its events into the loop and commands to it.

The agent's parent keeps recognition and streaming by it, the server its relay. Nothing here makes the loop wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

Told = TypeVar("Told")
Asked = TypeVar("Asked")
Given = TypeVar("Given")

STOP_S: Final = 0.8
GONE_S: Final = 0.5
"""The pipe closes a moment before the process ends."""
SIGN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life while a process still loads what it needs: it is slow perhaps, but not stopped."""


@contextmanager
def signs_of_life(tell: Callable[[Alive], object]) -> Iterator[None]:
    """Within the block a thread tells every second that this process lives. `tell`: may be called by any thread."""
    over = threading.Event()

    def signs() -> None:
        with contextlib.suppress(OSError, ValueError):  # nobody is left to hear it: the block will notice
            tell(Alive())
            while not over.wait(SIGN_S):
                tell(Alive())

    thread = threading.Thread(target=signs, daemon=True, name="signs of life")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def one_at_a_time(send: Callable[[Any], None]) -> Callable[[Any], None]:
    """`send`, for several threads."""
    lock = threading.Lock()

    def tell(event: Any) -> None:
        with lock:
            send(event)

    return tell


class ChildProcess(Generic[Told, Asked]):
    """A process that runs `target` with a pipe and what it is given: it sends Told and gets Asked.

    daemon: it may have no children of its own, and is ended with this process. Raises OSError when it can't be started.
    """

    def __init__(
        self, name: str, target: Callable[[Connection, Given], None], given: Given, *, daemon: bool = False
    ) -> None:  # fmt: skip
        self._events: asyncio.Queue[Told | None] = asyncio.Queue()
        context = multiprocessing.get_context("spawn")  # the only way on Windows, and safe with threads elsewhere
        conn, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=target, args=(theirs, given), name=name, daemon=daemon)
        _start_deaf(self._process)
        theirs.close()
        reading = (conn, asyncio.get_running_loop())
        self._reading = threading.Thread(target=self._read, args=reading, daemon=True, name=f"{name} events")
        self._reading.start()
        self._waiting = queue.SimpleQueue[Asked | None]()
        writing = (conn, self._waiting)
        threading.Thread(target=write_from, args=writing, daemon=True, name=f"{name} commands").start()

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    async def event(self, within_s: float) -> Told | None:
        """What it tells next; None when it can tell nothing any more. Raises TimeoutError when it is silent so long.

        Not asyncio.wait_for: up to Python 3.11 it loses a cancellation when an event comes at the same time, and then
        whoever waits for the cancelled task waits for ever.
        """
        async with asyncio.timeout(within_s):
            return await self._events.get()

    async def exit_code(self) -> int | None:
        """How it ended; waits up to GONE_S for it."""
        await asyncio.to_thread(self._reading.join, GONE_S)
        return self._process.exitcode

    def tell(self, command: Asked) -> None:
        """Tell it; never waits for it, whatever it is stuck in."""
        self._waiting.put(command)

    async def stop(self, last: Asked, last_words: Callable[[Told], None], within_s: float = STOP_S) -> None:
        """Ask it by `last` to end, pass on what it still tells, and kill it when it takes longer than so long."""
        try:
            self.tell(last)
            async with asyncio.timeout(within_s):
                while (event := await self._events.get()) is not None:
                    last_words(event)
        except TimeoutError:
            pass
        self.kill()
        await asyncio.to_thread(self._reading.join, GONE_S)

    def kill(self) -> None:
        """End it, whatever it is stuck in; the thread that reads waits for its end. May be called twice."""
        self._waiting.put(None)
        if self._process.is_alive():
            self._process.kill()

    def _read(self, conn: Connection, loop: asyncio.AbstractEventLoop) -> None:
        read_into(conn, loop, self._events.put_nowait)
        self._process.join()  # here, as one that the system does not let die would keep the loop


def _start_deaf(process: BaseProcess) -> None:
    """Start a process that Ctrl-C, which reaches all programs of a terminal, does not end: its parent decides."""
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        process.start()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)


def read_into(conn: Connection, loop: asyncio.AbstractEventLoop, put: Callable[[Any], None]) -> None:
    """A thread: from the pipe into the loop until either ends, None last. It alone closes the end that it reads."""
    while True:
        try:
            event = conn.recv()
        except (EOFError, OSError):
            event = None
        try:
            loop.call_soon_threadsafe(put, event)
        except RuntimeError:
            event = None  # the loop is closed
        if event is None:
            conn.close()
            return


def write_from(conn: Connection, commands: queue.SimpleQueue[Any]) -> None:
    """The other thread: commands into the pipe, until there are no more (None) or nobody reads them."""
    while (command := commands.get()) is not None:
        try:
            conn.send(command)
        except (OSError, ValueError, TypeError):
            return  # the process is gone: `read_into` has noticed, and closed the pipe perhaps in the midst of this
