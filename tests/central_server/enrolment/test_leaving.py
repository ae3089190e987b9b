"""A learner who is taken off a course's roster: later sessions expect nobody, what was recorded stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.enrolment.test_moving import SECOND, ids, rosters
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.reports.opening import pdf_text
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course

REASON = "Chuyển công tác, có công văn"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    path = write_course(tmp_path / "course.toml")
    path.write_text(path.read_text(encoding="utf-8").replace("[[learners]]", SECOND, 1), encoding="utf-8")
    with running(tmp_path / "data") as one:
        one.load(path)
        yield one


@pytest.fixture
def agent(server: Running) -> Agent:
    return join(server, "TDM")


def after_the_first_session(server: Running, agent: Agent, learner: str) -> None:
    agent.coverage("K1.1", START, START + 60 * MINUTE)
    agent.presence("K1.1", learner, START, START + 50 * MINUTE)
    agent.send_all()
    server.clock.ms = START + 5 * 60 * MINUTE  # the first is over, the second has not begun


def take_off(server: Running, course: str, learner: str, reason: str = REASON) -> str:
    form = {"learner": learner, "reason": reason}
    return server.manager().post(f"/courses/{course}/enrolments/end", data=form).text


def test_later_sessions_expect_the_learner_no_more_and_the_presence_of_those_begun_stays(
    server: Running, agent: Agent
) -> None:
    course, who = course_id(server), ids(server)["HV000"]
    after_the_first_session(server, agent, who)
    before = pdf_text(server.manager().get("/sessions/K1.1/sheet.pdf").content)
    answer = take_off(server, course, who)
    assert "Đã bỏ khỏi danh sách" in answer and REASON in answer and "Người dùng quan-ly" in answer
    assert rosters(agent)["K1.2"] == {"Nguyễn Văn B1"}
    again = pdf_text(server.manager().get("/sessions/K1.1/sheet.pdf").content)
    assert "Nguyễn Văn A0" in again and "50,0" in again and "50,0" in before
    assert "Nguyễn Văn A0" not in server.manager().get(f"/courses/{course}/completion").text
    assert prove(server) == []
    audit = server.administrator().get("/admin/audit?group=learners").text
    assert "bỏ học viên HV000" in audit and REASON not in audit


def test_a_reason_and_somebody_to_take_off_are_needed_and_only_a_class_manager_may(server: Running) -> None:
    course, who = course_id(server), ids(server)["HV000"]
    assert "Hãy ghi lý do" in take_off(server, course, who, "")
    nobody = server.manager().post(f"/courses/{course}/enrolments/end", data={"reason": REASON})
    assert nobody.status_code == 422 and "Hãy đánh dấu ít nhất một học viên" in nobody.text
    assert "không còn trong danh sách lớp" in take_off(server, course, "l-none")
    assert prove(server) == []


def test_who_has_a_recognised_certificate_stays_until_that_is_taken_back(server: Running, agent: Agent) -> None:
    course, who = course_id(server), ids(server)["HV000"]
    after_the_first_session(server, agent, who)
    form = {f"outcome-{who}": "completed", f"version-{who}": "0", f"certificate-{who}": "CC-1"}
    server.manager().post(f"/courses/{course}/completion", data=form)
    assert "đã được công nhận hoàn thành" in take_off(server, course, who)
    assert "Nguyễn Văn A0" in rosters(agent)["K1.2"]


def test_an_edit_behind_the_programs_back_is_found_and_who_comes_back_is_enrolled_anew(
    server: Running, agent: Agent
) -> None:
    course, who = course_id(server), ids(server)["HV000"]
    after_the_first_session(server, agent, who)
    take_off(server, course, who)
    engine = unguarded(server.services.config.database)
    put = {"c": course, "l": who, "p": agent.bridge_point}
    for hand, said in (
        ("UPDATE ended_enrolment SET reason = 'Bỏ học'", "Việc bỏ tên khỏi danh sách"),
        ("DELETE FROM ended_enrolment", "Việc bỏ tên khỏi danh sách"),
        ("INSERT INTO enrolment (course, learner, bridge_point) VALUES (:c, :l, :p)", "Ghi danh"),
        ("DELETE FROM guest", "Khách của buổi học"),
    ):
        found = proved(engine, [], lambda db, sql=hand: db.execute(text(sql), put)).findings  # type: ignore[misc]
        assert any(one.vi.startswith(said) for one in found), hand
    engine.dispose()
    server.load(server.services.config.database.parents[1] / "course.toml")
    assert "Nguyễn Văn A0" in rosters(agent)["K1.2"] and prove(server) == []
