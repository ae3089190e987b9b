from __future__ import annotations

import concurrent.futures

import msgspec
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.ledger.ingest import BODY_LIMIT
from central_server.ledger.tables import LogHead, LogRecord, SignedHead
from central_server.own_log.writing import own_head
from models.receipts import Receipt, verify_receipt
from models.records import GENESIS, CheckIn, Link, Seal, SignedCheckpoint, chain, sign_batch, verify_signature
from models.wire import Refusal
from tests.central_server.running import MINUTE, START, Agent, Running, join


def stored(server: Running, agent: Agent) -> list[bytes]:
    with Session(server.services.engine) as db:
        rows = db.exec(select(LogRecord).where(LogRecord.device == agent.device, LogRecord.log == agent.log)).all()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [row.line for row in rows]


def fill(agent: Agent, count: int) -> None:
    for n in range(count):
        agent.presence("K1.1", "l-1", START + n * MINUTE, START + n * MINUTE + 30_000)


def test_a_batch_is_kept_byte_for_byte_with_its_signature(server: Running, agent: Agent) -> None:
    fill(agent, 3)
    receipt = agent.send_all()
    assert isinstance(receipt, Receipt)
    said = (receipt.device, receipt.log, receipt.seq, receipt.head, receipt.server_time)
    assert said == (agent.device, "log-1", 3, chain(GENESIS, agent.lines).hex(), START)
    verify_receipt(agent.server_key, receipt)
    with server.services.engine.connect() as connection:
        assert (receipt.server_log_seq, bytes.fromhex(receipt.server_log_head)) == own_head(connection)
    assert stored(server, agent) == agent.lines
    with Session(server.services.engine) as db:
        signed = db.exec(select(SignedHead)).one()
        head = db.exec(select(LogHead)).one()
    assert head.head == signed.head == chain(GENESIS, agent.lines)
    checkpoint = SignedCheckpoint(agent.batch(1, 3).signed.checkpoint, signed.signature.hex())
    verify_signature(agent.key.public_key(), checkpoint)


def test_an_error_that_nobody_foresaw_is_told_in_a_sentence_and_logged(
    server: Running, agent: Agent, caplog: pytest.LogCaptureFixture
) -> None:
    fill(agent, 3)
    damage = "INSERT INTO record (device, log, seq, session, kind, line) VALUES (:d, 'log-1', 2, 'K1.1', 'link', x'00')"
    server.do(lambda db: db.execute(text(damage), {"d": agent.device}))  # a record that no head tells of
    got = agent.request("POST", "/api/agent/batches", agent.batch(1, 3).encode())
    assert (got.status_code, got.headers["content-type"]) == (500, "application/json")
    assert "hãy thử lại sau ít phút" in got.json()["vi"]
    agent.today()  # the error is logged once its answer is on the way, which is before this one
    assert "IntegrityError" in caplog.text


def test_every_kind_is_found_by_its_session_and_server_time(server: Running, agent: Agent) -> None:
    agent.add(CheckIn, session="K1.1", learner="l-1", at=START - 5, method="face", score=0.7, encoder="intel")
    agent.coverage("K1.1", START, START + MINUTE)
    agent.add(Link, session="K1.1", start=START, end=START + 7, ended_by="stopped")
    agent.add(Seal, session="K1.1", check_ins=1, presences=0, coverages=1, present_ms=0, covered_ms=MINUTE)
    assert isinstance(agent.send_all(), Receipt)
    with Session(server.services.engine) as db:
        rows = [(r.kind, r.session, r.learner, r.start, r.end) for r in db.exec(select(LogRecord))]
    assert rows == [
        ("check_in", "K1.1", "l-1", START - 5, START - 5),
        ("coverage", "K1.1", None, START, START + MINUTE),
        ("link", "K1.1", None, START, START + 7),
        ("seal", "K1.1", None, None, None),
    ]


def test_duplicates_are_harmless_and_overlaps_add_what_is_new(server: Running, agent: Agent) -> None:
    fill(agent, 5)
    assert isinstance(agent.send(agent.batch(1, 3)), Receipt)
    again = agent.send(agent.batch(1, 3))
    assert isinstance(again, Receipt) and again.seq == 3
    overlap = agent.send(agent.batch(2, 5))
    assert isinstance(overlap, Receipt) and overlap.seq == 5
    late = agent.send(agent.batch(1, 2))
    assert isinstance(late, Receipt) and (late.seq, late.head) == (5, overlap.head)
    assert stored(server, agent) == agent.lines


