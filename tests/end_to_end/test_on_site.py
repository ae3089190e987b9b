"""From consent to the session's page: a learner enrols and checks in by a live face, another by PIN; all of it real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import text
from sqlmodel import Session, select

from central_server.learners.consent_text import consent_now
from central_server.learners.kept_portraits import kept_of
from central_server.learners.tables import KeptPortrait
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import decode_picture
from models.records import CheckIn, OnDuty, Vouched, decode
from tests.central_server.learners.test_nothing_leaks import forms, found, on_disk
from tests.end_to_end.on_site import (
    LEARNER_PIN,
    SESSION,
    SLIGHT_TURNS,
    TECHNICIAN_PIN,
    TURNS,
    BridgePoint,
    bridge_point,
)
from tests.end_to_end.test_console_pages import opened
from tests.end_to_end.test_session_page import browser

__all__ = ["browser"]
pytestmark = pytest.mark.alone  # a challenge has its times


@pytest.fixture
def here(tmp_path: Path, shared: Path, weights: Path) -> Iterator[BridgePoint]:
    with bridge_point(tmp_path, shared) as one:
        yield one


async def on_duty(page: Page) -> None:
    await page.locator("#duty-who").select_option(label="Người dùng ky-thuat")
    await page.locator("#duty-pin").fill(TECHNICIAN_PIN)
    await page.locator("#take-duty").click()
    await expect(page.locator("#duty")).to_contain_text("Kết thúc trực")


async def enrol(page: Page, here: BridgePoint, code: str, name: str) -> None:
    await page.get_by_role("link", name=re.compile(f"Ghi danh khuôn mặt: {name}")).click()
    await expect(page.locator("#step > .consent p")).to_have_text(list(consent_now(30).vi))
    await page.locator("#read").check()
    here.visitor.comes(here.people[code], SLIGHT_TURNS)
    await page.locator("#witness-pin").fill(TECHNICIAN_PIN)
    await page.locator("#agree").click()
    await here.visitor.follow(page, ".step.done", 60)
    await expect(page.locator("#step")).to_contain_text("Đã xong")
    await expect(page.locator("#step")).to_contain_text("3 ảnh khuôn mặt được mã hóa")
    here.visitor.goes()


async def own_pages(page: Page, here: BridgePoint) -> None:
    """The learner who has no account and no face on file reads what is kept of him, ends it, and nothing stays.

    The screen asks for card or PIN, as the face was not known, unless its person has left for long enough.
    """
    await page.keyboard.press("Escape")
    await expect(page.locator("#use-pin")).to_be_visible()
    await page.locator("#own").click()
    await page.keyboard.type("HV2\n")
    await page.keyboard.type(f"{LEARNER_PIN}\n")
    await expect(page.locator("h1")).to_have_text("Trần Văn Bình")
    await expect(page.locator("main")).to_contain_text("Bồi dưỡng ngạch chuyên viên")
    own = page.url
    await page.get_by_role("button", name="Xong").click()
    await expect(page.locator("h1")).to_have_text("Đã đóng trang của đồng chí")
    await page.goto(own)
    assert "Trần Văn Bình" not in await page.locator("body").inner_text()
    await page.goto(f"{here.server.address}/own/left")
    await page.goto(f"{here.console}/kiosk")
    await expect(page.locator("#use-pin")).to_be_visible()


async def the_room_is_shown(page: Page) -> None:
    """The technician sees the room as it is, from the camera that recognition has, and that all parts work."""
    await expect(page.locator("#room-caption")).to_contain_text("Hình trực tiếp", timeout=60_000)
    assert await page.locator("#room-picture").evaluate("one => one.width") == 640
    await page.locator("#try-camera").click()
    await expect(page.locator("#said")).to_contain_text("Camera có hình lúc", timeout=60_000)
    await expect(page.locator("#light-camera")).to_contain_text("tốt")


@pytest.mark.timeout(240)
async def test_a_learner_enrols_and_is_admitted_by_face_and_another_by_pin_and_the_office_sees_how(
    here: BridgePoint, browser: Browser
) -> None:
    async with opened(browser, here.console) as page:
        await on_duty(page)
        await enrol(page, here, "HV1", "Lê Thị Mai")
        await page.goto(f"{here.console}/kiosk")
        await expect(page.locator("#mirror:not(.no-picture)")).to_be_visible()
        here.visitor.comes(here.people["HV1"], TURNS)
        await here.visitor.follow(page, "#screen-outcome", 120)
        await expect(page.locator("#outcome-name")).to_have_text("Lê Thị Mai")
        await expect(page.locator("#outcome-of")).to_have_text("Sở Nội vụ, 1971")
        here.visitor.goes()
        await expect(page.locator("#screen-face")).to_be_visible()
        await page.keyboard.type("HV2\n")
        await expect(page.locator("#pad-title")).to_have_text("Mời nhập mã PIN")
        await page.keyboard.type(f"{LEARNER_PIN}\n")
        await expect(page.locator("#outcome-name")).to_have_text("Trần Văn Bình")
        # Somebody whom the camera does not know gets no name, and no challenge.
        here.visitor.comes(here.people["HV2"], TURNS)
        await expect(page.locator("#pad-note, #outcome-sentence").first).to_be_visible()
        assert "Lê Thị Mai" not in await page.locator("main").inner_text()
        here.visitor.goes()
        await own_pages(page, here)
        await page.goto(here.console)
        await expect(page.locator("main")).to_contain_text(re.compile(r"2 đã biết|đã biết"), timeout=20_000)
        await the_room_is_shown(page)
    context = await browser.new_context(locale="vi-VN")
    office = await context.new_page()
    await office.goto(here.server.manager_link())
    await office.get_by_role("button").first.click()
    await office.goto(f"{here.server.address}/sessions/{SESSION}")
    mai = office.locator("tr", has_text="Lê Thị Mai")
    await expect(mai).to_contain_text(re.compile("khuôn mặt", re.IGNORECASE))
    await expect(office.locator("tr", has_text="Trần Văn Bình")).to_contain_text("PIN")
    await context.close()
    portraits_are_at_the_server_alone(here)
    records = log_of(here)
    ways = {r.learner: r for r in records if isinstance(r, CheckIn)}
    assert sorted(r.method for r in ways.values()) == ["face", "pin"]
    assert [r.witness for r in ways.values() if r.method == "pin"] == [here.technician]
    assert [r.witness for r in records if isinstance(r, OnDuty)] == [here.technician]
    assert not [r for r in records if isinstance(r, Vouched) and ways[r.learner].method == "face"]


def portraits_are_at_the_server_alone(here: BridgePoint) -> None:
    """Three faces that the learner let be kept, sealed; what the agent leaves on its disk shows none of them."""
    key = here.server.services.sealing
    with Session(here.server.services.engine) as db:
        (learner,) = db.exec(select(KeptPortrait.learner).distinct()).all()
        faces = [
            key.open("portrait", f"{one.course}\n{learner}\n{one.number}", one.sealed) for one in kept_of(db, learner)
        ]
    engine = load_engine(FaceProfile("yunet", "intel"))
    assert len(faces) == 3
    for face in faces:
        assert len(engine.detect(decode_picture(face, "kept"))) == 1
    places = on_disk(here.folder) | on_disk(here.server.services.config.data_folder)
    places["output"] = here.output.read_bytes()
    middles = {f"face {n}": forms(face[len(face) // 2 :][:64]) for n, face in enumerate(faces)}
    assert found(middles, places) == [] and "enrolments.sealed" not in places


def log_of(here: BridgePoint) -> list[object]:
    """The records that the server holds."""
    with here.server.services.engine.connect() as connection:
        return [decode(bytes(line)) for (line,) in connection.execute(text("SELECT line FROM record ORDER BY seq"))]
