"""What the desk brings to the server for a learner: portraits that may be kept, and the way to the own pages."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from bridge_agent.check_in.desk import DeskError
from bridge_agent.recognition.commands import OpenDesk
from bridge_agent.recognition.events import TemplateMade
from models.sealed_box import open_sealed
from models.wire import Lookalike
from tests.bridge_agent.check_in.office import ENCODER, KEEPING, RoomOf, begun, hidden
from tests.receipts import SERVER_KEY

Play = Callable[[Callable[[], Awaitable[None]]], None]


def test_portraits_are_kept_of_whoever_agreed_to_that_and_lie_nowhere_readable_nor_longer_than_needed(
    room: RoomOf, play: Play
) -> None:
    faces = tuple(b"\xff\xd8\xff" + os.urandom(20_000) for _ in range(3))
    room.office.kept = ("p0", "p1")

    async def enrol(learner: str, version: str) -> None:
        await room.desk.enrol(learner, version, room.office.witness_pin)
        await asyncio.sleep(1)
        assert OpenDesk("enrol", learner, version == "v1.k30") in room.told
        room.tell(TemplateMade(learner, room.boot(), os.urandom(1024), ENCODER, 3, (), faces))

    def written() -> bytes:
        said = room.said.getvalue().encode()
        return said + b"".join(one.read_bytes() for one in (room.folder / "data").rglob("*") if one.is_file())

    def found() -> list[bytes]:
        pieces = [one[at : at + 60] for one in faces for at in (3, 9_000, 19_000)]
        return [form for piece in pieces for form in hidden(piece) if form.rstrip(b"=") in written()]

    async def story() -> None:
        await begun(room)
        desk = room.desk
        assert desk.view().keeping == {"p0": KEEPING, "p1": KEEPING}
        with pytest.raises(DeskError, match="đã đổi"):
            await desk.enrol("p2", "v1.k30", room.office.witness_pin)
        room.office.away = True
        await enrol("p0", "v1.k30")
        assert (outcome := desk.view().outcome) and "3 ảnh khuôn mặt được mã hóa" in outcome.vi
        await enrol("p1", "v1")
        assert (outcome := desk.view().outcome) and "ảnh đã xóa" in outcome.vi
        outbox = room.settings.folder.outbox
        assert outbox.stat().st_size > 3 * 20_000 and found() == []
        await room.die()
        await room.switch_on(boot=False)
        room.office.away = False
        await asyncio.sleep(20)
        asked = {one.learner: one for one in room.office.enrolments.values()}
        assert tuple(open_sealed(SERVER_KEY, one) for one in asked["p0"].pictures) == faces
        assert (asked["p0"].text_version, asked["p1"].text_version) == ("v1.k30", "v1")
        assert asked["p1"].pictures == ()
        assert not outbox.exists() and found() == []
        await room.switch_off()
        assert found() == []

    play(story)


def test_who_was_enrolled_in_vain_because_the_server_never_came_back_is_told_as_it_is_erased(
    room: RoomOf, play: Play
) -> None:
    async def story() -> None:
        await begun(room)
        room.office.away = True
        await room.desk.enrol("p0", "v1", room.office.witness_pin)
        await asyncio.sleep(1)
        room.tell(TemplateMade("p0", room.boot(), os.urandom(1024), ENCODER, 3, ()))
        await asyncio.sleep(1)
        outbox = room.settings.folder.outbox
        assert outbox.exists()
        await room.die()
        await asyncio.sleep(7 * 24 * 3600)
        await room.switch_on(boot=True)
        await asyncio.sleep(60)
        assert not outbox.exists()
        assert any("1 học viên chưa gửi được" in vi and "lấy mẫu lại" in vi for vi, _ in room.desk.view().alarms)

    play(story)


def test_what_the_server_says_of_one_enrolment_stands_though_the_next_is_in_order(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        office = room.office
        office.away = True
        for learner in ("p0", "p1", "p2"):
            await room.desk.enrol(learner, "v1", office.witness_pin)
            await asyncio.sleep(1)
            room.tell(TemplateMade(learner, room.boot(), os.urandom(1024), ENCODER, 3, ()))
            await asyncio.sleep(1)
        office.refuses, office.away = "p0", False
        office.alike = (Lookalike(learner="p9", code="HV99", name="Lê Thị Xa", unit="Sở Y tế", score=0.8),)
        await asyncio.sleep(30)
        assert {one.learner for one in office.enrolments.values()} == {"p1", "p2"}
        said = [vi for vi, _ in room.desk.view().alarms]
        assert len(said) == 2 and "HV00" in said[0] and "HV99" in said[1] and "HV01" in said[1]
        await asyncio.sleep(3_600)
        assert room.desk.view().alarms == ()
        await room.switch_off()

    play(story)


def test_the_own_page_opens_by_pin_whose_wrong_tries_count_with_those_of_check_in(room: RoomOf, play: Play) -> None:
    async def story() -> None:
        await begun(room)
        desk, office, me = room.desk, room.office, room.office.learners[0]
        office.elsewhere = {"HV77": "620 mai"}
        assert await desk.open_own_page("hv00".upper(), f" {me.pin} ") == "http://office/own/enter#HV00"
        (asked,) = office.own_pages
        assert (asked.code, asked.console_port) == ("HV00", 8790)
        assert me.pin.encode() not in msgspec.json.encode(asked)
        assert await desk.open_own_page("HV77", "620 mai") == "http://office/own/enter#HV77"
        with pytest.raises(DeskError, match="không đúng ở máy chủ"):
            await desk.open_own_page("HV78", "620 mai")
        office.away = True
        with pytest.raises(DeskError, match="mất kết nối với máy chủ"):
            await desk.open_own_page("HV00", me.pin)
        office.away = False
        told = len(office.own_pages)
        for number in range(5):
            with pytest.raises(DeskError, match="không đúng"):
                await (desk.open_own_page("0", "1") if number % 2 else desk.check_in_by_pin("HV00", "1"))
        for tried in (desk.open_own_page("HV00", me.pin), desk.check_in_by_pin("HV00", me.pin)):
            with pytest.raises(DeskError, match="quá nhiều lần"):
                await tried
        assert len(office.own_pages) == told
        await room.switch_off()

    play(story)
    assert room.office.learners[0].pin not in (room.folder / "data" / "agent.log").read_text(encoding="utf-8")
