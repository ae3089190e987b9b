"""What is kept of sessions that are over: it is used, and whatever comes late, it is what the records give."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from central_server.app import create_app
from central_server.config import Config
from central_server.participation.settled import settled, settled_sums
from central_server.participation.settling import AFTER_MS, QUIET_MS, Settler
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.records import CheckIn
from tests.central_server.participation.term import DAY, LENGTH, course_id, taught, write_term
from tests.central_server.participation.test_book import records_read
from tests.central_server.participation.test_course import rows
from tests.central_server.running import MINUTE, START, Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        yield one


HELD = frozenset(f"K1.{n}" for n in range(1, 6))


def written(server: Running) -> None:
    """What a page gave to the writer is kept."""
    server.do(lambda _: None)


def kept(server: Running) -> set[str]:
    """The sessions of which something is kept that holds."""
    with Session(server.services.engine) as db:
        return {session for session, _ in settled(db, course_id(server), HELD).parts}


def becomes(server: Running, sessions: set[str]) -> bool:
    """Whether these sessions are what is kept, within some seconds."""
    deadline = time.monotonic() + 60
    while kept(server) != sessions and time.monotonic() < deadline:
        time.sleep(0.02)
    return kept(server) == sessions


def test_records_of_what_is_over_are_read_for_the_first_page_only(server: Running) -> None:
    taught(server, [[1, 0.9, 0.6, 0.5, 0.0, 0.0]] * 2)
    with records_read(server) as first:
        before = rows(server)
    written(server)
    with records_read(server) as again:
        assert rows(server) == before
    assert first and not again
    assert kept(server) == {"K1.1", "K1.2"}


def test_a_late_record_counts_at_once(server: Running) -> None:
    agent, people = taught(server, [[1, 0.5, 0, 0, 0, 0]])
    rows(server)
    written(server)
    agent.presence("K1.1", people[1], START + 105 * MINUTE, START + 210 * MINUTE)
    agent.send_all()
    assert kept(server) == set()
    (one,) = [one for one in rows(server) if one.facts.id == people[1]]
    assert one.forecast.done.seen_ms == LENGTH
    written(server)
    assert kept(server) == {"K1.1"}


def test_a_session_is_settled_before_anybody_asks(server: Running) -> None:
    taught(server, [[1] * 6] * 2)
    server.clock.ms = START + DAY + 210 * MINUTE + AFTER_MS - 1
    with Settler(server.services.settling, server.services.now, pause_s=0.01):
        assert becomes(server, {"K1.1"})
        server.clock.ms += 1
        assert becomes(server, {"K1.1", "K1.2"})
    with records_read(server) as read:
        rows(server)
    assert not read


def test_a_backlog_is_settled_when_it_has_come_in(server: Running) -> None:
    """Settling the same session again after every batch would take a processor from the batches."""
    agent, people = taught(server, [[1, 0.5, 0, 0, 0, 0]])
    server.clock.ms = START + DAY + 210 * MINUTE + AFTER_MS
    agent.presence("K1.1", people[1], START + 105 * MINUTE, START + 210 * MINUTE)
    agent.send_all()
    settling = server.services.settling
    assert settling.settle(course_id(server), server.clock.ms + QUIET_MS - 1)
    assert kept(server) == set()
    assert settling.settle(course_id(server), server.clock.ms + QUIET_MS)
    assert kept(server) == {"K1.1", "K1.2"}


def test_what_only_other_sessions_clocks_tell_is_not_kept(server: Running) -> None:
    agent, people = taught(server, [[1] * 6])
    agent.add(CheckIn, session="K1.2", learner=people[0], at=START + DAY, method="card", score=None, encoder="",
              offset=None, uncertainty=None)  # fmt: skip
    agent.send_all()
    server.clock.ms = START + 2 * DAY
    rows(server)
    written(server)
    assert kept(server) == {"K1.1"}


def test_a_damaged_row_is_as_good_as_none_and_a_changed_one_is_found(server: Running) -> None:
    _, people = taught(server, [[1, 0.9, 0.6, 0.5, 0.0, 0.0]])
    before = rows(server)
    written(server)
    with server.services.engine.connect() as db:
        proved = verify(StoredEvidence(db), [])
        assert len(StoredEvidence(db).settled()) == len(people)
    assert not proved.findings
    figures = server.do(lambda db: db.exec_driver_sql("SELECT figures FROM settled_point").scalar_one())
    server.do(lambda db: db.exec_driver_sql("UPDATE settled_point SET figures = x'00'"))
    assert rows(server) == before
    written(server)
    wrong = bytes(figures).replace(LENGTH.to_bytes(4, "big"), (LENGTH - 1).to_bytes(4, "big"))
    assert wrong != figures
    server.do(lambda db: db.exec_driver_sql("UPDATE settled_point SET figures = ?", (wrong,)))
    with server.services.engine.connect() as db:
        assert {one.what for one in verify(StoredEvidence(db), []).findings} == {"total"}


def test_how_long_a_room_was_watched_is_kept_also_where_nobody_was_seen(server: Running) -> None:
    taught(server, [[0] * 6], dark=0.5)
    rows(server)
    written(server)
    with Session(server.services.engine) as db:
        (one,) = settled_sums(db, START, START + DAY)
    assert (one.recorded_ms, one.anybody_ms) == (90 * MINUTE, 0), "105 minutes, the break left out"


def test_a_served_app_settles_by_itself_until_it_ends(tmp_path: Path) -> None:
    def settlers() -> int:
        return sum(thread.name == "settling" for thread in threading.enumerate())

    async def serve() -> None:
        app = create_app(Config(data=str(tmp_path / "served")), serving=True)
        async with app.router.lifespan_context(app):
            assert settlers() == 1

    asyncio.run(serve())
    assert settlers() == 0
