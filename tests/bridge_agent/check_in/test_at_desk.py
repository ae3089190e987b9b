from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_agent.check_in.desk import DeskError
from bridge_agent.profile_state import ProfileState
from bridge_agent.recognition.commands import CloseDesk, OpenDesk
from bridge_agent.recognition.events import (
    CheckedIn,
    DeskLook,
    InDoubt,
    PortraitTaken,
    Preview,
    Suspicion,
    TemplateMade,
)
from models.records import CheckIn, OnDuty, ProfileUsed, SpotCheck, Unobserved, Vouched
from models.sealed_box import open_sealed
from models.wire import Lookalike
from tests.bridge_agent.check_in.office import ENCODER, EPOCH, MINUTE, RoomOf, begun, over, people, row
from tests.receipts import SERVER_KEY
from tests.simulation.loop import SimulatedLoop

Play = Callable[[Callable[[], Awaitable[None]]], None]


def test_a_face_is_admitted_once_and_needs_nobody_on_duty(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room, duty=False)
        desk = room.desk
        desk.open("check_in")
        assert isinstance(room.told[-1], OpenDesk)
        room.tell(
            Preview(room.boot(), b"jpeg"), DeskLook(room.boot(), "advice", "Lại gần", "Closer", until=room.boot())
        )
        assert desk.preview() == b"jpeg"
        view = desk.view()
        assert view.guidance is not None
        assert view.guidance.until == view.now
        room.tell(CheckedIn("p4", room.boot(), 0.71234, ("bright_frame",)))
        outcome = desk.view().outcome
        assert outcome is not None
        assert (outcome.kind, outcome.method, outcome.flags) == ("admitted", "face", ("bright_frame",))
        (held_up,) = [vi for vi, _ in desk.view().alarms if "giơ ảnh" in vi]
        assert "HV04" in held_up  # who it is about; and it stays when the next one comes
        assert outcome.learner is not None
        assert (outcome.learner.name, outcome.learner.birth_year) == ("Nguyễn Văn HV04", 1980)
        await asyncio.sleep(3)
        assert desk.preview() is None  # it is old
        room.tell(CheckedIn("p4", room.boot(), 0.7))
        again = desk.view().outcome
        assert again is not None
        assert (again.kind, again.number) == ("again", outcome.number + 1)
        assert "07:52" in again.vi
        room.tell(CheckedIn("nobody", room.boot(), 0.7))
        assert (refused := desk.view().outcome)
        assert refused.kind == "refused"
        desk.close()
        assert isinstance(room.told[-1], CloseDesk)
        room.tell(Preview(room.boot(), b"late"))
        assert desk.preview() is None
        await over(room)

    play(story)
    (record,) = [r for r in room.office.records() if isinstance(r, CheckIn)]
    assert (record.learner, record.method, record.score, record.flags) == ("p4", "face", 0.712, ("bright_frame",))


