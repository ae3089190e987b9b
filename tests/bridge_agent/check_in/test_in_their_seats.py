from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bridge_agent.recognition.commands import SetGallery
from bridge_agent.recognition.events import (
    CheckedIn,
    Doubles,
    InDoubt,
    SeatLost,
    TemplateMade,
)
from models.records import SpotCheck, Unobserved, Vouched
from tests.bridge_agent.check_in.office import ENCODER, MINUTE, RoomOf, begun, people, row
from tests.simulation.loop import SimulatedLoop

Play = Callable[[Callable[[], Awaitable[None]]], None]


def test_enrolling_in_a_session_ends_vouching_and_the_camera_takes_over(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk = room.desk
        await desk.check_in_by_pin("HV00", room.office.learners[0].pin)
        await room.until(70)
        await desk.enrol("p0", "v1", room.office.witness_pin)
        room.tell(TemplateMade("p0", room.boot(), os.urandom(1024), ENCODER, 3, ()))
        await asyncio.sleep(1)
        gallery = room.told[-1]
        assert isinstance(gallery, SetGallery)
        assert {one.learner for one in gallery.templates} == {"p0", "p4", "p5", "p6"}
        room.seen["p0"] = [(70 * 60, 90 * 60)]
        await room.until(80)
        assert row(room, "p0").presence == "present"
        await room.until(95)
        assert row(room, "p0").presence == "away"
        await room.switch_off()

    play(story)
    (vouched,) = [r for r in room.office.records() if isinstance(r, Vouched)]
    assert (vouched.method, vouched.witness) == ("technician", "kt1")
    assert (vouched.end - vouched.start) / MINUTE == pytest.approx(18, abs=0.1)


def test_who_has_a_double_is_known_by_confirmations_and_never_absent_for_the_camera_that_can_name_neither(
    room: RoomOf, play: Play
) -> None:
    async def story() -> None:
        await begun(room)
        desk, pin = room.desk, room.office.learners[4].pin
        room.tell(Doubles(("p4", "p5")))
        await room.until(56)
        await desk.check_in_by_pin("HV04", pin)
        assert row(room, "p4").presence == "vouched"
        await room.until(80)
        room.tell(Doubles(()))  # the twin's face was erased: the camera takes over
        await asyncio.sleep(5)
        assert row(room, "p4").presence != "vouched"
        await room.switch_off()

    play(story)
    spans = [(r.learner, r.why, r.end - r.start) for r in room.office.records() if isinstance(r, Unobserved)]
    assert {(learner, why) for learner, why, _ in spans} == {("p4", "no_face")}
    assert sum(ms for _, _, ms in spans) / MINUTE == pytest.approx(24, abs=0.3)


def test_a_far_seat_is_unobserved_until_the_learner_is_seen_again(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room, duty=False)
        room.seen["p4"] = [(52 * 60, 60 * 60), (75 * 60, 1e9)]
        await room.until(60.2)
        room.tell(SeatLost("p4", room.boot()))
        assert row(room, "p4").presence == "unobserved"
        await room.until(76)
        assert row(room, "p4").presence == "present"
        await room.switch_off()

    play(story)
    lost = [r for r in room.office.records() if isinstance(r, Unobserved)]
    assert {(r.learner, r.why) for r in lost} == {("p4", "far_seat")}
    assert sum(r.end - r.start for r in lost) / MINUTE == pytest.approx(14.8, abs=0.1)
    assert len(lost) == 2  # told after ten minutes already


def test_who_was_admitted_by_face_or_pin_and_sits_too_far_to_be_named_is_not_observed_but_between_confirmations(
    loop: SimulatedLoop, play: Play, tmp_path: Path
) -> None:
    room = RoomOf(loop, tmp_path, people(1, 4), spot_check_minutes=1)
    left_at = 70.0

    async def story() -> None:
        await begun(room)
        desk, pins = room.desk, {one.id: one.pin for one in room.office.learners}
        desk.open("check_in")
        room.nameless = 2  # two far faces; p1 and p2 sit there, p3 leaves at once, p4 is named as ever
        for who in ("p1", "p3", "p4"):
            room.tell(CheckedIn(who, room.boot(), 0.7))
        desk.close()
        await desk.check_in_by_pin("HV02", pins["p2"])
        await desk.check_in_by_pin("HV00", pins["p0"])
        room.seen["p4"] = [(53 * 60, 1e9)]
        answers: dict[str, float] = {}
        while room.loop.now < left_at * 60:
            await asyncio.sleep(10)
            view = desk.view()
            for one in view.session.rows if view.session else ():
                if one.spot_check_until and one.learner != "p3":
                    await desk.answer_spot_check(one.learner, pins[one.learner])
                    answers[one.learner] = room.loop.now
        assert {"p0", "p1", "p2"} <= answers.keys()
        assert row(room, "p1").presence == row(room, "p2").presence == "unobserved"
        assert row(room, "p3").presence == "away"
        assert row(room, "p4").presence == "present"
        await room.switch_off()

    play(story)
    records = room.office.records()
    vouched = {who: sum(r.end - r.start for r in records if isinstance(r, Vouched) and r.learner == who) / MINUTE
               for who in ("p0", "p1", "p2", "p3", "p4")}  # fmt: skip
    assert vouched["p3"] == vouched["p4"] == 0
    assert min(vouched["p0"], vouched["p1"], vouched["p2"]) > 9  # from the check-in to the last answer
    far = {r.learner for r in records if isinstance(r, Unobserved) and r.why == "far_seat"}
    assert far == {"p1", "p2", "p3"}
    (missed,) = [r for r in records if isinstance(r, SpotCheck) and not r.answered and r.learner == "p3"]
    assert max(r.end for r in records if isinstance(r, Unobserved) and r.learner == "p3") == missed.asked


def test_who_was_admitted_and_left_a_room_where_everybody_can_be_named_is_not_seen(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        room.desk.open("check_in")
        room.tell(CheckedIn("p4", room.boot(), 0.7))
        await asyncio.sleep(600)
        assert row(room, "p4").presence == "away"
        await room.switch_off()

    play(story)
    assert not [r for r in room.office.records() if isinstance(r, Unobserved | Vouched)]


def test_a_far_seat_is_still_one_after_recognition_or_the_agent_died(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room, duty=False)
        room.seen["p4"] = [(52 * 60, 60 * 60)]
        room.followed = ("p4",)
        await room.until(60)
        room.followed = ()
        assert room.listener is not None
        room.listener.on_lost("crashed")  # the process is gone; its keeper starts another
        await asyncio.sleep(5)
        assert row(room, "p4").presence == "unobserved"
        await asyncio.sleep(60)
        await room.die()
        await room.switch_on(boot=False)
        await asyncio.sleep(60)
        assert row(room, "p4").presence == "unobserved"
        await room.switch_off()

    play(story)
    lost = [r for r in room.office.records() if isinstance(r, Unobserved)]
    assert {(r.learner, r.why) for r in lost} == {("p4", "far_seat")}
    assert sum(r.end - r.start for r in lost) / 1000 == pytest.approx(120, abs=8)


@pytest.mark.parametrize(("on", "again"), [(1.0, 60.0), (51.9, 53.0)], ids=["much older", "hardly older"])
def test_who_was_admitted_by_face_into_a_far_seat_may_still_sit_there_after_the_pc_was_started_anew(
    room: RoomOf, play: Play, on: float, again: float
) -> None:
    async def story() -> None:
        await room.until(on)
        await begun(room)
        room.desk.open("check_in")
        room.nameless = 1
        room.tell(CheckedIn("p4", room.boot(), 0.7))
        room.desk.close()
        await room.until(again)
        await room.die()
        await room.switch_on()
        await asyncio.sleep(120)
        assert row(room, "p4").presence == "unobserved"
        room.seen["p4"] = [(room.loop.now, 1e9)]
        await asyncio.sleep(120)
        assert row(room, "p4").presence == "present"
        await room.switch_off()

    play(story)
    lost = [r for r in room.office.records() if isinstance(r, Unobserved) and r.boot_id == "boot-2"]
    assert {(r.learner, r.why) for r in lost} == {("p4", "far_seat")}
    assert sum(r.end - r.start for r in lost) / 1000 == pytest.approx(120, abs=8)


def test_whom_the_camera_did_not_recognise_at_the_desk_is_known_by_confirmations_and_by_what_it_sees(
    room: RoomOf, play: Play
) -> None:
    async def story() -> None:
        await begun(room)
        desk, pin = room.desk, room.office.learners[4].pin
        desk.open("check_in")
        room.tell(InDoubt(room.boot(), "unknown", "p4", "", ""))
        await desk.check_in_by_pin("HV04", pin)
        assert row(room, "p4").presence == "vouched"
        room.seen["p4"] = [(60 * 60, 61 * 60)]
        await room.until(60.5)
        assert row(room, "p4").presence == "present"
        await asyncio.sleep(5)
        await room.die()
        await room.switch_on(boot=False)
        await room.until(70)
        assert row(room, "p4").presence == "vouched"
        await room.switch_off()

    play(story)
