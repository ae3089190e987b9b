"""A learner's page: what was attended, what comes next, and who may read it (guests and transferred learners too)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from central_server.accounts.permission import Grant
from tests.central_server.courses.making import make_course
from tests.central_server.learners.desk import PAPER
from tests.central_server.participation.term import course_id, taught, write_term
from tests.central_server.running import Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        yield one


def account_of(server: Running, learner: str | None, login: str = "hoc-vien") -> httpx.Client:
    account = server.account(login, Grant("learner"))

    def belongs(connection: Connection) -> None:
        connection.execute(text("UPDATE account SET learner = :l WHERE id = :a"), {"l": learner, "a": account})

    server.do(belongs)
    return server.signed_in(login)


def words(answer: httpx.Response) -> str:
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def test_a_learner_who_signs_in_reads_first_what_was_attended_and_what_comes_next(server: Running) -> None:
    _, people = taught(server, [[1, 0.5], [1, 1], [1, 1]])
    page = account_of(server, people[1]).get("/")
    assert page.url.path == f"/learners/{people[1]}/own"
    said = words(page)
    assert "Đã tham gia <b>8 giờ 00 phút</b>, <b>82,1 %</b> (cần 80,0 %)" in said, "90 of 195 minutes, then all"
    assert "còn kịp</span> cần thêm" in said
    assert "Buổi tiếp theo: Buổi 4, 08:00 thứ Sáu 27/11/2026, tại Thủ Dầu Một" in said
    assert said.count("course-bar") == 1
    assert f'href="/courses/{course_id(server)}/class-rules"' in said
    assert f'href="/courses/{course_id(server)}"' not in said, "a learner may not see the course's own page"


def test_a_draft_is_not_shown_to_its_learners(server: Running) -> None:
    _, people = taught(server, [[1]])
    server.manager().post(f"/courses/{course_id(server)}/publish", data={"published": "no"})
    assert "Bồi dưỡng ngạch chuyên viên" not in words(account_of(server, people[0]).get("/"))


def test_a_learners_account_that_belongs_to_no_learner_is_told_whom_to_ask(server: Running) -> None:
    said = words(account_of(server, None).get("/"))
    assert "chưa gắn với học viên nào" in said and "chưa được giao quyền" not in said


def test_a_guest_reads_the_session_attended_and_may_contest_it(server: Running) -> None:
    taught(server, [[1, 1], [1, 1]])
    course = course_id(server)
    with server.services.engine.connect() as connection:
        point = connection.exec_driver_sql("SELECT id FROM bridge_point").scalar_one()
    form = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "session": "K1.1", "bridge_point": point}
    server.manager().post(f"/courses/{course}/guests", data=form)
    with server.services.engine.connect() as connection:
        guest = connection.exec_driver_sql("SELECT learner FROM guest").scalar_one()
    client = account_of(server, guest)
    address = f"/learners/{guest}/own/courses/{course}"
    assert f'href="{address}"' in words(client.get("/"))
    said = words(client.get(address))
    assert "Đồng chí là khách của Buổi 1." in said and "Buổi 2" not in said
    assert f'href="/learners/{guest}/own/sessions/K1.1/contest"' in said
    server.manager().post(f"/courses/{course}/publish", data={"published": "no"})
    assert client.get(address).status_code == 404


def test_a_guests_page_can_be_read_where_the_guest_is_expected_and_nowhere_else(server: Running) -> None:
    course, manager = course_id(server), server.manager()
    with server.services.engine.connect() as connection:
        point = connection.exec_driver_sql("SELECT id FROM bridge_point").scalar_one()
    form = {"name": "Trần Thị Khách", "unit": "Sở Y tế", "session": "K1.1", "bridge_point": point}
    listed = manager.post(f"/courses/{course}/guests", data=form)
    with server.services.engine.connect() as connection:
        guest = connection.exec_driver_sql("SELECT learner FROM guest").scalar_one()
    assert f'href="/learners/{guest}"' in listed.text
    said = words(manager.get(f"/learners/{guest}"))
    assert "khách của Buổi 1" in said and "Nhập phiếu đồng ý" in said
    signed = manager.post(f"/learners/{guest}/consent/signed", data=PAPER)
    assert "Đồng ý ngày 20/11/2026" in words(signed)
    server.account("noi-khac", Grant("class_manager", course=make_course(manager).rpartition("/")[2]))
    assert server.signed_in("noi-khac").get(f"/learners/{guest}").status_code == 404


def test_a_transferred_learner_is_read_where_the_learner_sits_now(server: Running) -> None:
    course = course_id(server)
    with server.services.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO bridge_point (id, code, name) VALUES ('p-x', 'X', 'Bến Cát')")
        connection.exec_driver_sql("INSERT INTO session_bridge_point (session, bridge_point) VALUES ('K1.4', 'p-x')")
        who = connection.exec_driver_sql("SELECT id FROM learner WHERE code = 'HV000'").scalar_one()
    server.account("ben-cat", Grant("lecturer", bridge_point="p-x"))
    lecturer = server.signed_in("ben-cat")
    assert lecturer.get(f"/learners/{who}").status_code == 404
    form = {"learner": who, "session": "K1.4", "bridge_point": "p-x"}
    assert server.manager().post(f"/courses/{course}/transfers", data=form).status_code == 200
    assert lecturer.get(f"/learners/{who}").status_code == 200
