"""A week's backlog goes to the server while today's session runs: the page hears of today at its usual rhythm."""

from __future__ import annotations

import asyncio
import functools
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from bridge_agent import supervisor
from bridge_agent.agent import Agent, Parts
from bridge_agent.clock import boot_ms
from bridge_agent.config import Config, Settings
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from models.receipts import Receipt
from models.records import BATCH_LIMIT, Batch
from models.wire import LiveStatus
from tests.central_server.running import START, Clock, running, write_course
from tests.end_to_end.scripted_agent import Script, watch
from tests.faults.making import presence
from tests.faults.sending import held, joined

pytestmark = pytest.mark.alone

BACKLOG = 20_000
LINE_S = 0.2
"""What a batch of 200 KiB costs on this line."""
STATUS_S = 1.0


@dataclass
class Ticking(Clock):
    """The server's clock: an hour into the session when the test begins, and running."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self) -> int:
        return START + 3_600_000 + round((time.monotonic() - self.began) * 1_000)


class SlowLine(Server):
    """The agent's client over a slow line, with the times of what it sent."""

    def __init__(self, url: str, clock: ServerClock, identity: Identity) -> None:
        super().__init__(url, clock, identity)
        self.statuses: list[tuple[float, LiveStatus]] = []
        self.batches: list[int] = []

    async def send_batch(self, batch: Batch) -> Receipt:
        await asyncio.sleep(LINE_S)
        self.batches.append(len(batch.lines))
        return await super().send_batch(batch)

    async def send_status(self, status: LiveStatus) -> None:
        await super().send_status(status)
        self.statuses.append((time.monotonic(), status))


@pytest.fixture
async def drained(tmp_path: Path) -> AsyncIterator[tuple[SlowLine, int, bool]]:
    """The line after the backlog went over it, how many records there are, and whether both logs are the same."""
    (tmp_path / "HV000.jpg").touch()
    script = Script({"HV000": [(0, boot_ms() + 600_000)]})
    (tmp_path / "script.json").write_bytes(msgspec.json.encode(script))
    config = Config(
        data=str(tmp_path / "agent"), source=str(tmp_path / "script.json"), portraits=str(tmp_path),
        sync_seconds=1, status_seconds=STATUS_S, plan_seconds=2,
    )  # fmt: skip
    settings = Settings(config, None)
    settings.folder.make()
    with running(tmp_path / "data", Ticking()) as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        who = joined(server)
        log = Log.open(settings.folder.log, who.membership.device, 1)
        for first in range(0, BACKLOG, 1_000):
            log.append([presence(first + n, f"K1.{first // 4_000 + 2}") for n in range(1_000)])
        clock = ServerClock(this_pc())
        journal = Journal(settings.folder.journal, clock.clocks.wall)
        stop = asyncio.Event()
        async with SlowLine(server.address, clock, who) as line:
            parts = Parts(
                settings, who, KeyStore(), log, line, clock, journal, functools.partial(supervisor.watch, watch)
            )
            agent = asyncio.create_task(Agent(parts).run(stop))
            async with asyncio.timeout(60):
                while log.acknowledged_seq < BACKLOG:  # noqa: ASYNC110 - the log has no event to wait for
                    await asyncio.sleep(0.05)
            stop.set()
            await agent
            yield line, log.last_seq, held(server, who.membership.device, log.id) == log.lines(1, log.last_seq)
        journal.close()
        log.close()


@pytest.mark.timeout(120)
async def test_a_weeks_backlog_does_not_starve_todays_session(drained: tuple[SlowLine, int, bool]) -> None:
    line, records, same = drained
    assert same
    assert records > BACKLOG
    assert line.batches[: BACKLOG // BATCH_LIMIT] == [BATCH_LIMIT] * (BACKLOG // BATCH_LIMIT)
    while_draining = [(at, status) for at, status in line.statuses if status.waiting > BATCH_LIMIT]
    assert len(while_draining) >= BACKLOG / BATCH_LIMIT * LINE_S / STATUS_S / 2
    gaps = [b - a for (a, _), (b, _) in itertools.pairwise(while_draining)]
    assert max(gaps) < 2 * STATUS_S, gaps
    assert [len(status.present) for _, status in while_draining][-1] == 1  # today's learner is seen meanwhile
