"""What the server says about a session, asked as a program asks: from records, from the live status, from both."""

from __future__ import annotations

from typing import Any

import pytest

from central_server.participation.live import STALE_MS
from central_server.participation.state import UNTIL_STEP_MS
from models.receipts import Receipt
from models.records import CheckIn
from models.wire import LivePresence
from tests.central_server.running import MINUTE, START, Agent, Running, join

SESSION = "K1.1"
END = START + 210 * MINUTE
SCHEDULED = 195 * MINUTE


@pytest.fixture
def people(agent: Agent) -> list[str]:
    """The ids of the learners at TDM."""
    return [who.id for who in agent.today().sessions[0].learners]


def ask(server: Running) -> dict[str, Any]:
    got = server.get(f"/api/sessions/{SESSION}/participation")
    assert got.status_code == 200, got.text
    answer: dict[str, Any] = got.json()
    for one in answer["learners"]:
        assert one["seen_ms"] + one["not_seen_ms"] + one["not_observed_ms"] == one["scheduled_ms"]
    return answer


def learner(answer: dict[str, Any], who: str) -> dict[str, Any]:
    (one,) = [one for one in answer["learners"] if one["id"] == who]
    return dict(one)


def minutes(one: dict[str, Any]) -> tuple[float, float, float]:
    return one["seen_ms"] / MINUTE, one["not_seen_ms"] / MINUTE, one["not_observed_ms"] / MINUTE


def test_the_three_values_are_told_apart(server: Running, agent: Agent, people: list[str]) -> None:
    agent.coverage(SESSION, START, START + 60 * MINUTE, "dark")
    agent.coverage(SESSION, START + 70 * MINUTE, END)
    agent.presence(SESSION, people[0], START, START + 60 * MINUTE)
    agent.presence(SESSION, people[0], START + 70 * MINUTE, START + 150 * MINUTE)
    assert isinstance(agent.send_all(), Receipt)
    server.clock.ms = END
    answer = ask(server)
    first, second = (learner(answer, who) for who in people)
    # 60 min, then 70 to 150 without the break of 15; 60 absent at the end; 10 dark
    assert minutes(first) == (125, 60, 10)
    assert minutes(second) == (0, 185, 10)
    assert first["share"] == pytest.approx(125 / 185)
    assert (answer["seen"], answer["not_seen"], answer["not_observed"]) == (1, 1, 1)
    (other,) = [one for one in answer["learners"] if one["bridge_point"] == "BC"]
    assert minutes(other) == (0, 0, 195)
    assert other["verdict"] == "undecided"


