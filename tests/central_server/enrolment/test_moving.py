"""Transfers between bridge points and guests of a session: the agent's roster, the session's page, the proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.tables import CourseSession
from central_server.enrolment.places import place_at
from central_server.learners.tables import Learner
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import PAPER
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course

SECOND = """[[sessions]]
code = "2"
title = "Buổi 2"
start = 2026-11-24T14:00:00
end = 2026-11-24T16:00:00
[[learners]]"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    path = write_course(tmp_path / "course.toml")
    path.write_text(path.read_text(encoding="utf-8").replace("[[learners]]", SECOND, 1), encoding="utf-8")
    with running(tmp_path / "data") as one:
        one.load(path)
        yield one


def ids(server: Running) -> dict[str, str]:
    with Session(server.services.engine) as db:
        return {one.code: one.id for one in (*db.exec(select(Learner)), *db.exec(select(BridgePoint)))}


def rosters(agent: Agent) -> dict[str, set[str]]:
    return {plan.session: {who.name for who in plan.learners} for plan in agent.today().sessions}


def test_a_place_is_the_last_transfer_that_holds_by_then() -> None:
    moves = [(200, "b"), (100, "c")]
    assert [place_at("a", moves, start) for start in (99, 100, 199, 200, 500)] == ["a", "c", "c", "b", "b"]


def test_a_transfer_holds_from_its_session_on_and_can_be_undone(server: Running) -> None:
    course, known, client = course_id(server), ids(server), server.manager()
    here, there = join(server, "TDM"), join(server, "BC")
    form = {"learner": known["HV000"], "session": "K1.2", "bridge_point": known["BC"]}
    answer = client.post(f"/courses/{course}/transfers", data=form)
    assert "Đã chuyển điểm cầu" in answer.text
    assert rosters(here) == {"K1.1": {"Nguyễn Văn A0", "Nguyễn Văn B1"}, "K1.2": {"Nguyễn Văn B1"}}
    assert rosters(there) == {"K1.1": {"Nguyễn Văn C2"}, "K1.2": {"Nguyễn Văn A0", "Nguyễn Văn C2"}}
    here.presence("K1.1", known["HV000"], START, START + 10 * MINUTE)
    here.send_all()
    there.presence("K1.2", known["HV000"], START, START + 10 * MINUTE)
    there.send_all()
    assert prove(server) == []
    with Session(server.services.engine) as db:
        since = db.get_one(CourseSession, "K1.2").start
    client.post(f"/courses/{course}/transfers/undo", data={"learner": known["HV000"], "since": str(since)})
    assert rosters(here)["K1.2"] == {"Nguyễn Văn A0", "Nguyễn Văn B1"}
    assert prove(server) == []


def test_a_transfer_to_where_no_session_is_held_is_refused(server: Running) -> None:
    course, known = course_id(server), ids(server)
    with server.services.engine.begin() as connection:
        connection.execute(text("INSERT INTO bridge_point (id, code, name) VALUES ('p-x', 'X', 'Nơi khác')"))
    form = {"learner": known["HV000"], "session": "K1.2", "bridge_point": "p-x"}
    answer = server.manager().post(f"/courses/{course}/transfers", data=form)
    assert answer.status_code == 422 and "không dự “Buổi 2”" in answer.text


def test_a_guest_is_expected_in_one_session_and_shown_as_guest(server: Running) -> None:
    course, known, client = course_id(server), ids(server), server.manager()
    agent = join(server, "TDM")
    form = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "birth_year": "1985", "session": "K1.1"}
    assert client.post(f"/courses/{course}/guests", data=form).status_code == 422  # no bridge point
    answer = client.post(f"/courses/{course}/guests", data=form | {"bridge_point": known["TDM"]})
    assert "Trần Thị Khách" in answer.text and "Đã nhập khách" in answer.text
    assert "Trần Thị Khách" in rosters(agent)["K1.1"] and "Trần Thị Khách" not in rosters(agent)["K1.2"]
    assert "Trần Thị Khách (khách)" in server.get("/sessions/K1.1").text
    guest = next(who.id for who in agent.today().sessions[0].learners if who.name == "Trần Thị Khách")
    agent.presence("K1.1", guest, START, START + 10 * MINUTE)
    agent.send_all()
    assert prove(server) == []
    answer = client.post(f"/courses/{course}/guests/remove", data={"session": "K1.1", "learner": guest})
    assert answer.status_code == 422 and "đã có bản ghi" in answer.text


def test_a_guest_entered_by_mistake_is_taken_back(server: Running) -> None:
    course, known, client = course_id(server), ids(server), server.manager()
    form = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "session": "K1.1", "bridge_point": known["TDM"]}
    client.post(f"/courses/{course}/guests", data=form)
    guest = next(one for code, one in ids(server).items() if code.startswith("KHACH-"))
    client.post(f"/courses/{course}/guests/remove", data={"session": "K1.1", "learner": guest})
    assert rosters(join(server))["K1.1"] == {"Nguyễn Văn A0", "Nguyễn Văn B1"}
    assert prove(server) == []


HANDS = [
    "DELETE FROM transfer",
    "UPDATE transfer SET since = since + 1",
    "UPDATE transfer SET bridge_point = (SELECT id FROM bridge_point WHERE code = 'TDM')",
    "DELETE FROM guest",
    "UPDATE guest SET bridge_point = (SELECT id FROM bridge_point WHERE code = 'BC')",
    "UPDATE consent SET given_at = given_at - 1",
    "UPDATE consent SET learner = (SELECT max(id) FROM learner)",
    "DELETE FROM consent",
]


def test_the_proof_finds_hands_on_transfers_guests_and_consents(server: Running) -> None:
    course, known, client = course_id(server), ids(server), server.manager()
    client.post(
        f"/courses/{course}/transfers",
        data={"learner": known["HV000"], "session": "K1.2", "bridge_point": known["BC"]},
    )
    guest = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "session": "K1.1", "bridge_point": known["TDM"]}
    client.post(f"/courses/{course}/guests", data=guest)
    low = min(known[code] for code in ("HV000", "HV001", "HV002"))
    client.post(f"/learners/{low}/consent/signed", data=PAPER)
    engine = unguarded(server.services.config.database)
    assert proved(engine, []).findings == []
    for sql in HANDS:
        assert proved(engine, [], lambda connection, sql=sql: connection.exec_driver_sql(sql)).findings, sql  # type: ignore[misc]
    engine.dispose()
