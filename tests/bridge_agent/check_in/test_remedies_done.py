"""What is pressed on the page of the day is really done: the real agent, a small office and a scripted camera."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bridge_agent.check_in.desk import DeskError
from bridge_agent.key_store import KeyStore
from bridge_agent.profile_state import ProfileState
from bridge_agent.recognition.commands import ShowRoom
from bridge_agent.recognition.events import RoomPicture, Trouble
from bridge_agent.setup.wizard import Wizard
from models.records import Coverage
from tests.bridge_agent.check_in.office import EPOCH, MINUTE, START, RoomOf, over

Play = Callable[[Callable[[], Awaitable[None]]], None]


def lights(room: RoomOf) -> dict[str, str]:
    return {light.part: light.state for light in room.desk.view().day.lights}


async def in_class(room: RoomOf, minute: float = 51) -> None:
    """The agent is switched on when check-in is open already: an idle hour before it shows nothing new."""
    await room.until(minute)
    await room.switch_on()
    await asyncio.sleep(5)


def answers(room: RoomOf) -> asyncio.Task[None]:
    """The camera gives a picture of the room whenever one is wanted."""

    async def answering() -> None:
        done = 0
        while True:
            wanted = sum(isinstance(one, ShowRoom) for one in room.told)
            if wanted > done and room.listener is not None:
                done = wanted
                room.tell(RoomPicture(room.boot(), b"jpeg"))
            await asyncio.sleep(0.1)

    return asyncio.get_running_loop().create_task(answering())


def test_a_restarted_camera_is_another_process_and_the_log_says_that_nobody_watched(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await in_class(room)
        vi, en = await room.desk.do("restart_camera")
        assert room.watches()
        assert "Đã khởi động lại" in vi and "Restarted" in en
        with pytest.raises(DeskError, match="Vừa được khởi động lại"):
            await room.desk.do("restart_camera")
        await over(room)
        ended = [one.ended_by for one in room.office.records() if isinstance(one, Coverage)]
        assert ended == ["stopped", "stopped"]
        assert "asked_for" in room.settings.folder.journal.read_text()

    play(story)


def test_a_camera_that_is_not_in_use_is_not_restarted(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await room.switch_on()
        await room.until(2)
        with pytest.raises(DeskError, match="không được dùng"):
            await room.desk.do("restart_camera")
        with pytest.raises(DeskError, match="Chưa có hình"):
            await room.desk.do("try_camera")  # it is opened, and gives nothing
        with pytest.raises(DeskError, match="Hiện không có buổi học"):
            await room.desk.do("republish")
        await over(room)

    play(story)


def test_before_the_session_the_camera_is_tried_and_then_let_go(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await room.switch_on()
        await room.until(2)
        assert not room.watches() and room.desk.room() is None
        answering = answers(room)
        said, _ = await room.desk.do("try_camera")
        assert "Camera có hình lúc 07:0" in said
        check = {one.item: one for one in room.desk.view().day.checks}["camera"]
        assert check.state == "good"
        await asyncio.sleep(90)
        assert not room.watches()
        answering.cancel()
        await over(room)

    play(story)


def test_a_room_that_may_not_be_watched_says_what_to_do(play: Play, room: RoomOf) -> None:
    room.profile = ProfileState("missing", None, None, True, ("Chưa hiệu chỉnh.", "Not calibrated."))

    async def story() -> None:
        await in_class(room)
        with pytest.raises(DeskError, match="Chưa hiệu chỉnh"):
            await room.desk.do("try_camera")
        (fault,) = [one for one in room.desk.view().day.faults if one.fault.name == "profile"]
        assert fault.remedy.link == "/setup/calibration" and fault.fault.since is not None
        assert lights(room)["faces"] == "bad"
        await over(room)

    play(story)


def test_a_picture_of_the_room_keeps_its_age_and_is_dropped_after_ten_minutes(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await in_class(room, 238)
        assert room.desk.room() is None
        assert any(isinstance(one, ShowRoom) for one in room.told)
        room.tell(RoomPicture(room.boot(), b"jpeg"))
        taken = EPOCH + round(room.loop.now * 1000)
        await asyncio.sleep(60)
        picture = room.desk.room()
        assert picture is not None and abs(picture.at - taken) <= 1 and picture.jpeg == b"jpeg"
        await asyncio.sleep(600)
        assert room.desk.room() is None
        await over(room)

    play(story)


def test_records_are_sent_when_it_is_pressed_and_a_server_that_is_away_is_said(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await in_class(room)
        room.office.away = True
        room.seen["p4"] = [(room.loop.now, room.loop.now + 30)]
        await asyncio.sleep(120)
        day = room.desk.view().day
        assert day.waiting > 0 and lights(room)["server"] == "bad" and day.oldest_at is not None
        with pytest.raises(DeskError, match="Không kết nối được"):
            await room.desk.do("try_server")
        with pytest.raises(DeskError, match="an toàn trên máy này"):
            await room.desk.do("send_now")
        room.office.away = False
        assert "Máy chủ trả lời" in (await room.desk.do("try_server"))[0]
        await asyncio.sleep(3)
        assert lights(room)["server"] == "good"
        assert (await room.desk.do("send_now"))[0] in (
            "Không có bản ghi nào chờ gửi.",
            *(f"Đã gửi hết {n} bản ghi." for n in range(1, 9)),
        )
        assert room.desk.view().day.waiting == 0
        await over(room)

    play(story)


def test_the_page_of_a_day_without_its_server_still_has_its_session(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await room.switch_on()
        await room.until(2)
        await room.switch_off()
        room.office.away = True
        await room.switch_on(boot=False)
        await room.until(10)
        view = room.desk.view()
        assert view.session is not None and [one.session for one in view.day.sessions] == ["s1"]
        assert [one.fault.name for one in view.day.faults] == ["server"]
        await over(room)

    play(story)


def test_what_was_recorded_of_a_session_that_is_over_stays_on_the_page(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await in_class(room, 236)
        room.seen["p4"] = room.seen["p5"] = [(room.loop.now, room.loop.now + 120)]
        await room.until(241)
        (planned,) = room.desk.view().day.sessions
        assert planned.is_over and planned.kept is not None and planned.left == 0
        assert (planned.kept.learners, planned.learners) == (2, 7)
        assert planned.kept.records == len(room.office.records())
        assert 3.5 * MINUTE < planned.kept.watched_ms <= 4 * MINUTE
        assert room.desk.view().session is None
        await over(room)

    play(story)


def test_the_checklist_knows_what_the_wizard_tried_of_the_sound(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await room.switch_on()
        await room.until(20)
        wizard = Wizard(room.settings, KeyStore(), lambda: room.desk.view().now)

        def check() -> tuple[str, str]:
            (one,) = [one for one in room.desk.view().day.checks if one.item == "sound"]
            return one.state, one.said[0]

        wizard.measures.heard("Micro USB", -30.0, -60.0)
        assert check() == ("attention", "Chưa thử micro và loa cho buổi này.")
        wizard.speaker(heard=False, by_microphone=None)
        assert check() == ("attention", "Lần thử lúc 07:20 chưa nghe thấy tiếng.")
        wizard.speaker(heard=True, by_microphone=None)
        assert check() == ("good", "Đã thử lúc 07:20.")
        wizard.sound_elsewhere()
        assert check()[0] == "off"
        await over(room)

    play(story)


def test_what_recognition_complains_of_stands_with_its_remedy(play: Play, room: RoomOf) -> None:
    async def story() -> None:
        await in_class(room)
        room.tell(Trouble("frozen", "Hình đứng yên.", "The picture is frozen."))
        (fault,) = room.desk.view().day.faults
        assert (fault.part, fault.state, fault.remedy.act) == ("camera", "bad", "restart_camera")
        assert room.desk.view().now < START
        room.tell(Trouble("frozen", "", "", passed=True))
        assert room.desk.view().day.faults == ()
        await over(room)

    play(story)
