"""A bad line: a TCP proxy between the agent's own client and a real server, with a fate for every request.

good    passes                                        lost    the server takes it, its answer is lost
cut     ends at a random byte of the request          broken  the answer ends at a random byte
reset   the connection is reset before it begins      stalled nothing moves until the agent gives up; it comes later
double  the request comes twice                       late    it passes, and once more, some requests later
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import httpx

from bridge_agent.log import Log
from bridge_agent.sync import Sync, send
from tests.central_server.running import Running, running, write_course
from tests.faults.loop import Budget, Found, Tally, round_seed
from tests.faults.making import presence
from tests.faults.sending import client, held, joined

BATCHES, AT_ONCE = 10_000, 250
"""Batches of the whole loop, and of each round: a device each."""
Fate = Literal["good", "lost", "cut", "broken", "reset", "stalled", "double", "late"]
FATES: tuple[Fate, ...] = get_args(Fate)
WEIGHTS = (30, 12, 12, 12, 12, 1, 10, 11)
PATIENCE = httpx.Timeout(0.4)
"""A stalled request costs this much, so that thousands of batches can be sent."""
STEP_MS = 61_000
"""Longer than the agent ever waits after a failure: here it need not wait."""


class BadLine:
    """Stands before `address`; use it in `async with`."""

    def __init__(self, address: str, rng: random.Random) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._rng = rng
        self._waiting: list[tuple[int, bytes]] = []
        """Copies that come late: after how many more requests, and their bytes."""
        self._over = asyncio.Event()
        self._over.set()
        self._writers: set[asyncio.StreamWriter] = set()
        """Of the connections that are open."""
        self.fates: Counter[Fate] = Counter()
        self.well = False
        """No more faults."""

    async def __aenter__(self) -> BadLine:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await self._over.wait()

    async def settle(self) -> None:
        """Deliver what is still under way."""
        self.well = True
        for _, request in self._waiting:
            await self._forward(request)
        self._waiting.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._over.clear()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()
        self._writers.discard(writer)
        if not self._writers:
            self._over.set()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; False when the connection is over."""
        request = await _message(reader)
        fate: Fate = "good" if self.well else self._rng.choices(FATES, WEIGHTS)[0]
        self.fates[fate] += 1
        await self._deliver_late()
        match fate:
            case "cut":
                await self._forward(request[: self._rng.randrange(len(request))], whole=False)
                return False
            case "reset":
                writer.transport.abort()
                return False
            case "stalled":
                self._waiting.append((self._rng.randint(1, 6), request))
                await reader.read()  # until the agent has had enough
                return False
            case "late":
                self._waiting.append((self._rng.randint(1, 6), request))
            case "double":
                await self._forward(request)
        answer = await self._forward(request)
        if fate == "lost":
            return False
        writer.write(answer[: self._rng.randrange(len(answer))] if fate == "broken" else answer)
        await writer.drain()
        return fate != "broken"

    async def _deliver_late(self) -> None:
        self._waiting = [(after - 1, request) for after, request in self._waiting]
        for after, request in list(self._waiting):
            if after <= 0:
                self._waiting.remove((after, request))
                await self._forward(request)

    async def _forward(self, request: bytes, *, whole: bool = True) -> bytes:
        """The server's answer; empty when it gave none, or when the request is not whole and the line ends there."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(request)
            await writer.drain()
            return await _message(reader) if whole else b""
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        finally:
            writer.close()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP request or answer with a Content-Length, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


@dataclass
class Outcome:
    """What a run showed."""

    requests: int
    fates: Counter[Fate] = field(default_factory=Counter)
    lost: int = 0
    """Records of the agent's log that the server lacks, or holds with other bytes."""
    twice: int = 0
    falsely_acknowledged: int = 0
    """Records that the agent called acknowledged at a moment when the server did not hold them."""
    alarms: set[str] = field(default_factory=set)


async def send_over(server: Running, folder: Path, requests: int, seed: int) -> Outcome:
    """Record and send over a bad line until it has seen so many batches; then let it get well and send the rest."""
    rng = random.Random(seed)
    who = joined(server)
    log = Log.open(folder / "log.db", who.membership.device, 1)
    sync, outcome, now = Sync(0, 0, rng), Outcome(0), 0
    async with BadLine(server.address, rng) as line, client(server, who, line.url, PATIENCE) as to:
        while line.fates.total() < requests or log.waiting:
            if line.fates.total() < requests:
                log.append([presence(log.last_seq + n) for n in range(1, rng.randint(2, 5))])
            elif not line.well:
                await line.settle()
            now += STEP_MS
            if receipt := await send(sync, log, to, who, now):
                log.acknowledge(receipt)
            if sync.alarm:
                outcome.alarms.add(sync.alarm.en)
            if rng.random() < 0.02:
                there = held(server, who.membership.device, log.id)
                outcome.falsely_acknowledged += max(0, log.acknowledged_seq - len(there))
        outcome.requests, outcome.fates = line.fates.total(), line.fates
    outcome.lost, outcome.twice = compare(log.lines(1, log.last_seq), held(server, who.membership.device, log.id))
    log.close()
    return outcome


def compare(ours: Sequence[bytes], theirs: Sequence[bytes]) -> tuple[int, int]:
    """Records of the agent's log that the server lacks or has with other bytes, and records that it has twice."""
    lost = sum(a != b for a, b in zip(ours, theirs, strict=False)) + max(0, len(ours) - len(theirs))
    return lost, len(theirs) - len(set(theirs)) + max(0, len(theirs) - len(ours))


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """One device after the other sends over a bad line to the same server."""
    tally, fates = Tally(), Counter[Fate]()
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml", learners=3))
        for number in budget.rounds(BATCHES // AT_ONCE):
            place = folder / str(number)
            place.mkdir()
            outcome = asyncio.run(send_over(server, place, AT_ONCE, round_seed(seed, number)))
            fates += outcome.fates
            tally.counts["batches"] += outcome.requests
            for name, value in (("records lost", outcome.lost), ("records twice", outcome.twice),
                                ("records falsely acknowledged", outcome.falsely_acknowledged)):  # fmt: skip
                tally.counts[name] += value
                tally.expect(not value, f"round {number}: {value} {name}")
            tally.expect(not outcome.alarms, f"round {number}: {', '.join(outcome.alarms)}")
    tally.expect(set(fates) == set(FATES), f"only {', '.join(fates)} came about")
    tally.counts.update({fate: fates[fate] for fate in FATES})
    return tally.found()
