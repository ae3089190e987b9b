"""An event loop whose time is a number: nothing sleeps; where nothing is left to do now, time jumps to the next timer.

The agents' own asyncio code and the server's ASGI app run on it, all in one thread, in an order that depends on nothing
but what they do. A task belongs to the PC that its context names: a PC that is switched off or asleep runs nothing.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import Any, TypeVar, TypeVarTuple

from anyio._backends._asyncio import AsyncIOBackend
from anyio._core._eventloop import loaded_backends

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Power:
    """Whether a PC runs."""

    asleep_until: float = 0.0
    """Until then (loop time, s) it does nothing; its timers stand still, as Linux's do during a suspend."""


POWER: ContextVar[Power | None] = ContextVar("power", default=None)
"""The PC that the running code runs on; None: the server, the network, the simulation itself."""


class StuckError(AssertionError):
    """Nothing will ever happen again."""


class _NoSockets(selectors.BaseSelector):
    """Where the loop would wait for sockets it lets time pass instead."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("nothing is left that could happen")
        self._loop.now += max(0.0, timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, 0, None)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The loop. `now`: seconds since the simulation's beginning."""

    _scheduled: list[asyncio.TimerHandle]

    def __init__(self) -> None:
        self.now = 0.0
        self.failures: list[BaseException] = []
        """What asyncio would only log: nothing may fail unseen, so the first ends the simulation."""
        super().__init__(_NoSockets(self))

    def time(self) -> float:
        """Simulated seconds."""
        return self.now

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Now, or when the PC wakes."""
        power = context.get(POWER) if context is not None else POWER.get()
        if power is not None and power.asleep_until > self.now:
            return self.call_at(power.asleep_until, callback, *args, context=context)
        return super().call_soon(callback, *args, context=context)

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """There is one thread: here and now."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # whoever waits for it is told
            future.set_exception(error)
        return future

    def fail(self, context: dict[str, Any]) -> None:
        """Something failed where nobody waited for it."""
        error = context.get("exception")
        self.failures.append(error if error is not None else AssertionError(context["message"]))
        self.stop()

    def suspend(self, power: Power, seconds: float) -> None:
        """The PC sleeps so long; its timers go on from where they stood."""
        power.asleep_until = self.now + seconds
        for handle in self._scheduled:
            if handle._context.get(POWER) is power:  # type: ignore[attr-defined]
                handle._when += seconds  # type: ignore[attr-defined]
        heapq.heapify(self._scheduled)


class _OneThread(AsyncIOBackend):
    """anyio's way into worker threads (FastAPI's, too), without threads: the call is made here and now."""

    @classmethod
    async def run_sync_in_worker_thread(cls, func: Callable[[*Ts], T], args: tuple[*Ts], *_: Any, **__: Any) -> T:
        return func(*args)


@contextmanager
def simulated_loop() -> Iterator[SimulatedLoop]:
    """A loop at time 0; closed at the end, with all that still waits on it."""
    before = loaded_backends.get("asyncio", AsyncIOBackend)
    loaded_backends["asyncio"] = _OneThread
    loop = SimulatedLoop()
    loop.set_exception_handler(lambda _, context: loop.fail(context))
    try:
        yield loop
    finally:
        loop.set_exception_handler(lambda *_: None)
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
        loaded_backends["asyncio"] = before
