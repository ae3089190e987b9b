"""The central server of a simulation: the real ASGI app on a simulated disk, which can be stopped, killed, restored."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import Future
from contextvars import Context
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine

from central_server.app import create_app
from central_server.backup.copying import back_up
from central_server.backup.restoring import restore
from central_server.config import Config
from central_server.database import Job, T, Writer
from central_server.errors import ServerError, UnavailableError
from central_server.services import Services
from tests.simulation.disk import PcDisk
from tests.simulation.history import History
from tests.simulation.loop import SimulatedLoop

EPOCH = 1_795_482_000_000
"""Server time at the simulation's beginning: 24/11/2026 08:00:00 in Vietnam."""
COMMIT_S = 0.004


class SteppedWriter(Writer):
    """The one writer without its thread: what waits is committed together, a moment later, on the simulation's loop."""

    def __init__(self, engine: Engine, loop: SimulatedLoop) -> None:
        super().__init__(engine)
        self._loop = loop
        self._waiting: list[tuple[Job[Any], Future[Any]]] = []

    def __enter__(self) -> SteppedWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._step()

    def submit(self, job: Job[T]) -> Future[T]:
        """As the real one does."""
        future: Future[T] = Future()
        if not self._waiting:
            self._loop.call_later(COMMIT_S, self._step, context=Context())
        self._waiting.append((job, future))
        return future

    def _step(self) -> None:
        group, self._waiting = self._waiting, []
        running = [(job, future) for job, future in group if future.set_running_or_notify_cancel()]
        if running:
            self.commit(running)


class Central:
    """One server, with its data in `folder` on `disk`."""

    def __init__(self, loop: SimulatedLoop, folder: Path, disk: PcDisk, history: History) -> None:
        self.folder, self.disk = folder, disk
        self.config = Config(port=0, data=str(folder))
        self._loop, self._history = loop, history
        self._app: Any = None
        self._handling: dict[asyncio.Task[httpx.Response], None] = {}
        self._life: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        disk.went = self._power_went

    @property
    def up(self) -> bool:
        """Answers."""
        return self._app is not None

    @property
    def services(self) -> Services:
        """What the running app is made of."""
        services: Services = self._app.state.services
        return services

    def now(self) -> int:
        """The server's clock, ms since 1970 UTC. It is the one that counts, so here it is right."""
        return EPOCH + round(self._loop.now * 1000)

    async def start(self) -> None:
        """Start it, unless it runs."""
        if self._life is not None:
            return
        self.disk.switch_on()
        self._stop = asyncio.Event()
        started = asyncio.Event()
        self._life = self._loop.create_task(self._live(started), context=Context())
        await started.wait()
        self._history.tell("server", "up" if self.up else "did not start")

    async def _live(self, started: asyncio.Event) -> None:
        app = create_app(self.config, self.now, lambda engine: SteppedWriter(engine, self._loop))
        try:
            with contextlib.suppress(ServerError) if self.disk.trouble != "none" else contextlib.nullcontext():
                async with app.router.lifespan_context(app):
                    self._app = app
                    started.set()
                    await self._stop.wait()
                    self._app = None
        finally:
            self._app = None
            started.set()

    async def stop(self) -> None:
        """End it in order: what it is doing is finished."""
        if self._life is None:
            return
        while self._handling:
            await asyncio.wait(list(self._handling))
        await self._gone()
        self._history.tell("server", "stopped")

    async def crash(self, *, power: bool) -> None:
        """The program is killed, or the power goes."""
        if self._life is None:
            return
        self.disk.cut(power=power)
        await self._gone()
        self._history.tell("server", "lost power" if power else "was killed")

    async def _gone(self) -> None:
        life, self._life, self._app = self._life, None, None
        for task in list(self._handling):
            task.cancel()
        self._stop.set()
        if life is not None:
            await asyncio.gather(life, return_exceptions=self.disk.gone)
        self.disk.settle()

    def _power_went(self) -> None:
        self._loop.create_task(self.crash(power=True), context=Context())

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Handle a request. Raises httpx.TransportError when the server is not there, or goes meanwhile."""
        if self._app is None:
            raise httpx.ConnectError("refused")
        task = self._loop.create_task(self._handle(request), context=Context())
        self._handling[task] = None
        task.add_done_callback(lambda done: self._handling.pop(done, None), context=Context())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise httpx.ReadError("reset") from None
            raise

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        response = await transport.handle_async_request(request)
        await response.aread()
        return response

    async def do(self, job: Job[T]) -> T:
        """What an administrator's command does. Raises UnavailableError when the server is not up."""
        if self._app is None:
            raise UnavailableError("Máy chủ không chạy.", "The server does not run.")
        return await asyncio.wrap_future(self.services.writer.submit(job))

    def back_up(self, to: Path) -> None:
        """`central-server backup`."""
        held = back_up(self.config.database, to)
        self._history.tell("server", "backed up", held.records)

    def restore(self, copy: Path) -> None:
        """`central-server restore`; the server does not run."""
        self.disk.switch_on()
        done = restore(self.config.database, copy, self.now(), replace=True)
        self._history.tell("server", "restored", done.held.records)
