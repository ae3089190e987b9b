"""The real agent and a real server: it tells how it is, and its own pages say the same to programs on this PC."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge_agent.agent import Agent, Parts
from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import Desk
from bridge_agent.config import Config, Settings, StreamingConfig
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.eyes import Assignment
from bridge_agent.health.keeping import ThisPc
from bridge_agent.health.machine import Gauge
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.server import Server
from bridge_agent.supervisor import Listener
from tests.central_server.running import running, write_course
from tests.faults.sending import clock_of, joined


async def nobody_watches(assignment: Assignment, listener: Listener, journal: Journal) -> None:
    await asyncio.Event().wait()


class CountedLock:
    """A way to keep a PC awake that only counts."""

    def __init__(self) -> None:
        self.held = False
        self.taken = 0

    def take(self) -> bool:
        self.taken += not self.held
        self.held = True
        return True

    def release(self) -> None:
        self.held = False


@pytest.mark.timeout(60)
async def test_an_agent_tells_how_it_is(tmp_path: Path) -> None:
    config = Config(data=str(tmp_path / "agent"), key_store="file", streaming=StreamingConfig(enabled=False))
    settings = Settings(config, None)
    settings.folder.make()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def console(desk: Desk, alarms: Alarms, health: object) -> None:
        assert callable(health)
        await serve(create_app(desk, tmp_path / "none", health=health), listening=address.set_result)

    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        who = joined(server)
        clock = clock_of(server)
        log = Log.open(settings.folder.log, who.membership.device, 1)
        journal = Journal(settings.folder.journal, clock.clocks.wall)
        journal.lost("recognition", "exit -9")
        stop = asyncio.Event()
        gauge, lock = Gauge(settings.folder.path), CountedLock()
        pc = ThisPc(lambda: msgspec.structs.replace(gauge.read(), disk_free=5_000_000, plugged=False), lock)
        async with Server(server.address, clock, who) as to:
            parts = Parts(
                settings, who, KeyStore(), log, to, clock, journal, nobody_watches, console=console, pc=pc
            )  # fmt: skip
            agent = asyncio.create_task(Agent(parts).run(stop))
            async with httpx.AsyncClient(base_url=await address, timeout=60) as client:
                async with asyncio.timeout(60):
                    while (said := (await client.get("/health")).json())["lights"][-1]["state"] == "good":  # noqa: ASYNC110
                        await asyncio.sleep(0.1)
                    while not lock.held:  # noqa: ASYNC110 - the plan comes with the first contact
                        await asyncio.sleep(0.1)
                metrics = (await client.get("/metrics")).text
                foreign = await client.get("/metrics", headers={"Host": "evil.example"})
            async with asyncio.timeout(60):
                while not (told := server.services.agents.all()):  # noqa: ASYNC110 - the server has no event for it
                    await asyncio.sleep(0.02)
            stop.set()
            with contextlib.suppress(asyncio.CancelledError):
                await agent
        journal.close()
        log.close()
    assert foreign.status_code == 421
    assert (lock.taken, lock.held) == (1, False)  # its class begins now; let go at the agent's end
    assert "200 MB" in said["lights"][-1]["vi"] and said["lights"][-1]["part"] == "pc"
    (one,) = told
    assert one.device == who.membership.device
    assert one.health.version == "0.1.0" and one.health.machine.memory > 10_000_000
    assert [(lost.process, lost.count, lost.reason) for lost in one.health.restarts] == [("recognition", 1, "exit -9")]
    assert said["version"] == "0.1.0" and {light["part"] for light in said["lights"]} >= {"camera", "log", "pc"}
    found = {
        sample.name: sample.value for family in text_string_to_metric_families(metrics) for sample in family.samples
    }
    assert found["diemdanh_agent_restarts_total"] == 1
    assert found["diemdanh_agent_records_waiting"] == 0
    assert found["diemdanh_agent_disk_free_bytes"] > 0
