"""A class manager enrols from a file: nothing before "Ghi danh", then all of it, once, and proved."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.accounts.permission import Grant
from central_server.courses.tables import Course, CourseSession, Enrolment, Programme
from central_server.enrolment.kept import FOLDER
from central_server.learners.tables import Learner
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.receipts import Receipt
from tests.central_server.enrolment.files import BROKEN, HEAD, people, person, put, text_rows, xlsx
from tests.central_server.running import START, Running, join, running, write_course


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


def course_id(server: Running, code: str = "K1") -> str:
    with Session(server.services.engine) as db:
        return db.exec(select(Course.id).where(Course.code == code)).one()


class Office:
    """A class manager's browser at one course."""

    def __init__(self, server: Running, code: str = "K1") -> None:
        self.server = server
        self.client = server.manager()
        self.course = course_id(server, code)

    def send(self, data: bytes, name: str = "ds.xlsx") -> httpx.Response:
        return self.client.post(f"/courses/{self.course}/roster", files={"file": (name, data)})

    def save(self, preview: httpx.Response, **choices: str) -> httpx.Response:
        assert preview.status_code == 200, preview.text
        return self.client.post(
            preview.url.path, data={"sent": "1"} | {k.replace("__", "."): v for k, v in choices.items()}
        )

    def count(self) -> int:
        with Session(self.server.services.engine) as db:
            return len(db.exec(select(Enrolment).where(Enrolment.course == self.course)).all())


def learners(server: Running) -> dict[str, Learner]:
    with Session(server.services.engine) as db:
        return {one.code: one for one in db.exec(select(Learner))}


def prove(server: Running) -> list[Any]:
    with server.services.engine.connect() as connection, connection.begin():
        return verify(StoredEvidence(connection), []).findings


def snapshot(server: Running) -> list[Any]:
    with server.services.engine.connect() as connection:
        tables = (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")).scalars().all()
        )
        names = [one for one in tables if one not in ("sign_in", "browser_session", "alembic_version")]
        return [(one, connection.execute(text(f'SELECT * FROM "{one}"')).all()) for one in names]  # noqa: S608


def test_forty_learners_from_a_file(server: Running) -> None:
    office = Office(server)
    preview = office.send(xlsx(people(40), titles=("SỞ NỘI VỤ", "DANH SÁCH HỌC VIÊN")))
    assert re.search(r"<b>40</b>\s+học viên ghi danh được: 40 mới", preview.text)
    assert office.count() == 3
    saved = office.save(preview)
    assert "40 học viên mới" in saved.text
    assert office.count() == 43
    who = learners(server)["CB0001"]
    assert (who.name, who.unit, who.birth_year, who.position) == ("Nguyễn Thị Bình", "Sở Nội vụ", 1971, "Chuyên viên")
    assert prove(server) == []
    again = office.send(xlsx(people(40)))
    assert "0 mới" in again.text and "40 đã có trong lớp" in again.text


def test_broken_rosters_leave_nothing_behind(server: Running) -> None:
    office = Office(server)
    before = snapshot(server)
    for broken in BROKEN[::4]:
        answer = office.send(broken.make(), "ds.csv")
        if broken.at:
            assert answer.status_code == 200 and broken.at[0] in answer.text, broken.name
            assert office.save(answer).status_code == 422
        else:
            assert answer.status_code == 422 and broken.says in html.unescape(answer.text), broken.name
        assert snapshot(server) == before


