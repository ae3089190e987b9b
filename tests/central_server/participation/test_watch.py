"""A session by bridge points says the same as the session learner by learner, whatever has happened there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from central_server.corrections.acts import Wanted, correct
from central_server.courses.changes import changing
from central_server.participation.book import FACTS_LIFE_MS
from central_server.participation.columns import Axis
from central_server.participation.known_by import Value
from central_server.participation.live import STALE_MS
from central_server.participation.state import SessionState
from central_server.participation.watch import SessionNow, SessionWatch
from models.records import CheckIn, Seal, Unobserved, Vouched
from tests.central_server.running import MINUTE, START, Agent, Running, join, write_course

SESSION = "K1.1"
END = START + 210 * MINUTE
VALUES: tuple[Value, ...] = ("seen", "not_seen", "not_observed")


def both(server: Running) -> tuple[SessionNow, SessionState]:
    now = server.clock()
    return server.services.watches.of(SESSION).look(now), server.services.books.of(SESSION).state(now)


def agree(now: SessionNow, state: SessionState, but: range = range(0)) -> None:
    """but: moments whose columns are not compared."""
    assert [*now.rows] == [point.facts.id for point in state.points]
    for row, point in zip(now.rows.values(), state.points, strict=True):
        assert {value: row.count(value) for value in VALUES} == {value: point.count(value) for value in VALUES}
        assert row.watched_until == (None if point.watching else point.watched_until)
        for name in ("trouble", "watching", "cause", "fresh", "seal", "clock_known", "misfits", "phase"):
            assert getattr(row, name) == getattr(point, name), name
    assert (now.seen, now.not_seen, now.not_observed) == tuple(state.count(value) for value in VALUES)
    axis = Axis.of(state.facts.start, state.facts.end, state.facts.breaks)
    for column, (at, shown) in enumerate(zip(axis.at, now.shown, strict=True)):
        if shown and at not in but:
            counts = dict.fromkeys(VALUES, 0)
            for learner in state.learners:
                (piece,) = [one for one in learner.pieces if one.start <= at < one.end]
                counts[piece.value] += 1
            assert (now.columns[0][column], now.columns[1][column]) == (counts["seen"], counts["not_seen"])


def some_class(agent: Agent, rng: random.Random, until: int, but: Sequence[str] = ()) -> None:
    """Records of a room with dark times and learners who come and go, up to `until`; but: whom the camera never saw."""
    people = [who.id for who in agent.today().sessions[0].learners if who.id not in but]
    at = START - rng.randrange(5) * MINUTE
    while at < until:
        end = min(at + rng.randrange(3, 40) * MINUTE, until)
        ended_by = rng.choice(("cut", "dark", "frozen", "camera_gone"))
        for who in people:
            came = at + rng.randrange(0, 90_000)
            while came < end:
                left = min(came + rng.randrange(20_000, 15 * MINUTE), end)
                agent.presence(SESSION, who, came, left)
                came = left + rng.randrange(16_000, 3 * MINUTE)
        agent.coverage(SESSION, at, end, ended_by)
        at = end if ended_by == "cut" else end + rng.randrange(1, 10) * MINUTE


@pytest.mark.parametrize("seed", range(4))
def test_bridge_points_add_up_to_their_learners(server: Running, agent: Agent, seed: int) -> None:
    rng = random.Random(seed)
    people = [who.id for who in agent.today().sessions[0].learners]
    server.clock.ms = START + rng.randrange(20, 180) * MINUTE
    agree(*both(server))
    other = join(server, "BC")
    since = server.clock() - 5 * MINUTE
    some_class(agent, rng, since)
    some_class(other, rng, server.clock())
    agent.send_all()
    other.send_all()
    agent.status(SESSION, {people[0]: since}, watching_from=since, waiting=rng.choice((0, 200)))
    # A gap between the last record and the live status is bridged in the columns when the next record tells of it.
    joint = range(since - 2 * MINUTE, since)
    agree(*both(server), joint)
    server.clock.ms += STALE_MS + 1
    agree(*both(server), joint)
    agent.add(Seal, session=SESSION, check_ins=0, presences=1, coverages=1, present_ms=1, covered_ms=1)
    agent.send_all()
    agree(*both(server))
    server.clock.ms = END + MINUTE
    agree(*both(server))


def beside_the_camera(agent: Agent, rng: random.Random, people: list[str], until: int) -> None:
    """One learner by card with confirmations, one in a far seat at times, one by card of whom no record tells more."""
    card, far, new = people
    told: dict[str, Any] = {"session": SESSION, "learner": card}
    at = START + rng.randrange(10) * MINUTE
    agent.add(CheckIn, **told, at=at, method="card", score=None, encoder="", witness="a-1")
    while at < until:
        end = min(at + rng.randrange(5, 60) * MINUTE, until)
        if rng.random() < 0.6:
            agent.add(Vouched, **told, start=at, end=end, method="pin", witness="a-1")
        else:
            agent.add(Unobserved, **told, start=at, end=end, why="no_face")
        at = end + rng.choice((0, 0, 7 * MINUTE))
    for _ in range(3):
        start = START + rng.randrange(150) * MINUTE
        end = min(start + rng.randrange(5, 40) * MINUTE, until)
        if start < end:
            agent.add(Unobserved, session=SESSION, learner=far, start=start, end=end, why="far_seat")
    at = START + rng.randrange(15) * MINUTE
    agent.add(CheckIn, session=SESSION, learner=new, at=at, method="pin", score=None, encoder="", witness="a-1")


@pytest.mark.parametrize("seed", range(6))
def test_bridge_points_add_up_to_their_learners_whom_the_camera_does_not_know(
    server: Running, tmp_path: Path, seed: int
) -> None:
    server.load(write_course(tmp_path / "course.toml", learners=7))
    agent, rng = join(server), random.Random(seed)
    people = [who.id for who in agent.today().sessions[0].learners]
    server.clock.ms = START + rng.randrange(20, 180) * MINUTE
    since = server.clock() - 5 * MINUTE
    some_class(agent, rng, since, (people[0], people[2]))
    beside_the_camera(agent, rng, people[:3], since - rng.randrange(10) * MINUTE)
    agent.send_all()
    agree(*both(server))
    hidden = {who: since - rng.randrange(-2, 12) * MINUTE for who in (people[0], people[1], people[2], people[4])}
    cards = (people[0], people[2])
    agent.status(
        SESSION, {people[3]: since}, unobserved=hidden, watching_from=since, vouched=cards, people=4, unknown=2
    )
    joint = range(since - 2 * MINUTE, since)
    agree(*both(server), joint)
    server.clock.ms += 1_000
    agent.status(SESSION, {}, unobserved=hidden, watching_from=None, watching_to=None, vouched=cards)
    agree(*both(server), joint)
    server.clock.ms += STALE_MS + 1
    agree(*both(server), joint)
    agent.status(SESSION, {}, unobserved={people[2]: since}, watching_from=since, vouched=(people[2],))
    server.clock.ms = END + MINUTE
    agree(*both(server), joint)


@pytest.mark.parametrize("seed", range(3))
def test_bridge_points_add_up_to_their_learners_of_whom_people_say_something(
    server: Running, agent: Agent, seed: int
) -> None:
    rng = random.Random(seed)
    here = server.services.books.of(SESSION).state(server.clock()).learners
    some_class(agent, rng, END)
    server.clock.ms = END + MINUTE
    agree(*both(server))
    agent.send_all()
    agree(*both(server))
    for _ in range(8):
        start = START + rng.randrange(0, 200) * MINUTE
        part = (rng.choice(here).facts.id, start, min(start + rng.randrange(1, 120) * MINUTE, END))
        said = Wanted(SESSION, rng.choice(("added", "taken")), (part,), "other", "x")
        server.do(changing(partial(correct, wanted=said), server.clock()))
        server.clock.ms += FACTS_LIFE_MS
        agree(*both(server))


def test_time_before_the_check_in_is_left_out_where_the_rule_says_so(
    server: Running, agent: Agent, course_file: Any
) -> None:
    text = course_file.read_text(encoding="utf-8")
    rule = 'title = "Bồi dưỡng ngạch chuyên viên"\nrule = { before_check_in_counts = false }'
    course_file.write_text(text.replace('title = "Bồi dưỡng ngạch chuyên viên"', rule, 1), encoding="utf-8")
    server.load(course_file)
    people = [who.id for who in agent.today().sessions[0].learners]
    agent.coverage(SESSION, START, END)
    for who in people:
        agent.presence(SESSION, who, START, END)
    late = START + 100 * MINUTE
    agent.add(CheckIn, session=SESSION, learner=people[0], at=late, method="card", score=None, encoder="x")
    agent.send_all()
    server.clock.ms = END
    now, state = both(server)
    agree(now, state)
    assert now.seen == 1


def test_only_what_changed_is_another_row(server: Running, agent: Agent) -> None:
    watch = server.services.watches.of(SESSION)
    server.clock.ms = START + 30 * MINUTE
    agent.status(SESSION, {}, watching_from=START)
    before = watch.look(server.clock()).rows
    server.clock.ms += 1000
    agent.status(SESSION, {}, watching_from=START)
    same = watch.look(server.clock()).rows
    assert all(before[id_] is same[id_] for id_ in before)
    agent.status(SESSION, {agent.today().sessions[0].learners[0].id: START}, watching_from=START)
    after = watch.look(server.clock()).rows
    assert [id_ for id_ in after if after[id_] is not same[id_]] == [agent.bridge_point]


def test_a_plan_that_changes_keeps_what_still_counts(server: Running, agent: Agent, course_file: Any) -> None:
    people = [who.id for who in agent.today().sessions[0].learners]
    agent.coverage(SESSION, START, END)
    agent.presence(SESSION, people[0], START, END)
    agent.send_all()
    server.clock.ms = END
    now, _ = both(server)
    assert now.seen == 1
    text = course_file.read_text(encoding="utf-8")
    course_file.write_text(text.replace('bridge_point = "TDM"', 'bridge_point = "BC"', 1), encoding="utf-8")
    server.load(course_file)
    server.clock.ms += 6000
    later, state = both(server)
    agree(later, state)
    assert later.plan != now.plan
    assert later.seen == 0


def test_what_is_not_read_yet_is_said_and_comes(server: Running, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("central_server.participation.watch.READ_AT_LEAST", 0)
    monkeypatch.setattr("central_server.participation.watch.READING_S", 0)
    agent.coverage(SESSION, START, END, "dark")
    agent.send_all()
    server.clock.ms = END
    watch = SessionWatch(server.services.engine, server.services.live, SESSION)
    now = watch.look(END)
    assert now.unread == 1
    assert not now.rows[agent.bridge_point].read
    monkeypatch.undo()
    now = watch.look(END)
    assert now.unread == 0
    assert now.rows[agent.bridge_point].cause == "dark"


def test_a_bridge_point_unheard_since_its_last_record_has_no_connection(server: Running, agent: Agent) -> None:
    """As after the server was started anew: there is no status, and to wait a few minutes would be bad advice."""
    agent.coverage(SESSION, START, START + 10 * MINUTE)
    agent.send_all()
    server.clock.ms = START + 30 * MINUTE
    now, state = both(server)
    agree(now, state)
    assert now.rows[agent.bridge_point].cause == "no_news"
    agent.status(SESSION, {}, watching_from=None, watching_to=None)
    now, state = both(server)
    agree(now, state)
    assert now.rows[agent.bridge_point].cause == "cut", "it speaks: its next record is on the way"
