"""A child process of the agent's parent, with threads that bring its events into the event loop and commands to it."""

from __future__ import annotations

import asyncio
import multiprocessing
import queue
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, TypeVar

Told = TypeVar("Told")
Asked = TypeVar("Asked")
Given = TypeVar("Given")

STOP_S: Final = 0.8


class ChildProcess(Generic[Told, Asked]):
    """A process that runs `target` with a pipe and what it is given: it sends Told and gets Asked."""

    def __init__(self, name: str, target: Callable[[Connection, Given], None], given: Given) -> None:
        self.events: asyncio.Queue[Told | None] = asyncio.Queue()
        """What it told; None when it can tell nothing any more."""
        context = multiprocessing.get_context("spawn")
        self._conn, theirs = context.Pipe()
        # Not a daemon: recognition has a process of its own, capture, which ends when its parent does.
        self._process: BaseProcess = context.Process(target=target, args=(theirs, given), name=name)
        _start_deaf(self._process)
        theirs.close()
        loop = asyncio.get_running_loop()
        threading.Thread(target=read_into, args=(self._conn, loop, self.events.put_nowait), daemon=True).start()
        self._waiting = queue.SimpleQueue[Asked | None]()
        threading.Thread(target=write_from, args=(self._conn, self._waiting), daemon=True, name="commands").start()

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended; waits a moment for it, as the pipe closes first."""
        self._process.join(0.5)
        return self._process.exitcode

    def tell(self, command: Asked) -> None:
        """Tell it; never waits for it, whatever it is stuck in."""
        self._waiting.put(command)

    async def stop(self, last: Asked, last_words: Callable[[Told], None]) -> None:
        """Ask it by `last` to end, pass on what it still tells, and kill it when it takes longer than STOP_S."""
        try:
            self.tell(last)
            async with asyncio.timeout(STOP_S):
                while (event := await self.events.get()) is not None:
                    last_words(event)
        except TimeoutError:
            pass
        self.kill()

    def kill(self) -> None:
        """End it, whatever it is stuck in. May be called twice."""
        self._waiting.put(None)
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


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
