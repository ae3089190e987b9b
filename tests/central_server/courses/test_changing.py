"""Sessions moved, cancelled, dropped; what bridge points, pages, calendars and the proof make of it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text
from sqlmodel import Session

from central_server.courses.queries import today
from central_server.participation.book import SessionBook
from central_server.participation.live import LiveBoard
from central_server.proof.replay import replay
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.own_records import SessionChanged, SessionDropped, SessionHeld, SessionPlanned
from tests.central_server.courses.making import SERIES, course_id, make_course
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import MINUTE, START, Agent, Running

TOMORROW = {"title": "Buổi 1", "first": "25/11/2026", "start": "7:30", "end": "11:30", "breaks": "9:30-9:45"}


@pytest.fixture
def manager(server: Running) -> httpx.Client:
    return server.manager()


def differences(server: Running, hand: str = "", **values: object) -> list[str]:
    """What a proof finds after somebody changed the database by hand."""
    with server.services.engine.connect() as connection, connection.begin() as transaction:
        if hand:
            connection.execute(text(hand), values)
        found = [finding.en for finding in verify(StoredEvidence(connection), []).findings]
        transaction.rollback()
    return found


def points(server: Running) -> list[str]:
    with server.services.engine.connect() as connection:
        return sorted(connection.execute(text("SELECT bridge_point FROM session_bridge_point")).scalars())


def session_address(server: Running, number: int = 1) -> str:
    return f"/courses/{course_id(server)}/sessions/K1.{number}"


def with_points(server: Running, form: dict[str, str]) -> dict[str, object]:
    return {**form, "point": points(server)}


def test_a_move_needs_a_reason_and_is_told_everywhere(server: Running, agent: Agent, manager: httpx.Client) -> None:
    address = session_address(server)
    refused = manager.post(f"{address}/edit", data=with_points(server, TOMORROW))
    assert refused.status_code == 422
    assert "ghi lý do" in refused.text and 'value="25/11/2026"' in refused.text
    before = len(own_log(server))
    assert (
        manager.post(f"{address}/edit", data=with_points(server, TOMORROW | {"reason": "mất điện"})).status_code == 200
    )
    changed, planned = own_log(server)[before:]
    assert isinstance(changed, SessionChanged) and (changed.number, changed.change) == (1, "moved")
    assert isinstance(planned, SessionPlanned) and planned.start == START + (24 * 60 - 30) * MINUTE
    assert changed.by is not None
    (told,) = agent.today().sessions
    assert (told.start, told.end) == (planned.start, planned.end)
    page = manager.get("/sessions/K1.1").text
    assert "dời từ 08:00–11:30 thứ Ba 24/11/2026 vì mất điện" in " ".join(page.split())
    assert differences(server) == []
    for hand in (
        "UPDATE session_change SET reason = 'giảng viên ốm'", "UPDATE session_change SET start = start - 60000",
        "DELETE FROM session_change", "UPDATE session_change SET by = 'a-1'", "UPDATE session SET cancelled = 1",
        "UPDATE session SET field_visit = 1", "UPDATE course SET class_rules = 'x'", "UPDATE course SET published = 0",
        "INSERT INTO holiday VALUES ('2026-12-24', 'Noel', 0)",
    ):  # fmt: skip
        assert len(differences(server, hand)) == 1, hand


def test_a_file_that_moves_a_session_makes_a_move_too(
    server: Running, course_file: Path, manager: httpx.Client
) -> None:
    lecturer = with_points(server, {**TOMORROW, "first": "24/11/2026", "start": "8:00", "lecturer": "TS. Lê Văn C"})
    assert manager.post(f"{session_address(server)}/edit", data=lecturer).status_code == 200
    course_file.write_text(course_file.read_text(encoding="utf-8").replace("T08:00:00", "T07:30:00"), encoding="utf-8")
    server.load(course_file)
    changed, planned = own_log(server)[-2:]
    assert isinstance(changed, SessionChanged) and changed.by is None
    assert isinstance(planned, SessionPlanned) and planned.start == START - 30 * MINUTE
    assert "TS. Lê Văn C" in manager.get(f"/courses/{course_id(server)}").text  # a file speaks of no lecturer
    assert differences(server) == []


def test_a_cancelled_session_is_not_watched_and_comes_back(
    server: Running, agent: Agent, manager: httpx.Client
) -> None:
    address = session_address(server)
    assert manager.post(f"{address}/cancel", data={"cancel_reason": " "}).status_code == 422
    page = manager.post(f"{address}/cancel", data={"cancel_reason": "bão số 9"}).text
    assert "hủy vì bão số 9" in page and "Hoàn tác" in page
    assert agent.today().sessions == ()
    assert "bão số 9" in manager.get("/sessions/K1.1").text
    assert manager.post(f"{address}/restore").status_code == 200
    assert len(agent.today().sessions) == 1
    assert differences(server) == []
    kinds = [one.change for one in own_log(server) if isinstance(one, SessionChanged)]
    assert kinds == ["cancelled", "restored"]


def test_only_a_cancelled_session_without_records_can_be_deleted(
    server: Running, agent: Agent, manager: httpx.Client
) -> None:
    course = make_course(manager)
    new = f"{course}/sessions/L2026-001"
    assert manager.post(f"{new}.6/drop").status_code == 409
    manager.post(f"{new}.6/cancel", data={"cancel_reason": "thừa"})
    assert manager.post(f"{new}.6/drop").status_code == 200
    assert isinstance(own_log(server)[-1], SessionDropped)
    added = {"how": "one", "first": "30/12/2026", "start": "8:00", "end": "9:00"}
    assert manager.post(f"{course}/sessions/new", data=added).status_code == 200
    assert "L2026-001.7" in manager.get(course).text  # its id is not given again
    assert differences(server) == []
    agent.coverage("K1.1", START, START + 10 * MINUTE)
    agent.send_all()
    manager.post(f"{session_address(server)}/cancel", data={"cancel_reason": "bão"})
    assert "Xóa hẳn" not in manager.get(f"{session_address(server)}/edit").text
    assert manager.post(f"{session_address(server)}/drop").status_code == 409
    assert "Bản ghi được giữ" in manager.get(f"/courses/{course_id(server)}").text


def test_records_of_a_moved_session_count_against_its_new_times_and_the_page_says_so(
    server: Running, agent: Agent, manager: httpx.Client
) -> None:
    who = agent.today().sessions[0].learners[0].id
    agent.coverage("K1.1", START, START + 60 * MINUTE)
    agent.presence("K1.1", who, START, START + 60 * MINUTE)
    agent.send_all()
    later = {"title": "Buổi 1", "first": "24/11/2026", "start": "8:30", "end": "10:30", "breaks": "", "reason": "x"}
    assert manager.post(f"{session_address(server)}/edit", data=with_points(server, later)).status_code == 200
    state = SessionBook(server.services.engine, LiveBoard(), "K1.1").state(START + 1440 * MINUTE)
    part = next(one.participation for one in state.learners if one.facts.id == who)
    assert (part.seen_ms, part.scheduled_ms) == (30 * MINUTE, 120 * MINUTE)
    assert "tính theo giờ mới" in manager.get(f"/courses/{course_id(server)}").text
    assert "tính theo giờ mới" in manager.get("/sessions/K1.1").text
    assert differences(server) == []


def test_a_field_visit_counts_nothing_against_anybody(server: Running, agent: Agent, manager: httpx.Client) -> None:
    course = course_id(server)
    visit = {"how": "one", "first": "24/11/2026", "start": "13:30", "end": "16:30", "field_visit": "yes",
             "title": "Đi thực tế", "point": points(server)}  # fmt: skip
    assert manager.post(f"/courses/{course}/sessions/new", data=visit).status_code == 200
    assert [one.session for one in agent.today().sessions] == ["K1.1"]
    state = SessionBook(server.services.engine, LiveBoard(), "K1.2").state(START + 1440 * MINUTE)
    assert (state.points, state.learners) == ((), ())
    assert "không tính vào tỷ lệ" in manager.get("/sessions/K1.2").text
    held = own_log(server)[-1]
    assert isinstance(held, SessionHeld) and held.field_visit
    assert differences(server) == []


def test_bridge_points_know_nothing_of_a_draft_and_publishing_gives_sessions_their_learners_points(
    server: Running, agent: Agent, manager: httpx.Client
) -> None:
    address = make_course(manager, first="24/11/2026", start="13:30", end="17:00", breaks="")
    course = address.rpartition("/")[2]

    def enrol(connection: Connection) -> None:
        values = {"c": course, "k": course_id(server)}
        query = "INSERT INTO enrolment SELECT :c, learner, bridge_point FROM enrolment WHERE course = :k"
        connection.execute(text(query), values)

    server.do(enrol)
    assert [one.session for one in agent.today().sessions] == ["K1.1"]
    assert "chưa công bố mà Buổi 1 bắt đầu lúc 13:30 24/11/2026" in manager.get("/").text
    assert manager.post(f"{address}/publish").status_code == 200
    assert [one.session for one in agent.today().sessions] == ["K1.1", "L2026-001.1"]
    assert len(agent.today().sessions[1].learners) == 2
    manager.post(f"{address}/publish", data={"published": "no"})
    assert [one.session for one in agent.today().sessions] == ["K1.1"]


def test_sessions_of_one_course_never_overlap_and_clashes_with_others_are_named(
    server: Running, manager: httpx.Client
) -> None:
    course = course_id(server)
    same = {"how": "one", "first": "24/11/2026", "start": "11:00", "end": "12:00", "breaks": ""}
    refused = manager.post(f"/courses/{course}/sessions/new", data=same)
    assert refused.status_code == 422 and "Trùng giờ" in refused.text
    other = make_course(
        manager, first="24/11/2026", count="1", skip_holidays="", point=points(server), start="10:00", breaks=""
    )
    page = manager.get(other).text
    assert "trùng giờ với “Buổi 1” của lớp Bồi dưỡng ngạch chuyên viên ở Thủ Dầu Một" in page
    assert "trùng giờ" in manager.get(f"/courses/{course}").text


def test_the_own_log_replays_to_the_plan_and_carries_no_words(server: Running, manager: httpx.Client) -> None:
    address = make_course(manager)
    rules = {"title": SERIES["title"], "period_minutes": "50", "class_rules": "Đi học đúng giờ."}
    assert manager.post(f"{address}/edit", data=rules).status_code == 200
    course = address.rpartition("/")[2]
    plan = replay(own_log(server)).plan
    assert plan.courses[course][1] == 50
    with Session(server.services.engine) as db:
        whole = b"".join(db.connection().execute(text("SELECT line FROM own_record")).scalars())
        assert len(today(db, "p-none", START).sessions) == 0
    for word in ("đúng giờ", "Ánh", "chuyên viên chính"):
        assert word.encode() not in whole
    assert differences(server) == []
