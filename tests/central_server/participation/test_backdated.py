"""What a technician puts in later is seen where it counts: the receipts say when a record can have been made."""

from __future__ import annotations

import pytest

from models.records import Presence
from tests.central_server.running import MINUTE, START, Agent, Running, join

SESSION = "K1.1"
HOUR = 60 * MINUTE
DOUBT = "thời gian cần xem lại"
WAYS = ("its interval moved", "one long interval", "the moment it was made moved", "another start of the PC",
        "without a measured clock", "a new log")  # fmt: skip


def morning(server: Running, agent: Agent, learner: str) -> None:
    """The line is up: every ten minutes what was seen is sent and acknowledged."""
    for at in range(START, START + 2 * HOUR, 10 * MINUTE):
        server.clock.ms = at + 10 * MINUTE
        agent.coverage(SESSION, at, at + 10 * MINUTE)
        agent.presence(SESSION, learner, at, at + 10 * MINUTE)
        first = len(agent.lines) - 1
        agent.send(agent.batch(first, first + 1))


def rows(server: Running, learners: list[str], session: str = SESSION) -> list[str]:
    page = server.get(f"/sessions/{session}").text
    return [page.split(f'id="learner-{who}"')[1].split("</tr>")[0] for who in learners]


def put_in(server: Running, agent: Agent, learner: str, how: str) -> None:
    """Presence of 08:00 to 10:00, made up at 10:05."""
    server.clock.ms = START + 125 * MINUTE
    now = server.clock()
    if how == "its interval moved":
        spans = [(at, at + 10 * MINUTE) for at in range(START, START + 2 * HOUR, 10 * MINUTE)]
        for start, end in spans:
            agent.presence(SESSION, learner, start, end)
    elif how == "one long interval":
        agent.presence(SESSION, learner, START, now)
    elif how == "the moment it was made moved":
        agent.add(Presence, session=SESSION, learner=learner, start=START, end=START + HOUR, sightings=9,
                  best_score=0.7, encoder="intel", wall=START + HOUR)  # fmt: skip
    elif how == "another start of the PC":
        boot = 5_000_000
        agent.add(Presence, session=SESSION, learner=learner, start=boot - 2 * HOUR, end=boot - HOUR, sightings=9,
                  best_score=0.7, encoder="intel", wall=now, boot=boot, boot_id="boot-9")  # fmt: skip
    elif how == "without a measured clock":
        agent.add(Presence, session=SESSION, learner=learner, start=START, end=START + HOUR, sightings=9,
                  best_score=0.7, encoder="intel", offset=None, uncertainty=None)  # fmt: skip
    elif how == "a new log":
        agent.log, agent.lines = "log-0", []
        agent.presence(SESSION, learner, START, START + HOUR)
    agent.send_all()


@pytest.mark.parametrize("how", WAYS)
def test_presence_put_in_behind_acknowledged_records_is_said(server: Running, agent: Agent, how: str) -> None:
    honest, friend = [who.id for who in agent.today().sessions[0].learners][:2]
    morning(server, agent, honest)
    assert not any(DOUBT in row for row in rows(server, [honest, friend]))  # read once: the rest comes on top
    put_in(server, agent, friend, how)
    good, put = rows(server, [honest, friend])
    assert DOUBT not in good
    assert DOUBT in put and "theo biên nhận, bản ghi được tạo từ 10:00:00 24/11/2026 đến 10:05:00 24/11/2026" in put
    server.clock.ms = START + 5 * HOUR  # over
    told = server.get(f"/api/sessions/{SESSION}/participation").json()
    (point,) = [one for one in told["points"] if one["code"] == "TDM"]
    assert point["misfits"] == (11 if how == "its interval moved" else 1)
    assert point["trouble"] == "attention"
    page = server.get(f"/sessions/{SESSION}").text
    assert "bản ghi mang giờ mà lúc đó không thể được tạo" in page
    sheet = server.get(f"/sessions/{SESSION}/sheet.csv").text
    assert sheet.count("có giờ trái với biên nhận") and DOUBT in sheet


def test_a_morning_recorded_offline_is_no_backdating(server: Running, agent: Agent) -> None:
    learners = [who.id for who in agent.today().sessions[0].learners]
    morning(server, agent, learners[0])
    sent = len(agent.lines)
    for at in range(START + 2 * HOUR, START + 3 * HOUR, 10 * MINUTE):
        agent.coverage(SESSION, at, at + 10 * MINUTE)
        for who in learners:
            agent.presence(SESSION, who, at, at + 10 * MINUTE)
    server.clock.ms = START + 30 * HOUR
    for last in range(sent + 3, len(agent.lines) + 1, 3):
        server.clock.ms += 1000
        agent.send(agent.batch(last - 2, last))
    assert not any(DOUBT in row for row in rows(server, learners))


def test_nothing_was_recorded_before_the_device_had_joined(server: Running) -> None:
    server.clock.ms = START + 2 * HOUR
    agent = join(server)
    (who, *_) = [who.id for who in agent.today().sessions[0].learners]
    agent.presence(SESSION, who, START, START + HOUR)
    agent.send_all()
    (row,) = rows(server, [who])
    assert DOUBT in row


def test_a_record_of_another_day_put_in_today_is_said(server: Running, agent: Agent) -> None:
    """Nothing was recorded in that session; what the log had come to is told by the records of another."""
    who = agent.today().sessions[0].learners[0].id
    server.clock.ms = START + 24 * HOUR
    agent.coverage("another", server.clock() - HOUR, server.clock())
    agent.send_all()
    server.clock.ms += MINUTE
    agent.presence(SESSION, who, START, START + HOUR)
    agent.send(agent.batch(2, 2))
    (row,) = rows(server, [who])
    assert DOUBT in row


def test_a_record_of_the_future_is_said(server: Running, agent: Agent) -> None:
    who = agent.today().sessions[0].learners[0].id
    agent.presence(SESSION, who, START, START + HOUR)
    agent.send_all()  # at 08:00
    server.clock.ms = START + 2 * HOUR
    (row,) = rows(server, [who])
    assert DOUBT in row and "máy chủ đã nhận bản ghi lúc 08:00:00 24/11/2026" in row
