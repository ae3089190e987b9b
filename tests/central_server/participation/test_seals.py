"""Seals and clocks, from records sent to a real server to what it says of the bridge point."""

from __future__ import annotations

import csv
import time
from typing import Any

import pytest

from models.receipts import Receipt
from models.records import Coverage, Presence, Seal
from tests.central_server.running import MINUTE, START, Agent, Running

SESSION = "K1.1"
END = START + 210 * MINUTE


@pytest.fixture
def who(agent: Agent) -> str:
    return agent.today().sessions[0].learners[0].id


def ask(server: Running) -> dict[str, Any]:
    answer: dict[str, Any] = server.get(f"/api/sessions/{SESSION}/participation").json()
    return answer


def point(server: Running) -> tuple[str, int]:
    (one,) = [one for one in ask(server)["points"] if one["code"] == "TDM"]
    return one["seal"], one["after_seal"]


def hour(agent: Agent, who: str, number: int) -> None:
    """An hour of the session, recorded at its end."""
    agent.clock.ms = START + (number + 1) * 60 * MINUTE
    agent.coverage(SESSION, START + number * 60 * MINUTE, agent.clock.ms)
    agent.presence(SESSION, who, START + number * 60 * MINUTE, agent.clock.ms)


def seal(agent: Agent, hours: int, **other: int) -> None:
    agent.clock.ms += MINUTE
    said = {"check_ins": 0, "presences": hours, "coverages": hours} | {
        "present_ms": hours * 60 * MINUTE, "covered_ms": hours * 60 * MINUTE
    } | other  # fmt: skip
    agent.add(Seal, session=SESSION, **said)


def send(agent: Agent) -> None:
    assert isinstance(agent.send_all(), Receipt)


def new_log(agent: Agent, name: str) -> None:
    agent.log, agent.lines = name, []


def test_a_seal_that_fits_is_told_and_one_that_is_missing_too(server: Running, agent: Agent, who: str) -> None:
    hour(agent, who, 0)
    send(agent)
    server.clock.ms = END
    assert point(server) == ("not_sealed", 0)
    assert page_says(server, "Chưa niêm phong")
    seal(agent, 1)
    send(agent)
    assert point(server) == ("sealed", 0)
    assert page_says(server, "Đã niêm phong lúc")


def page_says(server: Running, words: str) -> bool:
    """Whether the page does, once the feed that may run already has told what is new."""
    manager, end = server.manager(), time.monotonic() + 60
    while words not in manager.get(f"/sessions/{SESSION}").text:
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("other", [{"presences": 2}, {"present_ms": 1}, {"coverages": 0}, {"check_ins": 1}])
def test_a_seal_that_says_other_totals_is_told(server: Running, agent: Agent, who: str, other: dict[str, int]) -> None:
    hour(agent, who, 0)
    seal(agent, 1, **other)
    send(agent)
    assert point(server) == ("differs", 0)
    assert page_says(server, "Khác số liệu niêm phong")


def test_records_behind_the_seal_count_and_are_told(server: Running, agent: Agent, who: str) -> None:
    hour(agent, who, 0)
    seal(agent, 1)
    hour(agent, who, 1)
    send(agent)
    server.clock.ms = END
    assert point(server) == ("sealed", 2)
    (one,) = [one for one in ask(server)["learners"] if one["id"] == who]
    assert one["seen_ms"] == 105 * MINUTE
    assert page_says(server, "2 bản ghi được tạo sau niêm phong")


def test_another_log_after_the_seal_is_told(server: Running, agent: Agent, who: str) -> None:
    hour(agent, who, 0)
    seal(agent, 1)
    send(agent)
    new_log(agent, "log-2")
    hour(agent, who, 1)
    seal(agent, 1)
    send(agent)
    assert point(server) == ("sealed", 2)


def test_a_log_set_aside_before_the_seal_is_no_alarm(server: Running, agent: Agent, who: str) -> None:
    hour(agent, who, 0)
    send(agent)
    new_log(agent, "log-2")
    hour(agent, who, 1)
    seal(agent, 1)
    send(agent)
    assert point(server) == ("sealed", 0)


def offline(agent: Agent, who: str, boot_id: str = "boot-1") -> None:
    """The first hour, by a PC whose clock is an hour slow and which was not online yet."""
    agent.clock.ms = START + 60 * MINUTE
    for kind, more in (
        (Coverage, {"ended_by": "cut", "detector": "yunet"}),
        (Presence, {"learner": who, "sightings": 9, "best_score": 0.7}),
    ):
        agent.add(
            kind, session=SESSION, start=0, end=60 * MINUTE, encoder="intel", wall=START, boot=60 * MINUTE,
            offset=None, uncertainty=None, boot_id=boot_id, **more,
        )  # fmt: skip


def test_a_record_without_offset_takes_it_from_another_of_the_same_start(
    server: Running, agent: Agent, who: str
) -> None:
    offline(agent, who)
    send(agent)
    server.clock.ms = END
    (there,) = [one for one in ask(server)["points"] if one["code"] == "TDM"]
    assert not there["clock_known"]
    assert page_says(server, "Đồng hồ chưa được đối chiếu")
    wall = START + 70 * MINUTE  # a wall clock set right since: only the boot-time clock is common
    agent.add(
        Coverage, session="another", start=0, end=1, ended_by="cut", detector="yunet", encoder="intel",
        wall=wall, boot=70 * MINUTE, offset=0,
    )  # fmt: skip
    send(agent)
    (there,) = [one for one in ask(server)["points"] if one["code"] == "TDM"]
    assert there["clock_known"]
    (one,) = [one for one in ask(server)["learners"] if one["id"] == who]
    assert one["seen"] == [[START, START + 60 * MINUTE]]


def test_another_start_of_the_pc_tells_nothing(server: Running, agent: Agent, who: str) -> None:
    offline(agent, who, "boot-0")
    agent.coverage(SESSION, START, START + MINUTE)
    send(agent)
    (there,) = [one for one in ask(server)["points"] if one["code"] == "TDM"]
    assert not there["clock_known"]


def test_the_sheets_tell_it_too(server: Running, agent: Agent, who: str) -> None:
    hour(agent, who, 0)
    seal(agent, 2)
    send(agent)
    text = server.manager().get(f"/sessions/{SESSION}/sheet.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines(), delimiter=";"))
    assert "khác số liệu niêm phong" in rows[-1]["Điểm cầu"]
