from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent import identity
from bridge_agent.agent import Agent
from bridge_agent.agent import Parts as AgentParts
from bridge_agent.config import Config, Settings
from bridge_agent.data_folder import DataFolder
from bridge_agent.errors import ServerAwayError
from bridge_agent.eyes import Assignment
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.key_rotation import ROTATE_BEFORE_MS, is_due, rotate
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.server import Server
from bridge_agent.supervisor import Listener
from central_server.backup.copying import back_up
from central_server.backup.restoring import restore
from models.wire import RotateAnswer, RotateRequest
from tests.central_server.running import Running, running, write_course
from tests.faults.making import presence
from tests.faults.sending import Parts, client, clock_of, held

KEYS = KeyStore()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=3))
        yield one


async def join(server: Running, folder: DataFolder) -> Identity:
    folder.make()
    async with Server(server.address, clock_of(server)) as to:
        return await identity.join(folder, KEYS, to, server.token("TDM"))


class Lossy(Server):
    """A line on which the answers to the next `lost` rotations are lost."""

    lost = 0

    async def rotate(self, request: RotateRequest, signer: Ed25519PrivateKey | None = None) -> RotateAnswer:
        answer = await super().rotate(request, signer)
        if self.lost:
            self.lost -= 1
            raise ServerAwayError("mất", "lost")
        return answer


async def test_a_key_is_renewed_in_time_even_when_answers_are_lost_and_the_power_goes(
    tmp_path: Path, server: Running
) -> None:
    folder = DataFolder(tmp_path / "agent")
    who = await join(server, folder)
    ends = who.membership.key_expires_at
    assert not is_due(who.membership, ends - ROTATE_BEFORE_MS - 1)
    assert is_due(who.membership, ends - ROTATE_BEFORE_MS)
    server.clock.ms = ends - ROTATE_BEFORE_MS
    old = who.key.private_bytes_raw()
    for _ in range(2):
        who = identity.load(folder, KEYS)  # as after a power cut
        async with Lossy(server.address, clock_of(server), who) as to:
            to.lost = 1
            with pytest.raises(ServerAwayError):
                await rotate(folder, KEYS, who, to)
        assert who.key.private_bytes_raw() == old
    async with client(server, who) as to:
        await rotate(folder, KEYS, who, to)
        assert who.key.private_bytes_raw() != old
        assert not is_due(who.membership, server.clock.ms)
        assert not folder.next_key.exists()
        await to.today()  # signed with the new key
    again = identity.load(folder, KEYS)
    assert again.key.private_bytes_raw() == who.key.private_bytes_raw()
    assert again.membership == who.membership


async def test_an_expired_key_stops_only_the_sending_until_it_is_renewed(tmp_path: Path, server: Running) -> None:
    folder = DataFolder(tmp_path / "agent")
    who = await join(server, folder)
    log = Log.open(tmp_path / "log.db", who.membership.device, 1)
    log.append([presence(1)])
    server.clock.ms = who.membership.key_expires_at + 1
    async with client(server, who) as to:
        parts = Parts(tmp_path, log, who, to)
        assert not await parts.courier.once(0)
        assert parts.alarms.for_manager() != ()
        assert log.append([presence(2)]) == 2
        await to.today()
        await rotate(folder, KEYS, who, to)
        parts.courier.hurry()
        await parts.drain()
        assert held(server, who.membership.device, log.id) == log.lines(1, 2)
        assert parts.alarms.here() == ()
        parts.close()
    log.close()


async def test_a_crash_between_the_two_files_leaves_a_key_that_works(tmp_path: Path, server: Running) -> None:
    folder = DataFolder(tmp_path / "agent")
    who = await join(server, folder)
    before = folder.identity.read_bytes()
    async with client(server, who) as to:
        await rotate(folder, KEYS, who, to)
    folder.identity.write_bytes(before)  # not written any more
    folder.next_key.write_bytes(folder.key.read_bytes())
    who = identity.load(folder, KEYS)
    async with client(server, who) as to:
        await to.today()
        await rotate(folder, KEYS, who, to)
        await to.today()
    assert msgspec.json.decode(folder.identity.read_bytes())["key_expires_at"] == who.membership.key_expires_at


async def run_until_renewed(tmp_path: Path, folder: DataFolder, who: Identity, to: Server, server: Running) -> None:
    """Run the whole agent until the server believes its requests and its key is no longer due."""

    async def nobody_watches(_: Assignment, __: Listener, ___: Journal) -> None:
        raise AssertionError("there is no session")

    settings = Settings(Config(data=str(folder.path), plan_seconds=1), None)
    log = Log.open(folder.log, who.membership.device, 1)
    log.append([presence(1)])
    journal = Journal(folder.journal, server.clock)
    stop = asyncio.Event()
    agent = Agent(AgentParts(settings, who, KEYS, log, to, clock_of(server), journal, nobody_watches))
    running_agent = asyncio.create_task(agent.run(stop))
    try:
        async with asyncio.timeout(60):
            while log.waiting or is_due(who.membership, server.clock.ms):  # noqa: ASYNC110 - the log has no event
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running_agent
        journal.close()
        log.close()
    assert held(server, who.membership.device, log.id) != []


async def test_an_agent_whose_new_keys_answer_was_lost_asks_again_though_its_old_key_opens_nothing_any_more(
    tmp_path: Path, server: Running
) -> None:
    folder = DataFolder(tmp_path / "agent")
    who = await join(server, folder)
    server.clock.ms = who.membership.key_expires_at - ROTATE_BEFORE_MS
    async with Lossy(server.address, clock_of(server), who) as to:
        to.lost = 1
        await run_until_renewed(tmp_path, folder, who, to, server)
    assert identity.load(folder, KEYS).membership == who.membership


async def test_a_server_restored_from_before_the_new_key_is_told_of_it_by_the_old_one(tmp_path: Path) -> None:
    folder, data = DataFolder(tmp_path / "agent"), tmp_path / "data"
    with running(data) as server:
        server.load(write_course(tmp_path / "course.toml", learners=3))
        who = await join(server, folder)
        back_up(data / "diemdanh.db", tmp_path / "copy.db")
        server.clock.ms = who.membership.key_expires_at - ROTATE_BEFORE_MS
        async with client(server, who) as to:
            await rotate(folder, KEYS, who, to)
    restore(data / "diemdanh.db", tmp_path / "copy.db", server.clock.ms, replace=True)
    with running(data, server.clock) as server:
        async with client(server, who) as to:
            await run_until_renewed(tmp_path, folder, who, to, server)
    assert identity.load(folder, KEYS).key.private_bytes_raw() == who.key.private_bytes_raw()