def test_a_second_click_gets_the_same_answer_and_enrols_nobody_twice(server: Running) -> None:
    office = Office(server)
    preview = office.send(xlsx(people(30)))
    answers: list[httpx.Response] = []
    cookies = dict(office.client.cookies)

    def click() -> None:
        with httpx.Client(base_url=server.address, cookies=cookies, follow_redirects=True, timeout=60) as client:
            answers.append(client.post(preview.url.path, data={"sent": "1"}))

    clicks = [threading.Thread(target=click) for _ in range(4)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert {str(answer.url) for answer in answers} == {str(answers[0].url)}
    assert "30 học viên mới" in answers[0].text
    assert office.count() == 33
    assert office.client.get(preview.url.path).url == answers[0].url


def test_faulty_rows_block_saving_unless_they_are_left_out_by_their_number(server: Running) -> None:
    office = Office(server)
    preview = office.send(xlsx(put(people(5), 1, "Ngày sinh", "12/5/80")))
    assert "1 ô cần sửa" in preview.text and ">D3<" in preview.text
    assert office.save(preview).status_code == 422
    assert office.save(preview, leave_out="2").status_code == 422
    assert office.count() == 3
    saved = office.save(preview, leave_out="1")
    assert "4 học viên mới" in saved.text and "bỏ 1 dòng" in saved.text
    assert office.count() == 7


def test_a_code_of_somebody_else_is_named(server: Running) -> None:
    office = Office(server)
    preview = office.send(xlsx(put(people(2), 0, "Mã học viên", "HV000")))
    assert "mã này đã là của Nguyễn Văn A0, Sở Nội vụ" in preview.text
    assert office.save(preview).status_code == 422


def test_the_same_person_under_another_code_is_asked_about(server: Running) -> None:
    office = Office(server)
    office.save(office.send(xlsx(people(1))))
    rows = put(people(2), 0, "Mã học viên", "CCVC01")
    preview = office.send(xlsx(rows))
    assert "Có phải cùng một người?" in preview.text
    assert office.save(preview).status_code == 422
    office.save(preview, same__0="yes")
    assert office.count() == 5 and "CCVC01" not in learners(server)
    preview = office.send(xlsx(rows))
    office.save(preview, same__0="no")
    assert office.count() == 6 and learners(server)["CCVC01"].name == learners(server)["CB0001"].name
    assert prove(server) == []


def test_unknown_bridge_points_and_missing_columns_are_chosen_on_the_page(server: Running) -> None:
    office = Office(server)
    with server.services.engine.connect() as connection:
        point = connection.execute(text("SELECT id FROM bridge_point WHERE code = 'BC'")).scalar_one()
    preview = office.send(xlsx(put(people(3), 0, "Điểm cầu", "Phòng họp 2")))
    assert "Phòng họp 2" in preview.text
    assert office.save(preview).status_code == 422
    assert "3 học viên mới" in office.save(preview, point__0=point).text
    head = tuple("Mã lạ" if one == "Mã học viên" else one for one in HEAD[:6])
    preview = office.send(xlsx([row[:6] for row in people(6)[3:]], head))
    assert office.save(preview).status_code == 422
    assert office.save(preview, column__code="1").status_code == 422
    assert "3 học viên mới" in office.save(preview, column__code="1", everybody_at=point).text
    with Session(server.services.engine) as db:
        places = {one.learner: one.bridge_point for one in db.exec(select(Enrolment))}
    assert {places[learners(server)[code].id] for code in ("CB0001", "CB0004", "CB0005", "CB0006")} == {point}


def test_two_learners_of_one_name_are_shown_with_unit_and_birth_year(server: Running) -> None:
    rows = people(2)
    rows[1][2] = rows[0][2]
    preview = Office(server).send(xlsx(rows))
    assert "Trùng họ tên trong tệp" in preview.text and "Sở Nội vụ, sinh 1972" in preview.text


def test_who_has_completed_the_programme_is_a_warning(server: Running, tmp_path: Path) -> None:
    with Session(server.services.engine) as db:
        db.add(Programme(id="g-1", code="CV", title="Chuyên viên"))
        db.commit()
    server.load(write_course(tmp_path / "next.toml", learners=0, code="K2"))
    with server.services.engine.begin() as connection:
        connection.execute(text("UPDATE course SET programme = 'g-1'"))
    office = Office(server, "K2")
    Office(server).save(Office(server).send(xlsx(people(1))))
    (row,) = people(1)
    assert "Đã học chương trình này" not in office.send(xlsx([row])).text  # the first course still runs
    server.clock.ms += 4 * 3_600_000
    preview = office.send(xlsx([row])).text
    assert "Đã học chương trình này" in preview and "chưa kết luận được, lớp" in preview  # nobody watched it
    with server.services.engine.connect() as connection:
        (learner,) = connection.execute(text("SELECT id FROM learner WHERE code = :code"), {"code": row[1]}).one()
    agent = join(server)
    start, end = START, START + 3 * 3_600_000
    agent.coverage("K1.1", start, end)
    agent.presence("K1.1", learner, start, end)
    assert isinstance(agent.send_all(), Receipt)
    assert "đã hoàn thành, lớp" in office.send(xlsx([row])).text


def test_ethnicity_is_kept_only_when_asked_and_readable_nowhere(server: Running) -> None:
    office = Office(server)
    rows = [[*person(n)[:7], "Khmer" if n < 4 else "Stiêng"] for n in range(1, 13)]
    office.save(office.send(xlsx(rows)))
    assert "Dân tộc (tổng số)" not in server.get(f"/courses/{office.course}/learners").text
    office.save(office.send(xlsx(rows)), ethnicity="yes")
    page = server.get(f"/courses/{office.course}/learners").text
    assert "Dân tộc (tổng số)" in page and "Khmer" not in page  # three people: not shown by themselves
    folder = server.services.config.data_folder
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "Sở Nội vụ".encode() in whole
    for word in ("Khmer", "Stiêng"):
        assert word.encode() not in whole and word.encode("utf-16-le") not in whole


def test_kept_rosters_are_sealed_private_and_bound_to_their_course(server: Running, tmp_path: Path) -> None:
    server.load(write_course(tmp_path / "next.toml", learners=0, code="K2"))
    office, other = Office(server), Office(server, "K2")
    preview = office.send(xlsx(people(3)))
    (kept,) = (server.services.config.data_folder / FOLDER).iterdir()
    assert kept.stat().st_mode & 0o077 == 0 and "Nguyễn".encode() not in kept.read_bytes()
    moved = preview.url.path.replace(office.course, other.course)
    assert other.client.get(moved).status_code == 404
    assert office.client.post(preview.url.path + "/drop").status_code == 200
    assert not kept.exists() and office.client.get(preview.url.path).status_code == 404


def test_only_who_manages_the_course_may_enrol(server: Running, tmp_path: Path) -> None:
    course = course_id(server)
    server.account("giang-vien", Grant("lecturer", course))
    server.load(write_course(tmp_path / "next.toml", learners=0, code="K2"))
    server.account("lop-khac", Grant("class_manager", course_id(server, "K2")))
    for login, status in (("giang-vien", 403), ("lop-khac", 404)):
        client = server.signed_in(login)
        answer = client.post(f"/courses/{course}/roster", files={"file": ("a.xlsx", xlsx(people()))})
        assert answer.status_code == status


def test_csv_of_the_list_comes_back_as_a_roster(server: Running) -> None:
    office = Office(server)
    office.save(office.send(text_rows(people(6)).encode("utf-16"), "ds.csv"))
    out = server.get(f"/courses/{office.course}/learners.csv?find=nguyen thi").content
    assert out.startswith(b"\xef\xbb\xbf") and out.count(b"\r\n") == 7 and b";" in out
    again = office.send(out, "ds.csv")
    assert "6 đã có trong lớp" in again.text
    assert (
        "6 đã có trong lớp" in office.send(server.get(f"/courses/{office.course}/learners.xlsx?find=CB0").content).text
    )


def test_the_list_is_found_without_diacritics_and_sorted_by_given_name(server: Running) -> None:
    office = Office(server)
    office.save(office.send(xlsx(people(9))))
    page = server.get(f"/courses/{office.course}/learners?find=thi+hung").text
    assert "Nguyễn Thị Hùng" in page and "Nguyễn Thị Lan" not in page
    names = re.findall(
        r'<th scope="row"><a href="/learners/[^"]+">([^<]+)<', server.get(f"/courses/{office.course}/learners").text
    )
    assert [name.split()[-1] for name in names[:4]] == ["A0", "B1", "Bình", "C2"]


def test_a_session_in_the_course_has_its_learners(server: Running) -> None:
    office = Office(server)
    office.save(office.send(xlsx(people(9))))
    with Session(server.services.engine) as db:
        session = db.exec(select(CourseSession.id)).one()
    assert "Nguyễn Thị Hùng" in server.get(f"/sessions/{session}").text
