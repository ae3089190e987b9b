from __future__ import annotations

from pathlib import Path

from sqlmodel import Session, select

from central_server.ledger.forks import FORKS_KEPT
from central_server.ledger.tables import Fork, ForksDropped, Gap
from central_server.participation.book import FACTS_LIFE_MS
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models import own_records
from models.own_records import ForkSeen, GapClosed
from models.receipts import Receipt
from models.records import decode_batch, verify_signature
from models.wire import Refusal
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import MINUTE, START, Agent, Running, write_course


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
    assert "nhờ cán bộ kỹ thuật dừng một máy" in page, "a copied data folder is what mostly makes two logs of one"


def test_forks_do_not_fill_the_disk(server: Running, agent: Agent) -> None:
    fill(agent, 2)
    agent.send_all()
    for mark in range(FORKS_KEPT + 5):
        assert isinstance(agent.send(agent.batch(1, 2, forged(agent, 100 + mark))), Refusal)
    with Session(server.services.engine) as db:
        assert len(db.exec(select(Fork)).all()) == FORKS_KEPT


def test_forks_that_are_not_kept_are_counted_told_and_proved(server: Running, agent: Agent, tmp_path: Path) -> None:
    """Whoever fills the place with forks of one session must not have a hand free in another."""
    server.load(write_course(tmp_path / "k2.toml", code="K2"))
    fill(agent, 2)
    agent.send_all()
    for mark in range(FORKS_KEPT):
        agent.send(agent.batch(1, 2, forged(agent, 100 + mark)))
    calm = server.manager().get("/sessions/K2.1").text
    others = [line.replace(b'"session":"K1.1"', b'"session":"K2.1"') for line in forged(agent, 99)]
    nowhere = [line.replace(b'"session":"K1.1"', b'"session":"none-such"') for line in forged(agent, 98)]
    before = len(own_log(server))
    for _ in range(5):
        assert isinstance(agent.send(agent.batch(1, 2, others)), Refusal)
    for _ in range(3):
        assert isinstance(agent.send(agent.batch(1, 2, nowhere)), Refusal)
    with Session(server.services.engine) as db:
        counts = {one.session: one.count for one in db.exec(select(ForksDropped))}
    assert counts == {"K2.1": 5, "": 3}
    told = own_log(server)[before:]
    assert [
        (one.session, one.count) for one in told if isinstance(one, own_records.ForksDropped)
    ] == [("K2.1", 1), ("K2.1", 2), ("K2.1", 4), (None, 1), (None, 2)]  # fmt: skip
    server.clock.ms += FACTS_LIFE_MS
    page = server.manager().get("/sessions/K2.1").text
    assert "nhật ký khác với bản đã gửi" not in calm
    assert "nhật ký khác với bản đã gửi trước đó (thêm 5 lần, không giữ lại)" in page
    with server.services.engine.connect() as db:
        assert not verify(StoredEvidence(db), []).findings
        db.exec_driver_sql("UPDATE forks_dropped SET count = 3 WHERE session = 'K2.1'")
        (finding,) = verify(StoredEvidence(db), []).findings
        db.rollback()
    assert "refused versions not kept" in finding.en


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
