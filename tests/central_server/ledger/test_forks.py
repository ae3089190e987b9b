from __future__ import annotations

from sqlmodel import Session, select

from central_server.ledger.forks import FORKS_KEPT
from central_server.ledger.tables import Fork, Gap
from models.own_records import ForkSeen, GapClosed
from models.receipts import Receipt
from models.records import decode_batch, verify_signature
from models.wire import Refusal
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import MINUTE, START, Agent, Running


def fill(agent: Agent, count: int) -> None:
    for n in range(count):
        agent.presence("K1.1", "l-1", START + n * MINUTE, START + n * MINUTE + 30_000)


def forged(agent: Agent, mark: int) -> list[bytes]:
    """Another record 2."""
    lines = list(agent.lines)
    lines[1] = lines[1].replace(b'"sightings":30', b'"sightings":%d' % mark)
    return lines


def test_both_versions_of_a_fork_are_kept_and_shown(server: Running, agent: Agent) -> None:
    fill(agent, 3)
    agent.send_all()
    other = agent.batch(1, 3, forged(agent, 31))
    for _ in range(2):  # sent again it is not kept again
        refused = agent.send(other)
        assert isinstance(refused, Refusal) and refused.reason == "fork"
    with Session(server.services.engine) as db:
        fork = db.exec(select(Fork)).one()
    kept = decode_batch(fork.batch)
    assert (kept, fork.seq, fork.ends) == (other, 2, 3)
    verify_signature(agent.key.public_key(), kept.signed)  # the device can't deny it
    told = [record for record in own_log(server) if isinstance(record, ForkSeen)]
    assert [(one.device, one.differs, one.ends) for one in told] == [(agent.device, 2, 3)]
    page = server.manager().get("/sessions/K1.1").text
    assert "nhật ký khác với bản đã gửi trước đó (từ bản ghi 2)" in page


def test_forks_do_not_fill_the_disk(server: Running, agent: Agent) -> None:
    fill(agent, 2)
    agent.send_all()
    for mark in range(FORKS_KEPT + 5):
        assert isinstance(agent.send(agent.batch(1, 2, forged(agent, 100 + mark))), Refusal)
    with Session(server.services.engine) as db:
        assert len(db.exec(select(Fork)).all()) == FORKS_KEPT


def test_a_gap_that_closes_is_told(server: Running, agent: Agent) -> None:
    fill(agent, 6)
    agent.send(agent.batch(1, 1))
    refused = agent.send(agent.batch(5, 6))
    assert isinstance(refused, Refusal) and (refused.reason, refused.wanted_seq) == ("gap", 2)
    assert isinstance(agent.send(agent.batch(2, 3)), Receipt)
    assert not any(isinstance(record, GapClosed) for record in own_log(server))
    assert isinstance(agent.send(agent.batch(4, 6)), Receipt)
    told = own_log(server)[-1]
    assert isinstance(told, GapClosed) and (told.first, told.last) == (2, 4)
    with Session(server.services.engine) as db:
        assert db.exec(select(Gap)).all() == []
