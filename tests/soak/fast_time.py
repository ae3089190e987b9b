"""Time that runs faster than it does: an event loop with real sockets, threads and children, whose seconds are short.

Time passes only while the loop has nothing to do, so that a busy machine makes nothing late. It waits for an answer of
the server, and for children that play a room (`Slot`), who live through the same time in processes of their own.
"""

from __future__ import annotations

import asyncio
import mmap
import selectors
import struct
import time
from pathlib import Path
from typing import Final, Literal

import httpx

Slot = Literal["recognition", "streaming"]
_PLACES: Final[dict[str, int]] = {"now": 0, "recognition": 8, "streaming": 16}
LEAD_MS: Final = 6_000
"""So far time may be ahead of a child: a room is looked at every second or two."""
STARTING_S, SILENT_S = 60.0, 10.0
"""Real seconds for which time waits for a child that starts, and for one that was heard of before."""
HELD_S: Final = 0.001


class SharedTime:
    """Time as all processes of a soak read it from one small file: ms since 1970 UTC. One process sets it."""

    def __init__(self, path: Path, begin: int | None = None) -> None:
        """`begin`: makes the file."""
        if begin is not None:
            path.write_bytes(struct.pack("<qqq", begin, 0, 0))
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 24)

    def __call__(self) -> int:
        """Now."""
        return self._get("now")

    def set(self, now: int) -> None:
        """It is now so late."""
        self._map[0:8] = struct.pack("<q", now)

    def reached(self, slot: Slot) -> int:
        """Up to when a child has lived; 0: there is none."""
        return self._get(slot)

    def reach(self, slot: Slot, at: int) -> None:
        """A child has lived so long; 0: it ends."""
        place = _PLACES[slot]
        self._map[place : place + 8] = struct.pack("<q", at)

    def _get(self, name: str) -> int:
        place = _PLACES[name]
        found: int = struct.unpack("<q", self._map[place : place + 8])[0]
        return found


class FastLoop(asyncio.SelectorEventLoop):
    """The loop: `speed` seconds pass in each second in which it has nothing to do."""

    def __init__(self, shared: SharedTime, speed: float) -> None:
        self.now = 0.0
        self.speed = speed
        self.shared = shared
        self.answers = 0
        """Requests to the server that are not answered yet."""
        self._began = shared()
        self._seen: dict[Slot, tuple[int, float, float]] = {}
        """Of each child: up to when it has lived, since when (real time) it has said so, for how long to wait."""
        super().__init__(_Waiting(self))

    def time(self) -> float:
        """Seconds since the beginning."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let so much time pass."""
        self.now += seconds
        self.shared.set(self._began + round(self.now * 1000))

    def await_child(self, slot: Slot) -> None:
        """A child is being started: time goes on when it has begun to live."""
        now = self.shared()
        self.shared.reach(slot, now)
        self._seen[slot] = now, time.monotonic(), STARTING_S

    def no_child(self, slot: Slot) -> None:
        """It is gone."""
        self.shared.reach(slot, 0)

    def held(self) -> bool:
        """Whether a child is behind."""
        return self._behind("recognition") | self._behind("streaming")  # each is looked at

    def _behind(self, slot: Slot) -> bool:
        reached, real = self.shared.reached(slot), time.monotonic()
        before, since, patience = self._seen.get(slot, (0, real, SILENT_S))
        if reached != before:
            before, since, patience = self._seen[slot] = reached, real, SILENT_S
        return reached != 0 and self.shared() - reached > LEAD_MS and real - since < patience


class _Waiting(selectors.DefaultSelector):
    """Waits in short seconds."""

    def __init__(self, loop: FastLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self._loop
        if timeout is not None and timeout > 0 and loop.held():
            return super().select(HELD_S)
        speed = 1.0 if loop.answers else loop.speed
        began = time.monotonic()
        ready = super().select(None if timeout is None else timeout / speed)
        if timeout is None:
            loop.pass_by((time.monotonic() - began) * speed)
        elif timeout > 0:
            # What the system waits longer than it was asked to (it counts whole ms) did not pass.
            loop.pass_by(min(timeout, (time.monotonic() - began) * speed) if ready else timeout)
        return ready


class Awaited(httpx.AsyncHTTPTransport):
    """HTTP whose answers time waits for."""

    def __init__(self, loop: FastLoop) -> None:
        super().__init__()
        self._loop = loop

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As usual; the body is read at once."""
        self._loop.answers += 1
        try:
            response = await super().handle_async_request(request)
            await response.aread()
            return response
        finally:
            self._loop.answers -= 1
