"""Who teaches a session: the lecturer's own account once somebody has said which it is, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from central_server.accounts.giving import account_by_login, give
from central_server.accounts.permission import Grant
from models.own_records import LecturerBound, decode_own
from tests.central_server.classroom.lesson import Lesson, lesson
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.running import START


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    """The lesson, with a second lecturer of the course, and one of another."""
    with lesson(tmp_path_factory.mktemp("teaching")) as one:
        one.server.account("colleague", Grant("lecturer", one.course))
        one.server.account("manager-of-all", Grant("class_manager"))
        yield one


def mai(here: Lesson) -> str:
    """The id of the lecturer of K1.1."""
    with here.server.services.engine.connect() as connection:
        return str(connection.execute(text("SELECT lecturer FROM session WHERE id = 'K1.1'")).scalar_one())


def bind(here: Lesson, who: str, login: str) -> httpx.Response:
    return here.signed_in(who).post("/lecturers", data={"lecturer": mai(here), "account": login})


def may(here: Lesson, who: str) -> tuple[int, int, int]:
    """Show a screen, give the floor, and look at the classroom."""
    client = here.signed_in(who)
    screen, floor = here.act(client, "screen", shown="yes"), here.act(client, "floor", room=here.rooms["BC"])
    return screen.status_code, floor.status_code, here.page(client).status_code


def test_any_lecturer_of_the_course_teaches_until_the_lecturers_account_is_said_and_only_that_one_afterwards(
    here: Lesson,
) -> None:
    assert may(here, "lecturer") == may(here, "colleague") == (200, 200, 200)
    assert bind(here, "manager", "Lecturer ").status_code == 200
    assert may(here, "lecturer") == (200, 200, 200)
    assert may(here, "colleague") == (403, 403, 200)
    assert may(here, "manager") == (403, 200, 200), "who manages the class leads it and shows no screen"
    assert may(here, "technician") == may(here, "main-technician") == (403, 403, 200)
    assert may(here, "admin") == may(here, "learner") == (403, 403, 403)
    assert may(here, "elsewhere") == (404, 404, 404)
    assert 'data-teaches=""' in here.page(here.signed_in("colleague")).text
    assert 'data-teaches="yes"' in here.page(here.signed_in("lecturer")).text
    assert bind(here, "manager", "").status_code == 200
    assert may(here, "colleague") == (200, 200, 200)


def test_an_account_is_said_by_whoever_manages_all_of_the_lecturers_courses(here: Lesson) -> None:
    for who, status in {"lecturer": 403, "technician": 403, "learner": 403, "admin": 403, "elsewhere": 404}.items():
        assert bind(here, who, "colleague").status_code == status, who
    assert here.server.client(follow_redirects=False).post("/lecturers").status_code in (303, 401)
    for login in ("technician", "manager", "nobody", "x" * 65):
        got = bind(here, "manager", login)
        assert got.status_code == 422 and "aria-invalid" in got.text, login
    here.server.do(teach_in_k2)
    assert bind(here, "manager", "colleague").status_code == 403
    assert "còn dạy ở lớp khác" in here.signed_in("manager").get("/lecturers").text
    refused = bind(here, "manager-of-all", "colleague")
    assert refused.status_code == 422 and "chưa được giao vai trò giảng viên ở lớp K2" in refused.text
    here.server.do(grant_in_k2)
    assert bind(here, "manager-of-all", "colleague").status_code == 200
    assert "colleague" in here.signed_in("elsewhere").get("/lecturers").text
    here.server.do(lambda connection: connection.execute(text("UPDATE session SET lecturer = NULL WHERE id = 'K2.1'")))
    assert "Trần Thị Mai" not in here.signed_in("elsewhere").get("/lecturers").text


def test_an_account_that_may_not_teach_any_more_binds_nobody_and_the_list_says_so(here: Lesson) -> None:
    assert bind(here, "manager", "lecturer").status_code == 200
    assert may(here, "colleague")[0] == 403
    told = "không được giảng ở lớp K1"
    assert told not in here.signed_in("manager").get("/lecturers").text
    here.server.do(lambda db: db.execute(text("UPDATE account SET disabled = 1 WHERE login = 'lecturer'")))
    assert may(here, "colleague") == (200, 200, 200), "or nobody could teach"
    assert told in here.signed_in("manager").get("/lecturers").text
    here.server.do(lambda db: db.execute(text("UPDATE account SET disabled = 0 WHERE login = 'lecturer'")))
    assert may(here, "colleague")[0] == 403
    assert bind(here, "manager", "").status_code == 200


def grant_in_k2(connection: Connection) -> None:
    course = connection.execute(text("SELECT id FROM course WHERE code = 'K2'")).scalar_one()
    give(connection, account_by_login(connection, "colleague"), Grant("lecturer", course), None, START)


def teach_in_k2(connection: Connection) -> None:
    connection.execute(
        text("UPDATE session SET lecturer = (SELECT lecturer FROM session WHERE id = 'K1.1') WHERE id = 'K2.1'")
    )


def test_the_log_tells_and_proves_whose_account_it_is(tmp_path: Path) -> None:
    with lesson(tmp_path) as one:
        account = one.server.account("colleague", Grant("lecturer"))
        for login in ("colleague", "colleague", ""):
            assert bind(one, "manager", login).status_code == 200
        assert bind(one, "manager", "colleague").status_code == 200
        with one.server.services.engine.connect() as connection:
            lines = connection.execute(text("SELECT line FROM own_record ORDER BY seq")).scalars().all()
        told = [record for line in lines if isinstance(record := decode_own(bytes(line)), LecturerBound)]
        assert [(record.lecturer, record.account) for record in told] == [
            (mai(one), account), (mai(one), None), (mai(one), account)
        ]  # fmt: skip
        audit = one.signed_in("admin").get("/admin/audit").text
        assert "ghi giảng viên Trần Thị Mai dùng tài khoản Người dùng colleague" in audit
        assert "bỏ tài khoản của giảng viên Trần Thị Mai" in audit
    engine = unguarded(tmp_path / "data" / "diemdanh.db")
    assert proved(engine, []).findings == []
    for sql in ("UPDATE lecturer SET account = NULL", "UPDATE lecturer SET account = 'a-other'"):

        def hand(connection: Connection, sql: str = sql) -> None:
            connection.exec_driver_sql(sql)

        assert proved(engine, [], hand).findings, sql
    engine.dispose()