def test_an_open_interval_counts_before_it_is_a_record(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.status(SESSION, {people[0]: START + 10 * MINUTE}, watching_from=START)
    answer = ask(server)
    assert (answer["seen"], answer["not_seen"], answer["not_observed"]) == (1, 1, 1)
    first, second = (learner(answer, who) for who in people)
    assert (first["value"], first["since"], minutes(first)) == ("seen", START + 10 * MINUTE, (20, 10, 0))
    assert (second["value"], minutes(second)) == ("not_seen", (0, 30, 0))
    (point,) = [one for one in answer["points"] if one["code"] == "TDM"]
    assert (point["trouble"], point["watching"], point["seen"]) == ("good", True, 1)


def test_records_and_live_status_of_the_same_time_count_once(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.coverage(SESSION, START, START + 20 * MINUTE)
    agent.presence(SESSION, people[0], START + 5 * MINUTE, START + 20 * MINUTE)
    agent.send_all()
    agent.status(SESSION, {people[0]: START + 15 * MINUTE}, watching_from=START + 15 * MINUTE)
    assert minutes(learner(ask(server), people[0])) == (25, 5, 0)
    assert learner(ask(server), people[0])["since"] == START + 5 * MINUTE


def test_without_news_nobody_is_absent(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.status(SESSION, {people[0]: START}, watching_from=START)
    server.clock.ms += 10 * MINUTE
    answer = ask(server)
    assert (answer["seen"], answer["not_seen"], answer["not_observed"]) == (0, 0, 3)
    first, second = (learner(answer, who) for who in people)
    assert (first["value"], first["since"]) == ("not_observed", START + 30 * MINUTE)
    assert minutes(first) == (30, 0, 10)
    assert minutes(second) == (0, 30, 10)
    assert {point["trouble"] for point in answer["points"]} == {"failure"}


def test_who_has_left_is_not_absent_before_though_the_record_never_comes(
    server: Running, agent: Agent, people: list[str]
) -> None:
    server.clock.ms = START + 30 * MINUTE
    ends = [(people[0], START, START + 10 * MINUTE), (people[0], START + 20 * MINUTE, START + 25 * MINUTE)]
    there = tuple(LivePresence(learner=who, start=start, last=last) for who, start, last in ends)
    agent.status(SESSION, {}, watching_from=START, left=there, waiting=1)
    answer = ask(server)
    assert minutes(learner(answer, people[0])) == (15, 15, 0)
    assert learner(answer, people[0])["value"] == "not_seen"
    server.clock.ms = END
    assert minutes(learner(ask(server), people[0])) == (15, 15, 165)


def test_a_stale_status_is_dropped_when_the_log_tells_more(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 30 * MINUTE
    agent.status(SESSION, {people[0]: START}, watching_from=START)
    server.clock.ms += STALE_MS + 1
    agent.coverage(SESSION, START, START + 29 * MINUTE, "crashed")
    agent.presence(SESSION, people[0], START, START + 29 * MINUTE)
    agent.send_all()
    assert learner(ask(server), people[0])["seen_ms"] == 29 * MINUTE


def test_a_status_that_overtook_a_newer_one_changes_nothing(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 10 * MINUTE
    agent.status(SESSION, {people[0]: START}, watching_from=START)
    server.clock.ms -= 1000
    agent.status(SESSION, {}, watching_from=START)
    server.clock.ms += 1000
    assert learner(ask(server), people[0])["value"] == "seen"


def test_a_status_of_the_future_counts_up_to_now(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 10 * MINUTE
    agent.status(SESSION, {people[0]: START}, watching_from=START, watching_to=START + 500 * MINUTE)
    assert minutes(learner(ask(server), people[0])) == (10, 0, 0)


def test_all_of_a_session_counts_soon_after_its_end_though_the_last_status_came_before(
    server: Running, agent: Agent, people: list[str]
) -> None:
    server.clock.ms = END - MINUTE // 60
    agent.status(SESSION, {people[0]: START}, watching_from=START, watching_to=END - MINUTE // 30)
    assert learner(ask(server), people[0])["scheduled_ms"] == SCHEDULED - MINUTE // 30
    server.clock.ms = END + UNTIL_STEP_MS
    one = learner(ask(server), people[0])
    assert (one["scheduled_ms"], one["not_observed_ms"]) == (SCHEDULED, MINUTE // 30)


def test_the_camera_off_is_no_absence(server: Running, agent: Agent, people: list[str]) -> None:
    server.clock.ms = START + 10 * MINUTE
    agent.coverage(SESSION, START, START + 5 * MINUTE, "camera_gone")
    agent.send_all()
    agent.status(SESSION, {}, watching_from=None, watching_to=None, alarms=("Mất máy quay.",))
    answer = ask(server)
    one = learner(answer, people[0])
    assert (one["value"], one["since"], minutes(one)) == ("not_observed", START + 5 * MINUTE, (0, 5, 5))
    (point,) = [one for one in answer["points"] if one["code"] == "TDM"]
    assert (point["trouble"], point["alarms"]) == ("failure", ["Mất máy quay."])


def test_records_about_others_learners_are_kept_but_never_count(
    server: Running, agent: Agent, people: list[str]
) -> None:
    stranger = join(server, "BC")
    stranger.coverage(SESSION, START, END)
    stranger.presence(SESSION, people[0], START, END)
    stranger.add(CheckIn, session=SESSION, learner=people[0], at=START, method="face", score=0.9, encoder="intel")
    stranger.presence(SESSION, "l-nobody", START, END)
    stranger.coverage("K9.9", START, END)
    assert isinstance(stranger.send_all(), Receipt)
    server.clock.ms = END
    stranger.status(SESSION, {people[0]: START}, watching_from=START)
    answer = ask(server)
    assert minutes(learner(answer, people[0])) == (0, 0, 195)
    assert len(answer["learners"]) == 3
    (own,) = [one for one in answer["learners"] if one["bridge_point"] == "BC"]
    assert minutes(own) == (0, 195, 0)


def test_two_devices_of_a_bridge_point_cover_it_together(server: Running, agent: Agent, people: list[str]) -> None:
    second = join(server)
    agent.coverage(SESSION, START, START + 100 * MINUTE)
    agent.presence(SESSION, people[0], START, START + 100 * MINUTE)
    second.coverage(SESSION, START + 50 * MINUTE, END)
    second.presence(SESSION, people[0], START + 90 * MINUTE, END)
    agent.send_all()
    second.send_all()
    server.clock.ms = END
    assert minutes(learner(ask(server), people[0])) == (195, 0, 0)


def test_enrolment_that_changes_counts_from_the_same_records(
    server: Running, agent: Agent, people: list[str], course_file: Any
) -> None:
    agent.coverage(SESSION, START, END)
    agent.presence(SESSION, people[0], START, END)
    agent.send_all()
    server.clock.ms = END
    assert learner(ask(server), people[0])["seen_ms"] == SCHEDULED
    text = course_file.read_text(encoding="utf-8")
    course_file.write_text(text.replace('bridge_point = "TDM"', 'bridge_point = "BC"', 1), encoding="utf-8")
    server.load(course_file)
    server.clock.ms += 6000
    assert minutes(learner(ask(server), people[0])) == (0, 0, 195)
