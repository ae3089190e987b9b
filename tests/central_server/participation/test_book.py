"""A session's book: each record is read once; a changed plan, rule or enrolment counts all that came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event

from central_server.participation.state import SessionState
from models.participation import Participation, participation, scheduled
from models.receipts import Receipt
from models.records import CheckIn
from tests.central_server.running import MINUTE, START, Agent, Running

SESSION = "K1.1"
END = START + 210 * MINUTE
BREAK = (START + 90 * MINUTE, START + 105 * MINUTE)


@contextmanager
def records_read(server: Running) -> Iterator[list[int]]:
    """The seqs of the records that are read meanwhile."""
    read: list[int] = []

    def see(_db: Connection, cursor: Any, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT seq, line, learner, start"):
            with_seqs = cursor.connection.cursor().execute(statement, parameters)
            read.extend(seq for seq, *_ in with_seqs.fetchall())

    event.listen(server.services.engine, "after_cursor_execute", see)
    try:
        yield read
    finally:
        event.remove(server.services.engine, "after_cursor_execute", see)


def state(server: Running) -> SessionState:
    return server.services.books.of(SESSION).state(server.clock.ms)


def of(state: SessionState, who: str) -> Participation:
    (one,) = [one for one in state.learners if one.facts.id == who]
    return one.participation


def change(server: Running, course: Path, old: str, new: str) -> None:
    text = course.read_text(encoding="utf-8")
    assert old in text
    course.write_text(text.replace(old, new, 1), encoding="utf-8")
    server.load(course)
    server.clock.ms += 6_000


def test_each_record_is_read_once_and_counts_where_it_lies(server: Running, agent: Agent) -> None:
    who = agent.today().sessions[0].learners[0].id
    server.clock.ms = END
    sent: list[tuple[int, int]] = []
    with records_read(server) as read:
        for number in (2, 0, 1):
            first = START + number * 60 * MINUTE
            agent.coverage(SESSION, first, first + 60 * MINUTE)
            agent.presence(SESSION, who, first + 5 * MINUTE, first + 60 * MINUTE)
            sent.append((first + 5 * MINUTE, first + 60 * MINUTE))
            assert isinstance(agent.send_all(), Receipt)
            now = state(server)
            watched = [(start - 5 * MINUTE, end) for start, end in sent]
            wanted = participation(scheduled(START, END, [BREAK]), sent, watched, now.facts.rule)
            assert of(now, who).totals == wanted.totals
        assert sorted(read) == list(range(1, 7))


def test_a_changed_rule_and_schedule_count_the_same_records_without_reading_them(
    server: Running, agent: Agent, course_file: Path
) -> None:
    who = agent.today().sessions[0].learners[0].id
    agent.add(CheckIn, session=SESSION, learner=who, at=START + 30 * MINUTE, method="card", score=None, encoder="")
    agent.coverage(SESSION, START, END)
    presence = [(START, START + 60 * MINUTE), (START + 62 * MINUTE, END)]
    for start, end in presence:
        agent.presence(SESSION, who, start, end)
    assert isinstance(agent.send_all(), Receipt)
    server.clock.ms = END
    assert of(state(server), who).not_seen_ms == 2 * MINUTE
    with records_read(server) as read:
        change(server, course_file, "[[sessions]]", "[course.rule]\ngap_tolerance_s = 120\n\n[[sessions]]")
        assert of(state(server), who).not_seen_ms == 0
        change(server, course_file, "tolerance_s = 120", "tolerance_s = 60\nbefore_check_in_counts = false")
        assert of(state(server), who).not_seen_ms == 32 * MINUTE
        change(server, course_file, "09:45:00", "10:00:00")
        now = state(server)
        schedule = scheduled(START, END, [(BREAK[0], BREAK[1] + 15 * MINUTE)])
        wanted = participation(schedule, presence, [(START, END)], now.facts.rule, START + 30 * MINUTE)
        assert of(now, who).totals == wanted.totals
        assert not read


def test_a_learner_who_moves_is_read_again_where_the_learner_is_now(
    server: Running, agent: Agent, course_file: Path
) -> None:
    who = agent.today().sessions[0].learners[0].id
    agent.coverage(SESSION, START, END)
    agent.presence(SESSION, who, START, END)
    agent.send_all()
    server.clock.ms = END
    assert of(state(server), who).seen_ms == 195 * MINUTE
    change(server, course_file, 'bridge_point = "TDM"', 'bridge_point = "BC"')
    assert of(state(server), who).seen_ms == 0
    change(server, course_file, 'name = "Nguyễn', 'name = "Trần')
    assert of(state(server), who).seen_ms == 0
    text = course_file.read_text(encoding="utf-8")
    at = text.index("[[learners]]")
    course_file.write_text(
        text[:at] + text[at:].replace('bridge_point = "BC"', 'bridge_point = "TDM"', 1), encoding="utf-8"
    )
    server.load(course_file)
    server.clock.ms += 6_000
    assert of(state(server), who).seen_ms == 195 * MINUTE
