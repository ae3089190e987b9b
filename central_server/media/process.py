"""The relay process as the server sees it: started, watched, started again, ended."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import queue
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from central_server.media import relay_start
from central_server.media.messages import Command, Event, Settings, Stop

log = logging.getLogger(__name__)
START_S = 60.0
"""A relay that is not ready after this long is started anew: a machine with thirty times too much to do takes 20 s."""
SILENT_S = 5.0
"""A relay that tells nothing for so long hangs, and is killed: it tells something every second."""
AGAIN_S = (0.1, 0.1, 0.5, 1.0, 5.0)
"""Pauses before it is started again; the last one is kept while it dies within CALM_S."""
CALM_S = 30.0
STOP_S = 2.0


class RelayProcess:
    """Keeps one relay running, in a task of the server's event loop.

    settings: what each relay is started with. on_event: gets what it tells; on_lost: it ended, and is started again.
    """

    def __init__(
        self, settings: Callable[[], Settings], on_event: Callable[[Event], None], on_lost: Callable[[], None]
    ) -> None:  # fmt: skip
        self._settings, self._on_event, self._on_lost = settings, on_event, on_lost
        self._child: _Child | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The relay's process id, while one runs."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start it, if it was not started already."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._keep())

    def tell(self, command: Command) -> None:
        """Tell the relay, if one runs."""
        if self._child is not None:
            self._child.tell(command)

    async def end(self) -> None:
        """End it."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._child is not None:
            await self._child.stop()
            self._child = None

    async def _keep(self) -> None:
        loop, deaths = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            child = self._child = _Child(self._settings())
            try:
                limit = START_S
                while (event := await asyncio.wait_for(child.events.get(), limit)) is not None:
                    limit = SILENT_S
                    self._on_event(event)
                why = f"exit {child.exit_code()}"
            except TimeoutError:
                why = "silent"
            child.kill()
            self._child = None
            self._on_lost()
            deaths = deaths + 1 if loop.time() - began < CALM_S else 0
            log.warning("relay lost why=%s", why)
            await asyncio.sleep(AGAIN_S[min(deaths, len(AGAIN_S) - 1)])


class _Child:
    """One process, and the threads between its pipe and the event loop."""

    def __init__(self, settings: Settings) -> None:
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        context = multiprocessing.get_context("spawn")  # the only way on Windows, and safe with threads elsewhere
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=relay_start.main, args=(theirs, settings), name="relay", daemon=True
        )
        _start_deaf(self._process)
        theirs.close()
        loop = asyncio.get_running_loop()
        threading.Thread(target=_read, args=(self._pipe, loop, self.events), daemon=True, name="relay events").start()
        self._waiting = queue.SimpleQueue[Command | None]()
        threading.Thread(target=_write, args=(self._pipe, self._waiting), daemon=True, name="relay commands").start()

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended; waits a moment for it, as the pipe closes first."""
        self._process.join(0.2)
        return self._process.exitcode

    def tell(self, command: Command) -> None:
        """Tell it; never waits for it."""
        self._waiting.put(command)

    async def stop(self) -> None:
        """Ask it to end, and kill it when it takes longer than STOP_S."""
        self.tell(Stop())
        try:
            async with asyncio.timeout(STOP_S):
                while await self.events.get() is not None:
                    pass
        except TimeoutError:
            pass
        self.kill()

    def kill(self) -> None:
        """End it, whatever it is stuck in."""
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


def _read(pipe: Connection, loop: asyncio.AbstractEventLoop, events: asyncio.Queue[Event | None]) -> None:
    """The thread: from the pipe into the loop until either ends. It alone closes the pipe's end that it reads."""
    while True:
        try:
            event = pipe.recv()
        except (EOFError, OSError):
            event = None
        try:
            loop.call_soon_threadsafe(events.put_nowait, event)
        except RuntimeError:
            event = None  # the loop is closed
        if event is None:
            pipe.close()
            return


def _write(pipe: Connection, commands: queue.SimpleQueue[Command | None]) -> None:
    """The other thread: commands into the pipe, until there are no more or nobody reads them."""
    while (command := commands.get()) is not None:
        try:
            pipe.send(command)
        except (OSError, ValueError, TypeError):
            return  # the process is gone: `_read` has noticed, and closed the pipe perhaps in the midst of this
