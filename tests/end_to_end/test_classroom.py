"""A class of three rooms in a real Chromium, through the real relay: seen, heard, led, and back by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from central_server.classroom.interaction import interaction_of
from central_server.classroom.keeping import records_of
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.media.peers import Painted, Peers, Ticking
from tests.end_to_end.test_session_page import CHROMIUM, QUIET

pytestmark = pytest.mark.alone

MEDIA = [
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection",
    "--auto-select-desktop-capture-source=Entire screen", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    with lesson(tmp_path_factory.mktemp("classroom"), Ticking()) as one:
        yield one


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *MEDIA])
        yield chromium
        await chromium.close()


SPY = """
window.connections = [];
const Real = RTCPeerConnection;
window.RTCPeerConnection = class extends Real { constructor(...of) { super(...of); connections.push(this); } };
"""
STATS = """async () => {
  const found = { frames: 0, energy: 0, sent: 0 };
  for (const one of window.connections) {
    if (one.connectionState === "closed") continue;
    for (const stat of (await one.getStats()).values()) {
      if (stat.type === "inbound-rtp" && stat.kind === "video") found.frames += stat.framesDecoded;
      if (stat.type === "inbound-rtp" && stat.kind === "audio") found.energy += stat.totalAudioEnergy;
      if (stat.type === "outbound-rtp" && stat.kind === "audio") found.sent += stat.packetsSent;
    }
  }
  return found;
}"""


async def stats(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(STATS)
    return found


async def until(page: Page, what: str, more: float, seconds: float = 15) -> None:
    """Wait until that figure of the page's has grown by more."""
    first, end = (await stats(page))[what], time.monotonic() + seconds
    while (now := (await stats(page))[what]) <= first + more:
        assert time.monotonic() < end, f"{what}: {first} -> {now}"
        await asyncio.sleep(0.2)


async def sign_in(here: Lesson, browser: Browser, who: str, width: int = 1440, **more: Any) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 900}, locale="vi-VN", **more)
    await context.add_init_script(SPY)
    got = await context.request.post(
        f"{here.server.address}/sign-in/link", form={"key": here.server.link(who)}, max_redirects=0
    )
    assert got.status == 303
    return await context.new_page()


async def opened(here: Lesson, browser: Browser, who: str, **more: Any) -> Page:
    page = await sign_in(here, browser, who, **more)
    await page.goto(f"{here.server.address}/sessions/{SESSION}/classroom")
    return page


@pytest.fixture
async def peers(here: Lesson) -> AsyncIterator[Peers]:
    made = Peers(here.server)
    yield made
    await made.close()


async def test_three_rooms_see_and_hear_each_other_with_the_floor(here: Lesson, browser: Browser, peers: Peers) -> None:
    await peers.publish(here.rooms["TDM"], "camera", Painted(), "video/H264")  # as an agent's
    await peers.publish(here.rooms["BC"], "camera", Painted())
    lecturer, technician, other = [await opened(here, browser, who) for who in ("lecturer", "technician", "both")]
    await other.goto(f"{other.url}?room={here.rooms['DA']}")
    for page in (lecturer, technician, other):
        await until(page, "frames", 10)
        await expect(page.locator("#main-camera")).to_be_visible()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang tắt")
    await expect(technician.locator("#mic")).to_be_disabled()
    await lecturer.keyboard.press("m")
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy", timeout=20_000)
    for page in (technician, other):
        await until(page, "energy", 0.001)
    await technician.keyboard.press(" ")
    await expect(technician.locator("#hand")).to_have_attribute("aria-pressed", "true")
    await lecturer.locator("#hands").get_by_role("button", name="Mời phát biểu Bến Cát").click()
    await expect(other.locator("#floor-now")).to_contain_text("Bến Cát đang được phát biểu")
    await expect(other.locator("#floor-camera")).to_be_visible(timeout=10_000)
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang tắt")  # mute is the default
    await technician.get_by_role("button", name="Bật micro").click()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy", timeout=20_000)
    await until(technician, "sent", 20)
    await until(lecturer, "energy", 0.001)
    await until(other, "energy", 0.001)
    await expect(other.locator(f"#room-{here.rooms['BC']}")).to_contain_text("Đang nói", timeout=10_000)
    await asyncio.sleep(1.5)
    await lecturer.get_by_role("button", name="Kết thúc phát biểu").click()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang tắt")
    await expect(technician.locator("#mic")).to_be_disabled()
    spoken = spoken_in_turns(here)
    assert spoken[here.rooms["BC"]] > 500


def spoken_in_turns(here: Lesson) -> dict[str, int]:
    with here.server.services.engine.connect() as connection:
        rooms = interaction_of(records_of(connection, SESSION)).rooms
    return {room: one.turn_spoken_ms for room, one in rooms.items()}