def test_a_doubt_is_settled_by_a_pin_or_a_card_and_the_record_says_so(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        desk.open("check_in")
        room.tell(InDoubt(room.boot(), "lookalike", "p4", "Cần PIN", "PIN, please", ("lookalike",)))
        assert (doubt := desk.view().outcome)
        assert (doubt.kind, doubt.learner and doubt.learner.learner) == ("doubt", "p4")
        assert (await desk.check_in_by_pin("HV05", learners[5].pin)).flags == ()  # somebody else's PIN settles nothing
        assert (await desk.check_in_by_pin("HV04", learners[4].pin)).flags == ("lookalike", "second_factor")
        room.tell(InDoubt(room.boot(), "unknown", None, "", ""))
        desk.show_card(learners[6].card)
        await desk.prove_card(room.office.witness_pin)
        assert desk.confirm_card("p6").flags == ("second_factor",)
        room.tell(InDoubt(room.boot(), "unknown", None, "", ""))
        await asyncio.sleep(61)
        assert (await desk.check_in_by_pin("HV00", learners[0].pin)).flags == ()  # that was long ago
        await over(room)

    play(story)
    records = room.office.records()
    assert {r.learner: r.method for r in records if isinstance(r, CheckIn)} == {
        "p4": "pin", "p5": "pin", "p6": "card", "p0": "pin",
    }  # fmt: skip
    # The camera knows p4 and p5: what it sees of them counts, and nothing else. It was unsure of p6.
    assert not [r for r in records if isinstance(r, Vouched)]
    assert {(r.learner, r.why) for r in records if isinstance(r, Unobserved)} == {("p0", "no_face"), ("p6", "no_face")}


def test_a_card_is_shown_and_needs_the_witness_word(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        with pytest.raises(DeskError, match="không phải của học viên"):
            desk.show_card("C-1")
        with pytest.raises(DeskError, match="đọc lại thẻ"):
            await desk.prove_card(room.office.witness_pin)
        desk.show_card(f" {learners[1].card.lower()}\n")
        assert desk.view().card_read
        assert desk.view().card_shown is None  # whoever typed a number learns no name
        with pytest.raises(DeskError, match="đọc lại thẻ"):
            desk.confirm_card("p1")
        with pytest.raises(DeskError, match="không đúng"):
            await desk.prove_card(learners[1].pin)  # the learner's own word, and PIN, are not the witness's
        assert desk.view().card_shown is None
        assert (await desk.prove_card(room.office.witness_pin)).learner == "p1"
        assert (shown := desk.view().card_shown)
        assert shown.learner == "p1"
        with pytest.raises(DeskError, match="đọc lại thẻ"):
            desk.confirm_card("p2")
        desk.put_card_away()
        with pytest.raises(DeskError, match="đọc lại thẻ"):
            desk.confirm_card("p1")
        desk.show_card(learners[1].card)
        await desk.prove_card(room.office.witness_pin)
        desk.show_card(learners[2].card)
        assert desk.view().card_shown is None  # another card: nobody has looked at it
        await asyncio.sleep(121)
        with pytest.raises(DeskError, match="đọc lại thẻ"):
            await desk.prove_card(room.office.witness_pin)
        with pytest.raises(DeskError, match="mã này"):
            await desk.check_in_by_pin("HV99", "1")
        with pytest.raises(DeskError, match="không đúng"):
            await desk.check_in_by_pin("HV01", "1")
        assert row(room, "p1").presence == "not_yet"
        await room.switch_off()

    play(story)
    assert not [r for r in room.office.records() if isinstance(r, CheckIn)]


def test_wrong_card_numbers_are_counted_and_a_card_that_is_only_shown_sets_nothing_back(
    room: RoomOf, play: Play
) -> None:
    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        for number in ("C-1", "C-2", learners[1].card, "C-3", "C-4"):
            if number == learners[1].card:
                desk.show_card(number)
                continue
            with pytest.raises(DeskError, match="không phải của học viên"):
                desk.show_card(number)
        with pytest.raises(DeskError, match="Nhập sai quá nhiều lần"):
            desk.show_card(learners[1].card)
        await asyncio.sleep(61)
        desk.show_card(learners[1].card)
        await desk.prove_card(room.office.witness_pin)
        assert desk.confirm_card("p1").kind == "admitted"
        for _ in range(4):
            with pytest.raises(DeskError, match="không phải của học viên"):
                desk.show_card("C-9")
        await room.switch_off()

    play(story)


def test_a_witness_word_and_a_deputy_need_the_pin_of_whoever_is_on_duty_and_tries_are_counted(
    loop: SimulatedLoop, play: Play, tmp_path: Path
) -> None:
    room = RoomOf(loop, tmp_path, people(2, 0), spot_check_minutes=1)

    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        for one in learners:
            await desk.check_in_by_pin(one.code, one.pin)
        await room.until(60)
        for _ in range(60):
            await asyncio.sleep(0 if row(room, "p0").spot_check_until and row(room, "p1").spot_check_until else 5)
        for _ in range(4):
            with pytest.raises(DeskError, match="không đúng"):
                await desk.vouch("p0", learners[0].pin)
        with pytest.raises(DeskError, match="không đúng"):
            await desk.name_deputy("p0", "1")
        with pytest.raises(DeskError, match="quá nhiều lần"):
            await desk.vouch("p1", room.office.witness_pin)
        assert row(room, "p0").spot_check_until
        assert [one.id for one in desk.view().may_be_on_duty] == ["kt1"]
        await asyncio.sleep(61)
        await desk.vouch("p0", room.office.witness_pin)
        await room.switch_off()

    play(story)
    assert [r.method for r in room.office.records() if isinstance(r, SpotCheck) and r.answered] == ["technician"]


def test_who_comes_too_early_is_told_so_before_the_camera_is_used(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await room.switch_on()
        await room.until(30)
        with pytest.raises(DeskError, match="mở lúc 07:50, buổi học bắt đầu lúc 08:00"):
            room.desk.open("check_in")
        await asyncio.sleep(2)
        assert not room.desk.wants_camera
        assert not room.watches()
        await room.until(51)
        room.desk.open("check_in")
        room.office.sessions = 0  # it is cancelled
        for _ in range(9):
            await asyncio.sleep(20)
            room.desk.view()  # somebody looks all the time
        assert not room.desk.wants_camera
        await room.switch_off()

    play(story)


def test_a_deputy_stands_in_for_this_session_and_witnesses_neither_himself_nor_a_consent(
    room: RoomOf, play: Play
) -> None:
    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        with pytest.raises(DeskError, match="cần điểm danh"):
            await desk.name_deputy("p0", room.office.witness_pin)
        await desk.check_in_by_pin("HV00", learners[0].pin)
        await desk.name_deputy("p0", room.office.witness_pin)
        desk.end_duty()
        with pytest.raises(DeskError, match="không có trong danh sách"):
            await desk.take_duty("p1", learners[1].pin)
        await asyncio.sleep(5)
        await room.die()
        await room.switch_on(boot=False)
        await asyncio.sleep(2)
        desk = room.desk
        assert [(one.id, one.deputy) for one in desk.view().may_be_on_duty] == [("kt1", False), ("p0", True)]
        await desk.take_duty("p0", learners[0].pin)
        assert (await desk.check_in_by_pin("HV01", learners[1].pin)).kind == "admitted"
        with pytest.raises(DeskError, match="không tự xác nhận"):
            await desk.check_in_by_pin("HV00", learners[0].pin)
        with pytest.raises(DeskError, match="Chỉ cán bộ kỹ thuật"):
            await desk.enrol("p1", "v1", learners[0].pin)
        await room.until(242)
        assert desk.view().on_duty is None  # the session is over
        await room.switch_off()

    play(story)
    records = room.office.records()
    duty = [(r.witness, r.named_by) for r in records if isinstance(r, OnDuty)]
    assert duty == [("kt1", None), ("p0", "kt1")]
    assert {r.learner: r.witness for r in records if isinstance(r, CheckIn)} == {"p0": "kt1", "p1": "p0"}


def test_a_learner_is_enrolled_while_the_server_is_away_and_known_at_once(room: RoomOf, play: Play) -> None:
    vector = os.urandom(1024)

    async def story() -> None:
        await room.switch_on()
        await room.until(10)  # long before the session
        desk = room.desk
        room.office.away = True
        with pytest.raises(DeskError, match="Chưa có ai trực"):
            await desk.enrol("p0", "v1", room.office.witness_pin)
        await desk.take_duty("kt1", room.office.witness_pin)
        with pytest.raises(DeskError, match="đã đổi"):
            await desk.enrol("p0", "v0", room.office.witness_pin)
        desk.open("enrol")
        assert not desk.wants_camera  # nobody has agreed to anything
        await desk.enrol("p0", "v1", room.office.witness_pin)
        agreed = desk.view().now
        await asyncio.sleep(2)
        assert room.told[-1] == OpenDesk("enrol", "p0")
        room.tell(PortraitTaken("p0", 2, 3), PortraitTaken("p1", 3, 3))
        assert desk.view().portraits == (2, 3)
        room.tell(TemplateMade("p1", room.boot(), vector, ENCODER, 3, ()))  # nobody asked for that
        room.tell(TemplateMade("p0", room.boot(), vector, ENCODER, 3, (("p4", 0.6),)))
        assert (outcome := desk.view().outcome)
        assert (outcome.kind, outcome.flags) == ("enrolled", ("lookalike",))
        assert "Nguyễn Văn HV04 (HV04)" in outcome.vi
        assert row(room, "p0").face
        await asyncio.sleep(2)
        assert not room.watches()  # the camera is off again
        assert room.office.enrolments == {}
        await room.until(53)
        room.seen["p0"] = [(53 * 60, 1e9)]
        await asyncio.sleep(3)
        assert row(room, "p0").presence == "present"
        await room.die()
        await room.switch_on(boot=False)
        room.office.away = False
        room.office.alike = (Lookalike(learner="p9", code="HV99", name="Lê Thị Xa", unit="Sở Y tế", score=0.8),)
        await asyncio.sleep(20)
        (request,) = room.office.enrolments.values()
        assert "Lê Thị Xa (HV99, Sở Y tế)" in " ".join(vi for vi, _ in room.desk.view().alarms)
        status = room.office.statuses[-1]
        assert status.alarms == () and "rất giống người khác" in status.suspicions[0]
        assert "Lê Thị Xa" not in repr(status)
        assert (request.learner, request.text_version, request.witness) == ("p0", "v1", "kt1")
        assert request.consented_at == agreed
        assert open_sealed(SERVER_KEY, request.template) == vector
        assert row(room, "p0").presence == "present"
        await asyncio.sleep(60)
        assert len(room.office.enrolments) == 1
        await room.switch_off()

    play(story)


def test_nobody_is_enrolled_without_the_pin_of_whoever_is_on_duty(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk, learners = room.desk, room.office.learners
        told = len(room.told)
        for pin in ("", "1", learners[0].pin, learners[1].pin):
            with pytest.raises(DeskError, match="không đúng"):
                await desk.enrol("p0", "v1", pin)
        with pytest.raises(DeskError, match="không đúng"):
            await desk.enrol("p1", "v1", "2")
        with pytest.raises(DeskError, match="quá nhiều lần"):
            await desk.enrol("p0", "v1", room.office.witness_pin)
        assert desk.view().enrolling is None
        assert not [one for one in room.told[told:] if isinstance(one, OpenDesk)]
        await asyncio.sleep(61)
        await desk.enrol("p0", "v1", room.office.witness_pin)
        assert desk.view().enrolling is not None
        await room.switch_off()

    play(story)


def test_a_spot_check_is_answered_vouched_for_or_missed(loop: SimulatedLoop, play: Play, tmp_path: Path) -> None:
    room = RoomOf(loop, tmp_path, people(3, 0), spot_check_minutes=5)
    answered: list[str] = []

    async def story() -> None:
        await begun(room)
        desk, pins = room.desk, {one.id: one for one in room.office.learners}
        for one in pins.values():
            await desk.check_in_by_pin(one.code, one.pin)
        with pytest.raises(DeskError, match="được gọi"):
            await desk.vouch("p0", room.office.witness_pin)
        while room.loop.now < 100 * 60:
            await asyncio.sleep(10)
            if row(room, "p0").spot_check_until:
                await desk.answer_spot_check("p0", pins["p0"].pin)
                answered.append("p0")
            if row(room, "p1").spot_check_until:
                await desk.vouch("p1", room.office.witness_pin)
        assert row(room, "p2").presence == "away"
        assert (await desk.check_in_by_pin("HV02", pins["p2"].pin)).kind == "again"
        assert row(room, "p2").presence == "vouched"
        desk.end_duty()
        await room.until(150)  # nobody is there to take answers: nobody is asked, and nothing is missed
        await room.switch_off()

    play(story)
    records = room.office.records()
    checks = [r for r in records if isinstance(r, SpotCheck)]
    assert {r.method for r in checks if r.learner == "p0"} == {"pin"}
    assert {r.method for r in checks if r.learner == "p1"} == {"technician"}
    assert [(r.answered, r.method) for r in checks if r.learner == "p2"] == [(False, None)]
    assert max((r.server_time(r.asked) - EPOCH) / MINUTE for r in checks) < 100
    (again,) = [r for r in records if isinstance(r, Vouched) and r.learner == "p2"]
    assert again.start == again.end


def test_the_desk_closes_itself_when_nobody_looks_and_changes_wake_who_waits(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk = room.desk
        desk.open("check_in")
        for _ in range(12):
            await asyncio.sleep(10)
            assert desk.view().purpose == "check_in"
        version = desk.view().version
        began = room.loop.now
        waiting = asyncio.create_task(desk.changed(version, 30))
        await asyncio.sleep(0.2)
        room.tell(DeskLook(room.boot(), "advice", "Lại gần", "Closer"))
        assert await waiting > version
        assert room.loop.now - began < 0.3
        settled = desk.view().version
        assert await desk.changed(settled, 4) == settled  # nothing but the time
        await asyncio.sleep(62)
        assert isinstance(room.told[-1], CloseDesk)
        assert desk.view().purpose is None
        await room.switch_off()

    play(story)


def test_suspicions_are_told_with_names_for_ten_minutes(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room, duty=False)
        room.tell(Suspicion(room.boot(), ("p4", "p5"), "Hai người giống nhau", "Two alike"))
        (told,) = room.desk.view().alarms
        assert "Nguyễn Văn HV04, HV04; Nguyễn Văn HV05, HV05" in told[0].replace("HV04, Nguyễn", "HV04; Nguyễn")
        await asyncio.sleep(5)
        status = room.office.statuses[-1]
        assert (status.alarms, status.suspicions) == ((), ("Hai người giống nhau",))
        await asyncio.sleep(601)
        assert room.desk.view().alarms == ()
        await room.switch_off()

    play(story)
    assert "Nguyễn" not in (room.folder / "data" / "agent.log").read_text(encoding="utf-8")


def test_without_a_profile_a_camera_is_not_used_cards_are_and_everybody_is_vouched_for(
    room: RoomOf, play: Play
) -> None:
    room.profile = ProfileState("missing", None, None, True, ("Hãy chạy calibrate.", "Run calibrate."))

    async def story() -> None:
        await begun(room)
        assert not room.watches()
        assert any("without_profile" in vi for vi, _ in room.desk.view().alarms)
        await asyncio.sleep(5)
        assert any("calibrate" in vi for vi in room.office.statuses[-1].alarms)
        with pytest.raises(DeskError, match="calibrate"):
            room.desk.open("check_in")
        with pytest.raises(DeskError, match="calibrate"):
            await room.desk.enrol("p0", "v1", room.office.witness_pin)
        assert (await room.desk.check_in_by_pin("HV04", room.office.learners[4].pin)).kind == "admitted"
        assert row(room, "p4").presence == "vouched"
        room.profile = replace(room.profile, state="outdated", refused=False, profile="a" * 64, threshold=0.52)
        await asyncio.sleep(2)
        assert room.watches()
        assert room.desk.view().alarms == ()
        assert row(room, "p4").presence != "vouched"  # the camera looks for p4 from now on
        await asyncio.sleep(10)
        assert room.office.statuses[-1].sweep_ms == 1_000
        await room.switch_off()

    play(story)
    (used,) = [r for r in room.office.records() if isinstance(r, ProfileUsed)]
    assert (used.state, used.profile, used.threshold, used.encoder) == ("outdated", "a" * 64, 0.52, ENCODER)


def test_the_classroom_is_opened_by_a_ticket_of_the_server(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room, duty=False)
        address = await room.desk.open_classroom()
        assert address.startswith("http") and address.endswith("/classroom/enter#s1")
        room.office.away = True
        with pytest.raises(DeskError, match="Không kết nối được máy chủ"):
            await room.desk.open_classroom()

    play(story)