def test_a_gap_is_refused_with_the_seq_that_is_wanted(server: Running, agent: Agent) -> None:
    fill(agent, 5)
    agent.send(agent.batch(1, 2))
    refused = agent.send(agent.batch(4, 5))
    assert isinstance(refused, Refusal) and (refused.reason, refused.wanted_seq) == ("gap", 3)
    assert stored(server, agent) == agent.lines[:2]


def test_forks_are_refused_and_change_nothing(server: Running, agent: Agent) -> None:
    fill(agent, 4)
    agent.send(agent.batch(1, 3))
    other = list(agent.lines)
    other[1] = other[1].replace(b'"sightings":30', b'"sightings":31')
    assert other[1] != agent.lines[1]
    forks = [
        agent.batch(1, 3, other),  # another record 2
        agent.batch(2, 4, other),  # the same, with something new behind it
        agent.batch(3, 3, other),  # the same record 3, but another history before it
        agent.batch(4, 4, other),  # only what is new, on another history
        agent.batch(1, 2, other),
    ]
    for fork in forks:
        refused = agent.send(fork)
        assert isinstance(refused, Refusal) and refused.reason == "fork", fork
    assert stored(server, agent) == agent.lines[:3]
    assert isinstance(agent.send(agent.batch(4, 4)), Receipt)


def test_a_false_signature_is_refused(server: Running, agent: Agent) -> None:
    fill(agent, 1)
    stranger = join(server, "BC")
    good = agent.batch(1, 1)
    forged = sign_batch(stranger.key, good.signed.checkpoint, good.lines)
    refused = agent.send(forged)
    assert isinstance(refused, Refusal) and refused.reason == "signature"
    assert stored(server, agent) == []


def test_a_batch_is_its_signers_whoever_brings_it(server: Running, agent: Agent) -> None:
    fill(agent, 2)
    carrier = join(server, "BC")
    taken = carrier.send(agent.batch(1, 2))
    assert isinstance(taken, Receipt) and taken.device == agent.device
    assert stored(server, agent) == agent.lines


def test_what_is_no_batch_is_refused(server: Running, agent: Agent) -> None:
    fill(agent, 2)
    lines = [line.replace(b'"seq":2', b'"seq":3') for line in agent.lines]
    bodies = {
        "invalid": [
            b"",
            b"{}",
            b"\xff\xfe\n{}",
            agent.batch(1, 2, lines).encode(),
            agent.batch(1, 1).encode() + b"\n{",
        ],
        "too_large": [b"x" * (BODY_LIMIT + 1)],
    }
    for reason, some in bodies.items():
        for body in some:
            got = agent.request("POST", "/api/agent/batches", body)
            assert msgspec.json.decode(got.content, type=Refusal).reason == reason, body[:80]
            assert 400 <= got.status_code < 500
    assert stored(server, agent) == []


def test_the_largest_batch_fits_and_one_more_does_not(server: Running, agent: Agent) -> None:
    for n in range(501):
        line = agent.add(Link, session="K1.1", start=START, end=START, ended_by="x" * 700)
        assert line.seq == n + 1
    assert isinstance(agent.send(agent.batch(1, 500)), Receipt)
    refused = agent.send(agent.batch(1, 501))
    assert isinstance(refused, Refusal) and refused.reason == "invalid"


def test_many_at_once_end_as_one_honest_log_each(server: Running) -> None:
    agents = [join(server, "TDM" if n % 2 else "BC") for n in range(4)]
    for one in agents:
        fill(one, 40)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for _ in range(3):  # again and again, for what came too early was refused as a gap
            sent = [pool.submit(one.send, one.batch(first, first + 9)) for first in (1, 11, 21, 31) for one in agents]
            answers = [future.result() for future in sent]
        while any(isinstance(one, Refusal) for one in answers):
            assert all(one.reason == "gap" for one in answers if isinstance(one, Refusal))
            answers = [one.send(one.batch(first, first + 9)) for first in (1, 11, 21, 31) for one in agents]
    for one in agents:
        assert stored(server, one) == one.lines


def test_a_restarted_log_is_another_log(server: Running, agent: Agent) -> None:
    fill(agent, 2)
    agent.send_all()
    first = stored(server, agent)
    agent.log, agent.lines = "log-2", []
    fill(agent, 1)
    assert isinstance(agent.send_all(), Receipt)
    assert stored(server, agent) == agent.lines
    agent.log = "log-1"
    assert stored(server, agent) == first
