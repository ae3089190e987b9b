"""Batches that wait together: each gets its own answer, and none holds the others up."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from sqlalchemy import text

from central_server.bridge_points.signature import DeviceKeys
from central_server.database import Writer, open_database
from central_server.errors import ForkError, GapError, KeyRevokedError, RefusedError
from central_server.ledger.ingest import Held, ReadBatch, read_batch
from central_server.ledger.intake import GROUP_RECORDS, Intake
from models.records import GENESIS, chain
from tests.central_server.running import START, Agent, join, running, write_course


def agents_of(folder: Path, count: int, records: int) -> list[Agent]:
    """Agents that have joined the server whose data lies in `folder`, each with so many records to send."""
    with running(folder) as server:
        server.load(write_course(folder / "course.toml"))
        agents = [join(server) for _ in range(count)]
    for agent in agents:
        for n in range(records):
            agent.presence("K1.1", "l-1", START + n, START + n + 1)
    return agents


def at_once(folder: Path, batches: list[tuple[Agent, int, int]], before: str = "") -> list[object]:
    """What an intake says of the batches (agent, first, last), all given to it before it can begin. before: an SQL
    statement that is carried out first.
    """  # fmt: skip
    engine = open_database(folder / "diemdanh.db")
    keys = DeviceKeys(engine)
    read = [read_batch(agent.batch(first, last), keys.of(agent.device, START)) for agent, first, last in batches]
    if before:
        with engine.begin() as connection:
            connection.execute(text(before))

    async def all_of(intake: Intake, some: list[ReadBatch]) -> list[object]:
        return await asyncio.gather(*(intake.take_in(one) for one in some), return_exceptions=True)

    try:
        with Writer(engine) as writer:
            return asyncio.run(all_of(Intake(writer, lambda: START), read))
    finally:
        engine.dispose()


def seqs(answers: list[object]) -> list[int]:
    """How far each is held; 0 for a refusal."""
    return [one.receipt.seq if isinstance(one, Held) else 0 for one in answers]


def test_batches_of_one_log_that_wait_together_are_taken_in_their_order(tmp_path: Path) -> None:
    (agent,) = agents_of(tmp_path, 1, 6)
    answers = at_once(tmp_path, [(agent, 1, 2), (agent, 3, 4), (agent, 3, 4), (agent, 5, 6), (agent, 1, 6)])
    assert seqs(answers) == [2, 4, 4, 6, 6]
    heads = [one.receipt.head for one in answers if isinstance(one, Held)]
    assert heads == [chain(GENESIS, agent.lines[:last]).hex() for last in (2, 4, 4, 6, 6)]


def test_a_refused_batch_holds_no_other_up(tmp_path: Path) -> None:
    good, early, forger, gone, late = agents_of(tmp_path, 5, 4)
    assert seqs(at_once(tmp_path, [(forger, 1, 3)])) == [3]
    forger.lines[1] = forger.lines[1].replace(b'"sightings":0', b'"sightings":7')
    revoke = f"UPDATE device_key SET revoked = 1, ended_at = 1 WHERE device = '{gone.device}'"  # noqa: S608 - our own id
    answers = at_once(tmp_path, [(good, 1, 4), (early, 3, 4), (forger, 1, 4), (gone, 1, 4), (late, 1, 4)], revoke)
    assert seqs(answers) == [4, 0, 0, 0, 4]
    assert [type(one) for one in answers if isinstance(one, RefusedError)] == [GapError, ForkError, KeyRevokedError]


def test_a_log_whose_rows_are_damaged_in_the_database_fails_alone(tmp_path: Path) -> None:
    agents = agents_of(tmp_path, 3, 4)
    damage = (  # a record that no head tells of
        "INSERT INTO record (device, log, seq, session, kind, line)"  # noqa: S608 - our own id
        f" VALUES ('{agents[1].device}', 'log-1', 2, 'K1.1', 'presence', x'00')"
    )
    answers = at_once(tmp_path, [(agent, 1, 4) for agent in agents], damage)
    assert seqs(answers) == [4, 0, 4]
    assert isinstance(answers[1], sqlite3.IntegrityError)


def test_more_than_a_group_holds_is_taken_in_all_the_same(tmp_path: Path) -> None:
    agents = agents_of(tmp_path, GROUP_RECORDS // 500 + 2, 500)
    assert seqs(at_once(tmp_path, [(agent, 1, 500) for agent in agents])) == [500] * len(agents)
