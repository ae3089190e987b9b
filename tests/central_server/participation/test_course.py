"""The forecast of a course as its page and its files show it, from records sent to a real server."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from central_server.accounts.permission import Grant
from central_server.courses.tables import Course
from central_server.participation.course import CourseLearner, CourseParticipation, course_participation
from models.participation import Rule
from models.spans import total
from tests.central_server.participation.term import DAY, LENGTH, course_id, taught, write_term
from tests.central_server.running import MINUTE, START, Running, running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        yield one


def course(server: Running) -> CourseParticipation:
    with Session(server.services.engine) as db:
        row = db.get_one(Course, course_id(server))
        return course_participation(db, server.services.books, server.services.settling, row, server.clock.ms)


def rows(server: Running) -> list[CourseLearner]:
    return list(course(server).learners)


THREE_HELD = [[1, 1, 0.6, 0.5, 0.0, 0.0]] * 3
"""Shares attended in each of three sessions of five."""


def test_each_learner_is_told_what_is_still_needed(server: Running) -> None:
    _, people = taught(server, THREE_HELD)
    found = {one.facts.id: one for one in rows(server)}
    outlooks = [found[who].forecast.outlook for who in people]
    assert outlooks == ["possible", "possible", "too_late", "too_late", "too_late", "too_late"]
    first = found[people[0]].forecast
    assert (first.done.seen_ms, first.left_ms, first.worst, first.best) == (3 * LENGTH, 2 * LENGTH, 0.6, 1.0)
    assert first.needed_ms == LENGTH, "4 of 5 sessions are 80 %"
    page = " ".join(server.get(f"/courses/{course_id(server)}/participation").text.split())
    assert "<b>2</b> còn kịp" in page and "<b>4</b> không còn kịp" in page
    assert "cần thêm 3 giờ 15 phút trong 6 giờ 30 phút còn lại" in page
    assert "60,0 % – 100,0 %" in page


def test_a_running_session_counts_as_far_as_it_has_come(server: Running) -> None:
    agent, people = taught(server, [[1, 1, 1, 1, 1, 1]])
    agent.clock.ms = server.clock.ms = START + DAY + 60 * MINUTE
    agent.status("K1.2", {people[0]: START + DAY}, watching_from=START + DAY)
    found = {one.facts.id: one.forecast for one in rows(server)}
    assert found[people[0]].done.scheduled_ms == LENGTH + 60 * MINUTE
    assert found[people[0]].left_ms == 3 * LENGTH + 135 * MINUTE
    assert found[people[1]].done.not_seen_ms == 60 * MINUTE
    assert all(one.done.scheduled_ms + one.left_ms == 5 * LENGTH for one in found.values())


def test_what_nobody_observed_is_not_held_against_anybody(server: Running) -> None:
    _, people = taught(server, [[0.5] * 6], dark=0.5)
    (one, *_) = [one for one in rows(server) if one.facts.id == people[0]]
    assert one.forecast.done.not_seen_ms == 0
    assert one.forecast.done.share == 1.0
    assert (one.forecast.outlook, one.behind) == ("possible", False)


def test_the_sum_of_the_sessions_is_what_the_sessions_say(server: Running) -> None:
    _, people = taught(server, [[1, 0.9, 0.6, 0.5, 0.2, 0.0], [0.3, 0.9, 0.1, 1, 1, 0.0]], dark=0.1)
    for one in rows(server):
        states = [server.services.books.of(session).state(server.clock.ms) for session in one.parts]
        parts = [who.participation for state in states for who in state.learners if who.facts.id == one.facts.id]
        assert len(parts) == 2
        assert one.forecast.done.seen_ms == sum(total(part.seen) for part in parts)
        assert one.forecast.done.not_observed_ms == sum(total(part.not_observed) for part in parts)
    assert {one.facts.id for one in rows(server)} == set(people)


def test_late_and_early_are_counted_by_sessions(server: Running) -> None:
    agent, people = taught(server, [[1] * 6])
    agent.clock.ms = START + DAY + 210 * MINUTE
    agent.coverage("K1.2", START + DAY, agent.clock.ms, "stopped")
    agent.presence("K1.2", people[0], START + DAY + 10 * MINUTE, START + DAY + 200 * MINUTE)
    agent.send_all()
    server.clock.ms = agent.clock.ms + MINUTE
    (one, *_) = [one for one in rows(server) if one.facts.id == people[0]]
    assert (one.late, one.early) == (1, 1)


def test_cancelled_sessions_and_field_visits_are_no_part_of_it(server: Running, tmp_path: Path) -> None:
    taught(server, [[1] * 6])
    with server.services.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE session SET cancelled = 1 WHERE id = 'K1.4'")
        connection.exec_driver_sql("UPDATE session SET field_visit = 1 WHERE id = 'K1.5'")
    now = course(server)
    assert [one.id for one in now.sessions] == ["K1.1", "K1.2", "K1.3"]
    assert {one.forecast.left_ms for one in now.learners} == {2 * LENGTH}


def listed(server: Running, query: str = "") -> list[dict[str, str]]:
    text = server.get(f"/courses/{course_id(server)}/participation.csv{query}").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


def test_search_state_and_order_hold_for_the_files_too(server: Running) -> None:
    taught(server, [[1, 0.9, 0.85, 0.6, 0.0, 1.0]] * 2)
    found = listed(server)
    assert [one["Họ và tên"] for one in found][:2] == ["Trần Thị D3", "Trần Thị C2"], "least to spare first"
    assert [one["Họ và tên"] for one in listed(server, "?find=tran+thi+b1")] == ["Trần Thị B1"]
    assert [one["Họ và tên"] for one in listed(server, "?find=1974")] == ["Trần Thị E4"]
    assert listed(server, "?state=enough") == []
    assert len(listed(server, "?state=behind")) == 1
    names = [one["Họ và tên"] for one in listed(server, "?order=name")]
    assert names == ["Trần Thị A0", "Trần Thị B1", "Trần Thị C2", "Trần Thị D3", "Trần Thị Đ5", "Trần Thị E4"]
    assert listed(server, "?order=share")[0]["Tỷ lệ: Đến nay"] == "0,0 %"
    for one in found:
        parts = [int(one[name]) for name in ("Số phút: Có mặt", "Số phút: Vắng", "Số phút: Không xác định")]
        assert sum(parts) == int(one["Số phút: Theo lịch đến nay"]) == 390
    assert server.get(f"/courses/{course_id(server)}/participation?order=nothing").status_code == 422


def test_the_excel_file_tells_the_rule_and_holds_numbers(server: Running) -> None:
    taught(server, [[1] * 6])
    got = server.get(f"/courses/{course_id(server)}/participation.xlsx")
    sheet = load_workbook(io.BytesIO(got.content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]
    assert 195 in cells and 1.0 in cells
    assert any("phiên bản 1" in cell and "từ 80,0 %" in cell for cell in cells if isinstance(cell, str))


def test_only_who_may_see_the_course_does(server: Running) -> None:
    address = f"/courses/{course_id(server)}/participation"
    server.account("ky-thuat", Grant("technician"))
    server.account("giang-vien", Grant("lecturer", course=course_id(server)))
    assert server.signed_in("ky-thuat").get(address).status_code == 403
    seen = server.signed_in("giang-vien").get(address)
    assert seen.status_code == 200
    assert "/rules" not in seen.text, "no link to what a lecturer may not do"
    assert server.client(follow_redirects=False).get(address).status_code == 303


def test_a_name_is_never_markup(server: Running, tmp_path: Path) -> None:
    path = write_term(tmp_path / "course.toml")
    text = path.read_text(encoding="utf-8").replace("Trần Thị A0", "<b>=A0 & 'A'</b>")
    path.write_text(text, encoding="utf-8")
    server.load(path)
    taught(server, [[1] * 6])
    page = server.get(f"/courses/{course_id(server)}/participation").text
    assert "<b>=A0" not in page and "&lt;b&gt;=A0" in page


def test_under_the_usual_rule_the_page_of_an_empty_course_teaches_the_first_step(tmp_path: Path) -> None:
    with running(tmp_path / "empty") as server:
        path = write_term(tmp_path / "course.toml", learners=0)
        server.load(path)
        assert course(server).rule == Rule()
        got = server.get(f"/courses/{course_id(server)}/participation")
        assert "Chưa ghi danh học viên nào" in got.text


def test_a_course_that_is_over_says_who_completed(server: Running) -> None:
    taught(server, [[1, 0.9, 0.6, 0.5, 0.0, 0.0]] * 5)
    page = " ".join(server.get(f"/courses/{course_id(server)}/participation").text.split())
    assert "<b>2</b> hoàn thành" in page and "<b>4</b> không hoàn thành" in page
    assert "còn kịp" not in page
    first, second, third, *_ = (one["Tình hình"] for one in listed(server, "?order=name"))
    assert (first, second, third) == ("hoàn thành", "hoàn thành", "không hoàn thành")


def test_the_courses_own_page_tells_each_learners_share_and_with_whom_to_speak(server: Running) -> None:
    taught(server, [[1, 1, 0.7, 0.5, 0.0, 0.0], [1, 1, 0.7, 0.7, 0.0, 0.0]])
    course = course_id(server)
    assert [one.forecast.outlook for one in rows(server)].count("too_late") == 2
    assert [one.behind for one in rows(server)].count(True) == 2
    page = " ".join(server.get(f"/courses/{course}").text.split())
    assert f'href="/courses/{course}/participation?state=too_late">2 học viên không còn kịp đạt 80,0 %' in page
    assert f'href="/courses/{course}/participation?state=behind">2 học viên đang dưới 80,0 % nhưng còn kịp' in page
    table = page.partition('id="learners"')[2]
    assert table.count("course-bar") == 6 and table.count("100,0 %") == 2 and table.count(">không còn kịp<") == 2
    server.account("giang-vien", Grant("lecturer"))
    lecturers = server.signed_in("giang-vien").get(f"/courses/{course}").text
    assert "course-bar" in lecturers, "who sees the course sees it all"


def test_the_courses_own_page_shows_a_hundred_learners_and_where_all_are(tmp_path: Path) -> None:
    with running(tmp_path / "other") as one:
        one.load(write_term(tmp_path / "course.toml", learners=103))
        page = one.get(f"/courses/{course_id(one)}").text
        assert page.count('class="picture"><svg') == 100
        assert "Cả 103 học viên" in page
