"""Classes that everybody has left: their floor, hands and screen are closed on record, and nothing stays in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from central_server.classroom.closing import Closer, close_over, over
from central_server.classroom.interaction import interaction_of
from central_server.classroom.keeping import read_floor, records_of
from models.classroom_records import FloorTaken, HandLowered, InClassroom
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.media.peers import until
from tests.central_server.proof.tampering import proved, unguarded
from tests.central_server.running import MINUTE, START

END = START + 210 * MINUTE
CLOSES = END + 30 * MINUTE


def record(one: Lesson) -> list[InClassroom]:
    with one.server.services.engine.connect() as connection:
        return records_of(connection, SESSION)


def left_open(one: Lesson, at: int) -> None:
    """BC has the floor since then, and DA's hand is up."""
    one.server.clock.ms = at
    assert one.act(one.signed_in("both"), "hand", "DA", raised="yes").status_code == 200
    assert one.act(one.signed_in("lecturer"), "floor", room=one.rooms["BC"]).status_code == 200


def put_away(one: Lesson) -> None:
    """What the classroom does when nobody has had it open for a minute."""
    room, task = one.server.services.classrooms._open[SESSION]
    asyncio.run_coroutine_threadsafe(room.put_away(), task.get_loop()).result(60)


async def test_what_was_left_open_is_closed_when_the_class_is_over_also_by_a_server_that_was_away(
    tmp_path: Path,
) -> None:
    with lesson(tmp_path) as one:
        left_open(one, END - 10 * MINUTE)
    with lesson(tmp_path, again=True) as one:
        of, before = one.server.services, record(one)
        one.server.clock.ms = CLOSES + MINUTE - 1
        assert over(of.engine, 0, one.server.clock()) == [], "whoever has it open closes it himself"
        one.server.clock.ms = CLOSES + 26 * 60 * MINUTE
        with Closer(of.engine, of.writer, one.server.clock, look_s=60):
            await until(lambda: len(record(one)) > len(before))
        taken, lowered = record(one)[len(before) :]
        assert isinstance(taken, FloorTaken) and isinstance(lowered, HandLowered)
        assert (taken.why, taken.spoken_ms, taken.measured_from) == ("class_over", 0, one.server.clock())
        assert lowered.bridge_point == one.rooms["DA"]
        measured = interaction_of(record(one), CLOSES)[one.rooms["BC"]]
        assert (measured.turns, measured.turn_ms) == (1, 40 * MINUTE), "no turn lasts longer than its class"
        assert not close_over(of.engine, of.writer, SESSION, one.server.clock())
    engine = unguarded(tmp_path / "data" / "diemdanh.db")
    assert proved(engine, []).findings == []
    engine.dispose()


@pytest.mark.parametrize(("at", "closed"), [(END - MINUTE, False), (END + MINUTE, True)], ids=["before", "after"])
def test_a_class_that_everybody_left_is_over_after_its_planned_end_and_before_it_goes_on(
    tmp_path: Path, at: int, closed: bool
) -> None:
    with lesson(tmp_path) as one:
        left_open(one, at)
        media, classrooms = one.server.services.media, one.server.services.classrooms
        assert classrooms.heard(SESSION) == {one.rooms["TDM"], one.rooms["BC"]}
        put_away(one)
        with one.server.services.engine.connect() as connection:
            floor = read_floor(connection, SESSION)
        assert (floor.turn is None, floor.hands == ()) == (closed, closed)
        assert classrooms.heard(SESSION) == set() and SESSION not in media._heard, (
            "nobody is heard in a class that nobody has open"
        )
        one.page(one.signed_in("lecturer"))
        assert classrooms.heard(SESSION) == {one.rooms["TDM"]} | (set() if closed else {one.rooms["BC"]})


async def test_a_class_whose_end_is_moved_to_before_the_last_look_is_closed(tmp_path: Path) -> None:
    with lesson(tmp_path) as one:
        left_open(one, END - 10 * MINUTE)
        of, before, looks = one.server.services, len(record(one)), list[int]()

        def now() -> int:
            looks.append(one.server.clock())
            return looks[-1]

        with Closer(of.engine, of.writer, now, look_s=0.02):
            await until(lambda: len(looks) > 2)
            assert len(record(one)) == before
            end = START - 60 * MINUTE
            one.server.do(lambda db: db.exec_driver_sql('UPDATE session SET "end" = ? WHERE id = ?', (end, SESSION)))
            await until(lambda: len(record(one)) > before)
