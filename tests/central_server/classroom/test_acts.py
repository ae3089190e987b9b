"""What people do in a classroom: who may, what is on record of it, and that a restart forgets nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, Engine

from central_server.classroom.interaction import interaction_of
from central_server.classroom.keeping import read_floor, records_of, texts_of
from central_server.classroom.view import parts_of
from models.classroom_records import FloorGiven, FloorTaken, InClassroom, QuestionAsked
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.running import MINUTE, START


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    """For tests that change nothing, or only what they ask for themselves."""
    with lesson(tmp_path_factory.mktemp("lesson")) as one:
        yield one


def record(one: Lesson) -> list[InClassroom]:
    with one.server.services.engine.connect() as connection:
        return records_of(connection, SESSION)


def kinds(one: Lesson) -> list[str]:
    return [str(told.__struct_config__.tag) for told in record(one)]


def test_a_class_is_led_restarted_proved_and_measured(tmp_path: Path) -> None:
    with lesson(tmp_path) as one:
        lecturer, technician, both = (one.signed_in(who) for who in ("lecturer", "technician", "both"))
        assert one.act(technician, "hand", raised="yes").status_code == 200
        assert one.act(both, "hand", "DA", raised="yes").status_code == 200
        one.server.clock.ms += MINUTE
        assert one.act(lecturer, "floor", room=one.rooms["BC"]).status_code == 200
        one.server.clock.ms += MINUTE
        assert one.act(technician, "questions", text="Thưa cô, bài tập nộp ở đâu?").status_code == 200
        assert one.act(technician, "give-back").status_code == 200
        assert one.act(lecturer, "questions/1/answered").status_code == 200
        assert one.act(lecturer, "floor", room=one.rooms["BC"]).status_code == 200
        assert one.act(both, "questions", "DA", text="Xin tài liệu ạ").status_code == 200
        told = record(one)
        assert kinds(one) == [
            "hand_raised", "hand_raised", "floor_given", "question_asked", "floor_taken", "question_answered",
            "floor_given", "question_asked",
        ]  # fmt: skip
        assert len({act.by for act in told}) == 3 and None not in {act.by for act in told}
        given, asked, taken = told[2], told[3], told[4]
        assert isinstance(given, FloorGiven) and given.at == START + MINUTE
        assert isinstance(taken, FloorTaken) and (taken.why, taken.spoken_ms) == ("given_back", 0)
        assert isinstance(asked, QuestionAsked) and len(asked.text) == 64
        measured = interaction_of(told, START + 240 * MINUTE)
        assert (measured[one.rooms["BC"]].turns, measured[one.rooms["BC"]].turn_ms) == (2, MINUTE)
        assert (measured[one.rooms["DA"]].hands, measured[one.rooms["DA"]].questions) == (1, 1)
        with one.server.services.engine.connect() as connection:
            before = read_floor(connection, SESSION), texts_of(connection, SESSION)
    with lesson(tmp_path, again=True) as one:
        page = one.page(one.signed_in("manager")).text
        with one.server.services.engine.connect() as connection:
            assert (read_floor(connection, SESSION), texts_of(connection, SESSION)) == before
    assert "<b>Bến Cát</b> đang được phát biểu, từ 08:02" in page and "Xin tài liệu ạ" in page
    assert page.index("Giơ tay, theo thứ tự") < page.index("Dĩ An <small>")
    tampered(tmp_path / "data" / "diemdanh.db")


HANDS = [
    "DELETE FROM classroom_act WHERE seq = (SELECT max(seq) FROM classroom_act)",
    "UPDATE classroom_act SET session = 'K2.1'",
    "INSERT INTO classroom_act SELECT min(seq) - 1, 'K1.1' FROM classroom_act",
    "UPDATE classroom_question SET text = 'Câu khác'",
    "DELETE FROM classroom_question",
    "INSERT INTO classroom_question VALUES ('K1.1', 9, 'Câu chưa ai hỏi')",
    "INSERT INTO room_ticket SELECT 'h', 'd-1', 'K1.1', min(id), 0, 'k', 0 FROM bridge_point",
]


def tampered(database: Path) -> None:
    """Whatever somebody changes by hand in what the log tells is found."""
    engine: Engine = unguarded(database)

    def hand(sql: str) -> Callable[[Connection], None]:
        return lambda connection: (connection.exec_driver_sql(sql), None)[1]

    assert proved(engine, []).findings == []
    missed = [sql for sql in HANDS if not proved(engine, [], hand(sql)).findings]
    engine.dispose()
    assert missed == []


def test_the_floor_is_given_by_whoever_leads_and_by_nobody_else(shared: Lesson) -> None:
    room = shared.rooms["BC"]
    for who, status in {
        "lecturer": 200, "manager": 200, "technician": 403, "main-technician": 403, "elsewhere": 404, "learner": 403,
        "admin": 403,
    }.items():  # fmt: skip
        client = shared.signed_in(who)
        assert shared.act(client, "floor", room=room).status_code == status, who
        assert shared.act(client, "floor").status_code == status, who
    nobody = shared.server.client()
    assert shared.act(nobody, "floor", room=room).status_code == 401


def test_the_screen_is_the_lecturers(shared: Lesson) -> None:
    for who, status in {"lecturer": 200, "manager": 403, "technician": 403, "main-technician": 403}.items():
        assert shared.act(shared.signed_in(who), "screen", shown="yes").status_code == status, who
    claims = shared.server.services.media.tokens.check(
        shared.act(shared.signed_in("lecturer"), "screen", shown="yes").json()["token"], shared.server.clock()
    )
    assert (claims.act, claims.room, claims.sources) == ("publish", shared.rooms["TDM"], ("screen",))


def test_a_technician_speaks_for_his_own_rooms_only(shared: Lesson) -> None:
    technician, both = shared.signed_in("technician"), shared.signed_in("both")
    assert shared.act(technician, "hand", "DA", raised="yes").status_code == 404
    assert shared.act(technician, "questions", "TDM", text="?").status_code == 404
    assert shared.act(both, "hand", "DA", raised="yes").status_code == 200
    assert shared.act(both, "hand", "DA").status_code == 200
    assert shared.act(shared.signed_in("manager"), "hand", raised="yes").status_code == 409  # sits in no room
    assert shared.act(shared.signed_in("lecturer"), "hand", raised="yes").status_code == 409  # always heard


def microphone(one: Lesson, client: httpx.Client) -> httpx.Response:
    return one.act(client, "microphone", page="p1", on="yes")


def test_a_room_publishes_its_sound_with_the_floor_only(shared: Lesson) -> None:
    lecturer, technician = shared.signed_in("lecturer"), shared.signed_in("technician")
    shared.act(lecturer, "floor")
    assert microphone(shared, technician).status_code == 409
    assert microphone(shared, shared.signed_in("manager")).status_code == 409
    assert shared.act(lecturer, "floor", room=shared.rooms["BC"]).status_code == 200
    got = microphone(shared, technician)
    claims = shared.server.services.media.tokens.check(got.json()["token"], shared.server.clock())
    assert (claims.act, claims.room, claims.sources) == ("publish", shared.rooms["BC"], ("sound",))
    assert microphone(shared, lecturer).json()["room"] == shared.rooms["TDM"]
    shared.act(lecturer, "floor")
    assert microphone(shared, technician).status_code == 409


def test_everybody_plays_what_everybody_hears_and_his_own_room_without_its_sound(shared: Lesson) -> None:
    lecturer, technician = shared.signed_in("lecturer"), shared.signed_in("technician")
    shared.act(lecturer, "floor", room=shared.rooms["DA"])

    def may_play(client: httpx.Client) -> dict[str, tuple[str, ...]]:
        play = client.get(f"/api/sessions/{SESSION}/classroom/tokens").json()["play"]
        check = shared.server.services.media.tokens.check
        codes = {room: code for code, room in shared.rooms.items()}
        return {codes[room]: check(token, shared.server.clock()).sources for room, token in play.items()}

    whole = ("camera", "sound", "screen")
    assert may_play(lecturer) == {"TDM": ("camera", "screen"), "DA": whole}
    assert may_play(technician) == {"TDM": whole, "DA": whole, "BC": ("camera",)}
    assert may_play(shared.signed_in("manager")) == {"TDM": whole, "DA": whole}
    shared.act(lecturer, "floor")


def test_rooms_are_looked_into_by_whoever_leads(shared: Lesson) -> None:
    def look(who: str, code: str) -> tuple[int, int]:
        client, room = shared.signed_in(who), shared.rooms[code]
        token = client.get(f"/api/sessions/{SESSION}/rooms/{room}/tokens")
        return client.get(f"/sessions/{SESSION}/rooms/{room}").status_code, token.status_code

    assert look("manager", "BC") == look("lecturer", "DA") == look("technician", "BC") == (200, 200)
    assert look("technician", "DA") == look("elsewhere", "BC") == (404, 404)
    assert look("learner", "BC") == look("admin", "BC") == (403, 403)
    manager = shared.signed_in("manager")
    assert manager.get(f"/api/sessions/{SESSION}/rooms/p-none/tokens").status_code == 404
    page = manager.get(f"/sessions/{SESSION}/rooms/{shared.rooms['BC']}").text
    assert "Bến Cát" in page and "Nguyễn Văn" in page


def test_only_the_classroom_may_ask_for_a_microphone(shared: Lesson) -> None:
    manager = shared.signed_in("manager")
    assert "microphone=(self)" in shared.page(manager).headers["permissions-policy"]
    assert "unsafe" not in shared.page(manager).headers["content-security-policy"]
    assert "microphone=()" in manager.get(f"/sessions/{SESSION}").headers["permissions-policy"]


def test_other_sites_change_nothing_in_a_classroom(shared: Lesson) -> None:
    lecturer, before = shared.signed_in("lecturer"), record(shared)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for what in ("floor", "hand", "questions", "microphone", "screen", "give-back", "questions/1/answered"):
            got = lecturer.post(f"/api/sessions/{SESSION}/classroom/{what}", data={"text": "?"}, headers=headers)
            assert got.status_code == 403
        got = lecturer.post("/classroom/enter", data={"ticket": "x"}, headers=headers)
        assert got.status_code == 403
    assert record(shared) == before


def test_what_was_typed_wrong_changes_nothing(shared: Lesson) -> None:
    lecturer, technician = shared.signed_in("lecturer"), shared.signed_in("technician")
    before = record(shared)
    assert shared.act(technician, "questions", text="  ").status_code == 422
    assert shared.act(technician, "questions", text="x" * 501).status_code == 422
    assert shared.act(lecturer, "floor", room="p-none").status_code == 422
    assert shared.act(lecturer, "floor", room=shared.rooms["TDM"]).status_code == 409
    assert shared.act(lecturer, "questions/99/answered").status_code == 409
    for page in ("", "x" * 41):
        assert shared.act(lecturer, "microphone", page=page, on="yes").status_code == 422
    assert record(shared) == before


def test_outside_its_hours_nothing_is_done_and_the_page_says_when(tmp_path: Path) -> None:
    with lesson(tmp_path) as one:
        technician = one.signed_in("technician")
        for at in (START - 61 * MINUTE, START + 240 * MINUTE):
            one.server.clock.ms = at
            assert one.act(technician, "hand", raised="yes").status_code == 409
            assert "Lớp học mở từ 07:00 đến 12:00" in one.page(technician).text
            assert technician.get(f"/api/sessions/{SESSION}/classroom/tokens").json()["play"].keys() == {
                one.rooms["BC"]
            }
        one.server.clock.ms = START - 59 * MINUTE
        assert one.act(technician, "hand", raised="yes").status_code == 200


def test_a_room_is_entered_as_long_as_any_of_its_pages_is_open_whatever_id_they_give_themselves(shared: Lesson) -> None:
    technician, room = shared.signed_in("technician"), shared.rooms["BC"]
    classroom = shared.server.services.classrooms._open[SESSION][0]
    path = f"/sessions/{SESSION}/classroom/events?page=p1"
    with ExitStack() as first, technician.stream("GET", path) as second:
        told = [one.iter_bytes() for one in (second, first.enter_context(technician.stream("GET", path)))]
        assert all(b"state" in next(one) for one in told)
        first.close()
        wait(lambda: len(classroom._pages) == 1)
        assert room in classroom.state().entered
    wait(lambda: room not in classroom.state().entered)


def wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_leads_reads_that_the_server_encodes_pictures_anew(shared: Lesson) -> None:
    shared.page(shared.signed_in("lecturer"))
    pages, state = shared.server.services.pages, shared.server.services.classrooms._open[SESSION][0].state()
    again = replace(state, way="reencoding")
    assert "mã hóa lại" in parts_of(again, pages, "vi", leads=True)["stage-now"]
    assert "mã hóa lại" not in parts_of(again, pages, "vi", leads=False)["stage-now"]
    assert "mã hóa lại" not in parts_of(replace(state, way="passing"), pages, "vi", leads=True)["stage-now"]
