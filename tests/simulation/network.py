"""The network of a simulation: every request of an agent's own HTTP client has a fate on its way to the real app.

good    passes                                      lost     the server takes it, its answer is lost
reset   the connection ends before it arrives       stalled  nothing comes until the agent gives up; it arrives later
double  it comes twice                              late     it passes, and comes once more, some seconds later
slow    passes, taking seconds in one direction     away     no connection for a while (a partition, of one PC or all)
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextvars import Context
from typing import Literal

import httpx

from tests.simulation.central import Central
from tests.simulation.history import History
from tests.simulation.loop import SimulatedLoop

Fate = Literal["good", "lost", "reset", "stalled", "double", "late", "slow", "away"]
_FATES: tuple[Fate, ...] = ("good", "lost", "reset", "stalled", "double", "late", "slow")
_WEIGHTS = (60, 8, 8, 2, 8, 8, 6)
PATIENCE_S, CONNECT_S = 20.0, 5.0
"""bridge_agent.server.TIMEOUT."""
QUICK_S, SLOW_S, LATE_S = 0.08, 2.5, 30.0


class Network:
    """All lines to the server."""

    def __init__(self, loop: SimulatedLoop, central: Central, history: History, rng: random.Random) -> None:
        self.well = False
        """No more faults."""
        self.away_until: dict[str, float] = {}
        """By PC, and "" for all: no connection until then."""
        self.fates: Counter[Fate] = Counter()
        self._loop, self._central, self._history, self._rng = loop, central, history, rng
        self._under_way: dict[asyncio.Task[None], None] = {}

    def fate(self, pc: str) -> Fate:
        """What becomes of a PC's next request."""
        if max(self.away_until.get(pc, 0.0), self.away_until.get("", 0.0)) > self._loop.now:
            return "away"
        return "good" if self.well else self._rng.choices(_FATES, _WEIGHTS)[0]

    async def carry(self, pc: str, request: httpx.Request) -> httpx.Response:
        """Carry a request and its answer. Raises httpx.TransportError."""
        fate, rng = self.fate(pc), self._rng
        self.fates[fate] += 1
        there = rng.uniform(0.01, QUICK_S)
        back = rng.uniform(0.01, QUICK_S)
        if fate == "slow":
            there, back = rng.choice(((rng.uniform(0.5, SLOW_S), back), (there, rng.uniform(0.5, SLOW_S))))
        if fate == "away":
            await asyncio.sleep(CONNECT_S)
            self._history.tell(pc, "no connection")
            raise httpx.ConnectTimeout("away")
        await asyncio.sleep(there)
        if fate == "reset":
            raise httpx.ConnectError("reset")
        if fate in ("stalled", "late", "double"):
            self._later(pc, request, rng.uniform(0, LATE_S) if fate != "double" else 0.0)
        if fate == "stalled":
            await asyncio.sleep(PATIENCE_S)
            raise httpx.ReadTimeout("stalled")
        response = await self._central.answer(request)
        self._tell(pc, request, response, fate)
        await asyncio.sleep(back)
        if fate == "lost":
            raise httpx.ReadError("lost")
        return response

    def _later(self, pc: str, request: httpx.Request, seconds: float) -> None:
        async def arrive() -> None:
            await asyncio.sleep(seconds)
            try:
                self._tell(pc, request, await self._central.answer(request), "late")
            except httpx.TransportError:
                self._history.tell(pc, "copy", "lost")

        task = self._loop.create_task(arrive(), context=Context())
        self._under_way[task] = None
        task.add_done_callback(lambda done: self._under_way.pop(done, None), context=Context())

    def _tell(self, pc: str, request: httpx.Request, response: httpx.Response, fate: Fate) -> None:
        size = len(request.content)
        self._history.tell(pc, request.method, request.url.path, fate, size, response.status_code, response.text[:90])
        if response.status_code >= 500 and response.status_code != 503:
            raise AssertionError(f"{request.url.path}: {response.status_code}")

    async def settle(self) -> None:
        """Let what is under way arrive."""
        while self._under_way:
            await asyncio.wait(list(self._under_way))


class Line(httpx.AsyncBaseTransport):
    """One PC's way to the network. `dead`: its program is gone."""

    def __init__(self, network: Network, pc: str) -> None:
        self.dead = False
        self._network, self._pc = network, pc

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        if self.dead:
            raise httpx.ConnectError("this PC is off")
        await request.aread()
        response = await self._network.carry(self._pc, request)
        if self.dead:
            raise httpx.ConnectError("this PC is off")
        return response
