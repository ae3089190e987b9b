"""A class of three rooms in a real Chromium, through the real relay: seen, heard, led, and back by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from central_server.classroom.interaction import interaction_of
from central_server.classroom.keeping import records_of
from models.wire import ClassroomTicket
from tests.bridge_agent.console.serving_console import console
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.media.peers import Painted, Peers, Ticking, Tone
from tests.central_server.media.peers import until as so_far
from tests.end_to_end.test_session_page import CHROMIUM, QUIET, check_accessibility

pytestmark = [pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")]

MEDIA = [
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--allow-loopback-in-peer-connection",
    "--auto-select-desktop-capture-source=Entire screen", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    with lesson(tmp_path_factory.mktemp("classroom"), Ticking()) as one:
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
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
REFUSED = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  const began = play.call(this);
  began.catch((error) => { if (error.name === "NotAllowedError") console.info("play refused"); });
  return began;
};
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


async def until(page: Page, what: str, more: float, seconds: float = 60) -> None:
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


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def closed_pages(browser: Browser) -> AsyncIterator[None]:
    """Pages that a test leaves open would go on playing."""
    yield
    for context in browser.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
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
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy")
    for page in (technician, other):
        await until(page, "energy", 0.001)
    await technician.keyboard.press(" ")
    await expect(technician.locator("#hand")).to_have_attribute("aria-pressed", "true")
    await lecturer.locator("#hands").get_by_role("button", name="Mời phát biểu Bến Cát").click()
    await expect(other.locator("#floor-now")).to_contain_text("Bến Cát đang được phát biểu")
    await expect(other.locator("#floor-camera")).to_be_visible()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang tắt")  # mute is the default
    await technician.get_by_role("button", name="Bật micro").click()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy")
    await until(technician, "sent", 20)
    await until(lecturer, "energy", 0.001)
    await until(other, "energy", 0.001)
    await expect(other.locator(f"#room-{here.rooms['BC']}")).to_contain_text("Đang nói")
    media = here.server.services.media
    await so_far(lambda: media.spoken_ms(SESSION, here.rooms["BC"], 0, 2**53) > 1_000)
    await lecturer.get_by_role("button", name="Kết thúc phát biểu").click()
    await expect(technician.locator("#mic-state")).to_have_text("Micro: đang tắt")
    await expect(technician.locator("#mic")).to_be_disabled()
    spoken = spoken_in_turns(here)
    assert spoken[here.rooms["BC"]] > 500


def spoken_in_turns(here: Lesson) -> dict[str, int]:
    with here.server.services.engine.connect() as connection:
        rooms = interaction_of(records_of(connection, SESSION), 2**53)
    return {room: one.turn_spoken_ms for room, one in rooms.items()}


async def test_when_the_relay_is_killed_the_class_hears_again_by_itself(here: Lesson, browser: Browser) -> None:
    lecturer, technician = [await opened(here, browser, who) for who in ("lecturer", "technician")]
    await lecturer.get_by_role("button", name="Bật micro").click()
    await until(technician, "energy", 0.001)
    media = here.server.services.media
    generation, pid = media.generation, media.relay_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await so_far(lambda: media.generation > generation)
    await until(technician, "energy", 0.001)
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy")


async def test_the_lecturers_screen_is_large_and_the_camera_small(here: Lesson, browser: Browser, peers: Peers) -> None:
    await peers.publish(here.rooms["TDM"], "camera", Painted())
    lecturer, technician = [await opened(here, browser, who) for who in ("lecturer", "technician")]
    await expect(technician.locator("#main-camera")).to_be_visible()
    await lecturer.get_by_role("button", name="Chiếu màn hình").click()
    await expect(technician.locator("#main-screen")).to_be_visible()
    large, small = [await technician.locator(f"#main-{what}").bounding_box() for what in ("screen", "camera")]
    assert large is not None and small is not None and large["width"] > 3 * small["width"]
    await lecturer.get_by_role("button", name="Dừng chiếu màn hình").click()
    await expect(technician.locator("#main-screen")).to_be_hidden()


async def test_the_button_turns_the_agents_microphone_on_where_that_is_the_rooms(
    here: Lesson, browser: Browser, peers: Peers
) -> None:
    await peers.publish(here.rooms["TDM"], "sound", Tone())
    lecturer, technician = [await opened(here, browser, who) for who in ("lecturer", "technician")]
    await expect(lecturer.locator("#mic-why")).to_contain_text("micro của máy điểm danh")
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang tắt")
    rooms, main = here.server.services.media.rooms, here.rooms["TDM"]
    await so_far(lambda: main in rooms(SESSION) and rooms(SESSION)[main].speaking and rooms(SESSION)[main].viewers > 0)
    assert (await stats(technician))["energy"] == 0
    await lecturer.get_by_role("button", name="Bật micro").click()
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang bật, cả lớp nghe thấy")
    await until(technician, "energy", 0.001)
    assert (await stats(lecturer))["sent"] == 0, "the page captures nothing"
    await lecturer.get_by_role("button", name="Tắt micro").click()
    await expect(lecturer.locator("#mic-state")).to_have_text("Micro: đang tắt")


async def test_two_pages_of_one_room_use_one_microphone(here: Lesson, browser: Browser) -> None:
    first, second = await opened(here, browser, "lecturer"), await opened(here, browser, "main-technician")
    on = "Micro: đang bật, cả lớp nghe thấy"
    await first.keyboard.press("m")
    await expect(first.locator("#mic-state")).to_have_text(on)
    await second.keyboard.press("m")
    await expect(second.locator("#mic-state")).to_have_text(on)
    await expect(first.locator("#mic-state")).to_contain_text("ở một máy khác")
    await second.keyboard.press("m")
    await expect(second.locator("#mic-state")).to_have_text("Micro: đang tắt")


def complaints_of(page: Page) -> list[str]:
    """What the browser complains of from now on."""
    found: list[str] = []
    page.on("console", lambda told: found.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1440, "dark")])
async def test_the_pages_are_accessible_and_fit(here: Lesson, browser: Browser, width: int, scheme: str) -> None:
    room = here.rooms["BC"]
    here.act(here.signed_in("technician"), "hand", raised="yes")
    here.act(here.signed_in("technician"), "questions", text="Xin cô nhắc lại phần cuối?")
    here.act(here.signed_in("manager"), "floor", room=here.rooms["DA"])
    for who, path in (
        ("lecturer", f"/sessions/{SESSION}/classroom"), ("technician", f"/sessions/{SESSION}/classroom?lang=en"),
        ("manager", f"/sessions/{SESSION}/rooms/{room}"), ("manager", f"/sessions/{SESSION}"),
        ("manager", "/classroom/enter"),
    ):  # fmt: skip
        page = await sign_in(here, browser, who, width, color_scheme=scheme)
        complaints = complaints_of(page)
        await page.goto(here.server.address + path)
        await page.wait_for_timeout(500)
        assert await page.evaluate("document.documentElement.scrollWidth") == width, path
        await check_accessibility(page)
        assert complaints == [], path
        await page.context.close()
    here.act(here.signed_in("manager"), "floor")


async def test_the_class_is_led_by_keyboard_alone(here: Lesson, browser: Browser) -> None:
    here.act(here.signed_in("technician"), "hand")
    lecturer, technician = await opened(here, browser, "lecturer"), await opened(here, browser, "technician")
    await technician.locator("#question").focus()
    await technician.keyboard.type("m hay là ")  # no key does anything while something is typed
    await expect(technician.locator("#hand")).to_have_attribute("aria-pressed", "false")
    await technician.locator("#question").fill("")
    await technician.locator("h1").click()
    await technician.keyboard.press(" ")
    await expect(lecturer.locator("#hands")).to_contain_text("Bến Cát")
    await lecturer.locator(f"#give-{here.rooms['BC']}").focus()
    await lecturer.keyboard.press("Enter")
    await expect(technician.locator("#give-back")).to_be_visible()
    await technician.locator("#give-back").focus()
    await technician.keyboard.press("Enter")
    await expect(lecturer.locator("#floor-now")).to_contain_text("Chưa phòng nào")
    await technician.locator("#keys").uncheck()
    await technician.locator("h1").click()
    await technician.keyboard.press(" ")
    await technician.wait_for_timeout(700)
    await expect(technician.locator("#hand")).to_have_attribute("aria-pressed", "false")


async def test_the_page_says_when_it_is_no_longer_live_and_comes_back(here: Lesson, browser: Browser) -> None:
    page = await opened(here, browser, "technician")
    await expect(page.locator("#stale")).to_be_hidden()
    await page.context.set_offline(True)
    rooms = here.server.services.classrooms
    room, task = rooms._open[SESSION]
    asyncio.run_coroutine_threadsafe(room.end(), task.get_loop()).result(60)  # as an end of the server ends it
    await expect(page.locator("#stale")).to_contain_text("Mất kết nối với máy chủ từ")
    await page.context.set_offline(False)
    await expect(page.locator("#stale")).to_be_hidden()


async def test_a_browser_that_allows_no_sound_or_microphone_is_told_what_to_do(here: Lesson, browser: Browser) -> None:
    lecturer = await opened(here, browser, "lecturer")
    await lecturer.keyboard.press("m")
    async with async_playwright() as play:
        strict = await play.chromium.launch(
            executable_path=CHROMIUM,
            args=[*QUIET, "--deny-permission-prompts", "--use-fake-device-for-media-stream",
                  "--allow-loopback-in-peer-connection", "--autoplay-policy=document-user-activation-required",
                  "--host-resolver-rules=MAP plain.example 127.0.0.1"],
        )  # fmt: skip
        page = await opened(here, strict, "main-technician")
        await page.get_by_role("button", name="Bật micro").click()
        await expect(page.locator("#trouble")).to_contain_text("cho phép micro")
        await expect(page.locator("#mic-state")).to_have_text("Micro: đang tắt")
        listener = await sign_in(here, strict, "technician")
        await listener.add_init_script(REFUSED)
        async with listener.expect_console_message(lambda one: one.text == "play refused", timeout=60_000):
            await listener.goto(f"{here.server.address}/sessions/{SESSION}/classroom")
        # Without a look at the page before: what Playwright evaluates counts as somebody's press.
        rooms, main = here.server.services.media.rooms, here.rooms["TDM"]
        await so_far(lambda: main in rooms(SESSION) and rooms(SESSION)[main].viewers > 0)
        await expect(listener.locator("#no-sound")).to_be_visible()
        await check_accessibility(listener)
        await listener.get_by_role("button", name="Bật âm thanh").click()
        await expect(listener.locator("#no-sound")).to_be_hidden()
        assert await listener.locator("audio").evaluate("sound => !sound.paused")
        plain = await sign_in(here, strict, "main-technician")
        address = here.server.address.replace("127.0.0.1", "plain.example")
        await plain.goto(f"{address}/sign-in/link?key={here.server.link('main-technician')}")
        async with plain.expect_navigation():
            await plain.get_by_role("button", name="Đăng nhập").click()
        await plain.goto(f"{address}/sessions/{SESSION}/classroom")
        await expect(plain.locator("#mic-why")).to_contain_text(
            "chỉ cho dùng micro và chiếu màn hình qua địa chỉ https://"
        )
        await strict.close()


async def test_the_technicians_page_opens_the_classroom_for_its_room(here: Lesson, browser: Browser) -> None:
    here.act(here.signed_in("manager"), "floor")
    agent = here.agent("DA")
    told = msgspec.json.decode(here.ticket(agent).content, type=ClassroomTicket)
    async with console() as running:
        running.desk.classroom = here.server.address + told.path
        context = await browser.new_context(locale="vi-VN")
        page = await context.new_page()
        await page.goto(running.address)
        async with context.expect_page() as opening:
            await page.get_by_role("button", name="Mở lớp học").click()
        classroom = await opening.value
        await expect(classroom.locator(".my-room")).to_have_text("Phòng Dĩ An")
        assert classroom.url == f"{here.server.address}/sessions/{SESSION}/classroom"
        await expect(classroom.locator("#mic-why")).to_contain_text("khi giảng viên mời")
        await classroom.keyboard.press(" ")
        await expect(classroom.locator("#hand")).to_have_attribute("aria-pressed", "true")
        await context.close()
