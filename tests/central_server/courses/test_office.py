"""The pages of courses over HTTP: who sees what, lists, forms that are wrong, class rules, holidays, programmes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from central_server.accounts.permission import Grant
from central_server.config import Accounts
from central_server.courses.attention import CourseSituation, attention
from central_server.courses.overview import PlannedRow
from central_server.courses.pages import chosen
from tests.central_server.courses.making import SERIES, course_id, make_course
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import MINUTE, START, Agent, Running, running


@pytest.fixture
def manager(server: Running) -> httpx.Client:
    return server.manager()


def test_a_manager_of_one_course_sees_that_one_and_those_that_he_makes(server: Running) -> None:
    server.manager()
    elsewhere = make_course(server.manager())
    server.account("mot-lop", Grant("class_manager", course=course_id(server)))
    client = server.signed_in("mot-lop")
    assert "Bồi dưỡng ngạch chuyên viên" in client.get("/courses").text
    assert "L2026-001" not in client.get("/courses").text + client.get("/courses.csv").text + client.get("/").text
    for path in ("", "/edit", "/sessions/new", "/sessions/L2026-001.1/edit", "/class-rules"):
        assert client.get(elsewhere + path).status_code == 404
    mine = make_course(client)
    assert mine != elsewhere and client.get(mine).status_code == 200
    assert client.get(f"/courses/{course_id(server)}/sessions/L2026-001.1/edit").status_code == 404


def test_an_empty_office_begins_with_the_form(tmp_path: Path) -> None:
    with running(tmp_path / "data") as one:
        page = one.manager().get("/")
        assert page.url.path == "/courses/new"
        assert "Chưa có điểm cầu nào" in page.text


def test_the_list_is_searched_without_accents_sorted_and_safe_in_excel(server: Running, manager: httpx.Client) -> None:
    make_course(manager, title="=Ánh sáng", code="AS")
    assert "=Ánh sáng" in manager.get("/courses?find=anh+SANG").text
    assert "ngạch chuyên viên" not in manager.get("/courses?find=anh+sang").text
    assert "Không có lớp nào như vậy" in manager.get("/courses?state=over").text
    lines = manager.get("/courses.csv?order=code").text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["AS", "K1"]
    assert "'=Ánh sáng" in lines[1]
    assert manager.get("/courses?order=beauty").status_code == 422
    assert chosen([], "x", "", "title") == []


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"title": " "}, "title", "Hãy điền"), ({"code": "Lớp 1"}, "code", "không dấu"), ({"code": "K1"}, "code", "K1"),
        ({"first": ""}, "first", "Hãy điền"), ({"count": "", "last": ""}, "count", "số buổi"),
        ({"count": "0"}, "count", "từ 1"), ({"last": "01/01/2026"}, "last", "trước ngày đầu"),
        ({"weekday": []}, "weekday", "ít nhất"), ({"end": "7:00"}, "end", "sau giờ bắt đầu"),
        ({"breaks": "12:00-12:10"}, "breaks", "nằm trong"), ({"start2": "10:00", "end2": "12:00"}, "start2", "trùng"),
        ({"start2": "13:00"}, "end2", "Hãy điền"), ({"programme": "g-none"}, "programme", "chọn lại"),
        ({"lecturer": ", Sở"}, "lecturer", "họ tên"), ({"point": ["p-none"]}, "point", "chọn lại"),
    ],
)  # fmt: skip
def test_each_wrong_field_is_named_and_nothing_is_saved(
    server: Running, manager: httpx.Client, changes: dict[str, object], field: str, says: str
) -> None:
    before = len(own_log(server))
    answer = manager.post("/courses/new", data={**SERIES, **changes})
    assert answer.status_code == 422
    assert says in answer.text.partition(f'id="{field}-error"')[2].partition("</small>")[0]
    assert str(SERIES["lecturer"]) in answer.text or "lecturer" in changes
    assert [type(one) for one in own_log(server)[before:]] == []


def test_learners_read_the_class_rules_of_their_published_course_alone(server: Running, manager: httpx.Client) -> None:
    course = course_id(server)
    rules = {"title": "Lớp", "period_minutes": "45", "class_rules": "Đi học đúng giờ.\n\n<b>Tắt</b> điện thoại."}
    manager.post(f"/courses/{course}/edit", data=rules)
    account = server.account("hoc-vien", Grant("learner"))

    def belongs(connection: Connection) -> None:
        query = "UPDATE account SET learner = (SELECT id FROM learner LIMIT 1) WHERE id = :a"
        connection.execute(text(query), {"a": account})

    server.do(belongs)
    learner = server.signed_in("hoc-vien")
    page = learner.get(f"/courses/{course}/class-rules")
    assert page.status_code == 200 and "&lt;b&gt;Tắt" in page.text
    manager.post(f"/courses/{course}/publish", data={"published": "no"})
    assert learner.get(f"/courses/{course}/class-rules").status_code == 404
    other = make_course(manager)
    manager.post(f"{other}/publish")
    assert learner.get(f"{other}/class-rules").status_code == 404
    assert learner.get(f"/courses/{course}").status_code == 403


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """An administrator, who needs no second factor here, and a class manager of the same server."""
    accounts = Accounts(idle_minutes=24 * 60, hours=24 * 31, second_factor=())
    with running(tmp_path / "other", accounts=accounts) as one:
        one.account("quan-tri", Grant("administrator"))
        yield one.signed_in("quan-tri"), one.manager()


def test_holidays_are_taken_over_mended_and_left_out_of_series(two: tuple[httpx.Client, httpx.Client]) -> None:
    chief, manager = two
    assert chief.post("/admin/holidays/take-over", data={"year": "2026"}).status_code == 200
    lines = "24/11/2026, Ngày Văn hóa (QĐ 12)\n25-11-2026\tNghỉ bù\n"
    assert chief.post("/admin/holidays", data={"days": lines}).status_code == 200
    chief.post("/admin/holidays/take-over", data={"year": "2026"})  # what was entered stays
    page = chief.get("/admin/holidays").text
    assert "Ngày Văn hóa (QĐ 12)" in page and "Ngày Văn hóa Việt Nam" not in page
    wrong = chief.post("/admin/holidays", data={"days": "26/11/2026, A\n31/11/2026, B"})
    assert wrong.status_code == 422 and "Dòng 2" in wrong.text and "26/11/2026" not in wrong.text.partition("<form")[0]
    assert chief.post("/admin/holidays/take-over", data={"year": "1990"}).status_code == 422
    shown = manager.post("/courses/new/sessions", data={**SERIES, "first": "23/11/2026", "count": "2"}).text
    assert "24/11/2026 (Ngày Văn hóa (QĐ 12))" in shown and "25/11/2026 (Nghỉ bù)" in shown
    assert "thứ Năm 26/11/2026" in shown
    chief.post("/admin/holidays/remove", data={"day": "2026-11-25"})
    assert "Nghỉ bù" not in manager.post("/courses/new/sessions", data={**SERIES, "first": "23/11/2026"}).text
    assert manager.get("/admin/holidays").status_code == 403


def test_a_programmes_periods_are_held_against_the_plan(server: Running, manager: httpx.Client) -> None:
    made = {"code": "CV", "title": "Ngạch chuyên viên", "periods": "40"}
    assert manager.post("/programmes", data=made).status_code == 200
    assert manager.post("/programmes", data={"code": "C V", "title": ""}).status_code == 422
    programme = manager.get("/courses/new").text.partition('<option value="g-')[2].partition('"')[0]
    address = make_course(manager, programme=f"g-{programme}")
    assert "Lịch có 26 tiết, chương trình là 40 tiết" in manager.get(address).text
    manager.post("/programmes", data={"code": "CV", "title": "Ngạch chuyên viên", "periods": "26"})
    assert "chương trình là" not in manager.get(address).text


def test_two_lecturers_of_one_name_are_told_apart_by_their_unit(server: Running, manager: httpx.Client) -> None:
    make_course(manager, lecturer="TS. Lê Văn C, Sở Y tế")
    make_course(manager, lecturer="Lê Văn C, Sở Y tế")
    make_course(manager, lecturer="ThS. Lê Văn C, Sở Tài chính")
    offered = manager.get("/courses/new").text.partition('id="lecturers"')[2].partition("</datalist>")[0]
    assert {part.partition('"')[0] for part in offered.split('value="')[1:]} == {
        "TS. Lê Văn C, Sở Y tế", "ThS. Lê Văn C, Sở Tài chính"
    }  # fmt: skip


def test_the_course_says_what_is_not_sealed(server: Running, agent: Agent, manager: httpx.Client) -> None:
    server.clock.ms = START + 300 * MINUTE
    assert "1 buổi chưa niêm phong: Buổi 1." in manager.get(f"/courses/{course_id(server)}").text
    assert "chưa niêm phong" in manager.get("/").text


def planned(number: int, **changes: object) -> PlannedRow:
    start = START + number * 1440 * MINUTE
    usual = {
        "id": f"K1.{number}", "title": f"Buổi {number}", "start": start, "end": start + 210 * MINUTE, "breaks": (),
        "field_visit": False, "cancelled": False, "lecturer": "", "main_point": None, "points": ("p-1",),
        "sealed": frozenset(), "has_records": False, "changes": (), "phase": "before", "teaching_ms": 0,
        "period_minutes": 45,
    }  # fmt: skip
    return PlannedRow(**usual | changes)  # type: ignore[arg-type]


def test_what_needs_doing_is_said_and_the_urgent_first() -> None:
    def told(**changes: object) -> list[str]:
        usual = {
            "id": "c-1", "published": True, "class_rules": "x", "sessions": [planned(2)], "learners": {"p-1": 3},
            "names": {"p-1": "Bến Cát"}, "without_device": frozenset(), "clashes": (), "planned_periods": 10.0,
            "programme_periods": 0, "now": START,
        }  # fmt: skip
        return [one.vi for one in attention(CourseSituation(**usual | changes))]  # type: ignore[arg-type]

    assert told() == []
    assert told(published=False) == ["Lớp còn là bản nháp: học viên và điểm cầu chưa thấy lịch và nội quy."]
    assert told(sessions=[]) == ["Chưa có buổi học nào."]
    assert told(learners={}) == ["Chưa ghi danh học viên."]
    assert told(class_rules="") == ["Chưa có nội quy lớp học."]
    assert told(class_rules="", lookalikes=2)[1].startswith("2 cặp học viên có khuôn mặt giống nhau")
    assert told(class_rules="", lookalikes=2, lookalikes_within=1)[0].startswith("2 cặp học viên có khuôn mặt")
    assert told(sessions=[planned(2, cancelled=True), planned(3, field_visit=True, points=())]) == []
    missing = told(sessions=[planned(2, points=("p-2",))], class_rules="", names={"p-1": "Bến Cát", "p-2": "Dĩ An"})
    assert missing[0] == "3 học viên ở Bến Cát nhưng điểm cầu này không có trong 1 buổi sắp tới (từ Buổi 2)."
    assert missing[1:] == ["Chưa có nội quy lớp học.", "Điểm cầu Dĩ An chưa có học viên nào."]
    assert told(without_device=frozenset({"p-1"}))[0].startswith("Điểm cầu Bến Cát chưa có máy")
    over = [planned(n, phase="over", sealed=frozenset({"p-1"} if n == 1 else ())) for n in range(1, 6)]
    assert told(sessions=over) == ["4 buổi chưa niêm phong: Buổi 2, Buổi 3, Buổi 4, …."]
    assert told(programme_periods=12) == ["Lịch có 10 tiết, chương trình là 12 tiết."]
