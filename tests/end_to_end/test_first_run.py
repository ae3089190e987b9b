"""The first run in a real browser: from a PC that has joined nothing to one that is ready, with a real server, network
camera, and Chromium's own microphone; and the real program that is started, joined, ended and started again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from bridge_agent.autostart import UNIT, Way
from bridge_agent.clock import wall_ms
from bridge_agent.config import Settings, load
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.first_run import first_run
from bridge_agent.setup.progress import STEPS, ProgressFile
from bridge_agent.setup.wizard import Wizard
from central_server.accounts.permission import Grant
from models import join_code
from tests.bridge_agent.console.scripted_desk import ScriptedDesk
from tests.central_server.running import Running, running, write_course
from tests.conftest import SHARED
from tests.end_to_end.on_site import ROOT, Wall
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_classroom import MEDIA
from tests.end_to_end.test_session_page import CHROMIUM, QUIET, check_accessibility
from tests.mjpeg_camera import Camera, Picture, filming

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]
LIMIT_MS = 60_000
expect.set_options(timeout=LIMIT_MS)  # a limit for a busy machine, no claim


@dataclass
class Room:
    """What the network camera sees: a room whose light flickers a little, and a card held before it."""

    card: Picture | None = None
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))

    def look(self) -> Picture:
        picture = np.full((720, 1280, 3), 120, np.uint8)
        picture[::16] = self._rng.integers(90, 150, (45, 1, 3), dtype=np.uint8)
        if (card := self.card) is not None:
            picture[40 : 40 + card.shape[0], 200 : 200 + card.shape[1]] = card
        return picture


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    with running(folder / "data", Wall()) as one:
        one.load(write_course(folder / "course.toml"))
        one.account("quan-tri", Grant("administrator"))
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *MEDIA])
        yield chromium
        await chromium.close()


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def camera(room: Room) -> Iterator[Camera]:
    with filming(room.look) as one:
        yield one


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "agent.toml"
    file.write_text(f'data = "agent"\nkey_store = "file"\nconsole_port = {port}\n', "utf-8")
    made = load(file)
    made.folder.make()
    return made


@pytest.fixture(autouse=True)
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The better networks where they are at hand; the wizard works with the packages' own, too."""
    if SHARED.exists():
        monkeypatch.setenv("DIEMDANH_WEIGHTS", str(SHARED / "weights"))


@asynccontextmanager
async def in_this_process(settings: Settings) -> AsyncIterator[str]:
    """What `bridge-agent run` does with the pages, with a desk without sessions and a second of calibration."""
    settings.folder.make()
    stop = asyncio.Event()

    async def run() -> None:
        journal = Journal(settings.folder.journal, wall_ms)
        assert await first_run(settings, KeyStore(), journal, stop, wall_ms) or stop.is_set()
        journal.close()
        if stop.is_set():
            return
        desk = ScriptedDesk()
        desk.set(session=None)
        at_sign_in = Way(settings.folder.path.parent / "Startup" / UNIT, "user.service", ())
        wizard = Wizard(settings, KeyStore(), wall_ms, desk, camera_s=1.0, starting=lambda: at_sign_in)
        try:
            app = create_app(desk, settings.folder.calibration_report, wizard=wizard)
            await serve(app, port=settings.config.console_port)
        finally:
            await wizard.close()

    task = asyncio.create_task(run())
    address = f"http://localhost:{settings.config.console_port}"
    try:
        await answers(address)
        yield address
    finally:
        stop.set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def started(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """`bridge-agent run`; ended in order, or the test fails."""
    env = {**os.environ, "PYTHONUTF8": "1", "DIEMDANH_LANGUAGE": "vi"}
    command = [sys.executable, "-m", "bridge_agent.cli", "run", "--config", str(settings.path)]
    with (settings.folder.path.parent / "output.txt").open("ab") as output:
        program = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
        try:
            yield program
            program.send_signal(signal.SIGTERM)
            assert program.wait(60) == 0
        finally:
            if program.poll() is None:
                program.kill()
                program.wait()


async def answers(address: str) -> None:
    """Wait until the pages are there."""
    async with asyncio.timeout(LIMIT_MS / 1000), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(f"{address}/setup/run")
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def opened(browser: Browser, address: str, width: int, lang: str = "vi") -> AsyncIterator[Page]:
    """A page; ends with a failure where a script failed."""
    context = await browser.new_context(viewport={"width": width, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(LIMIT_MS)
    failed: list[str] = []
    page.on("pageerror", lambda error: failed.append(str(error)))
    await page.goto(f"{address}/?lang={lang}")
    yield page
    await context.close()
    assert failed == []


async def held_before_the_camera(server: Running, browser: Browser) -> Picture:
    """The QR code as the administrator's page shows it."""
    context = await browser.new_context(viewport={"width": 1200, "height": 900}, locale="vi-VN")
    page = await context.new_page()
    await page.goto(f"{server.address}/sign-in/link?key={server.link('quan-tri')}")
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.goto(f"{server.address}/admin/bridge-points")
    await page.get_by_role("button", name="Tạo mã gia nhập: Thủ Dầu Một").click()
    line = await page.locator("#join-line").inner_text()
    assert join_code.read(line) == join_code.JoinCode(server.address, await page.locator("#secret").inner_text())
    await check_accessibility(page)
    png = await page.locator(".qr").screenshot()
    await context.close()
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    return np.asarray(cv2.resize(shown, (480, 480)), np.uint8)


class Walk:
    """One walk through the wizard."""

    def __init__(self, page: Page, shots: Path) -> None:
        self.page, self._shots = page, shots

    async def look(self, name: str) -> None:
        """The page fits, and axe finds nothing."""
        width = await self.page.evaluate("innerWidth")
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, name
        await check_accessibility(self.page)
        assert len(await self.page.screenshot(path=self._shots / f"{name}.png", full_page=True)) > 5_000

    async def press(self, selector: str) -> None:
        await self.page.locator(selector).press("Enter")

    async def go_on(self, to: str) -> None:
        """The step is green: the next one."""
        await self.look(f"before-{to}")
        await expect(self.page.locator("#steps .now")).to_have_class(re.compile("passed"))
        await self.press("#go-on")
        await self.page.wait_for_url(f"**/setup/{to}")


async def walk(page: Page, room: Room, card: Picture, camera: Camera, shots: Path) -> None:
    """All steps, by keyboard."""
    steps = Walk(page, shots)
    await expect(page).to_have_url(re.compile("/setup/join"))
    await page.goto(re.sub("/setup/.*", "/setup/network", page.url))  # not before it is its turn
    await expect(page).to_have_url(re.compile("/setup/join"))
    await tab_to(page, "Mã gia nhập")
    await page.keyboard.type("8K2QX-7M4RD")
    await page.keyboard.press("Enter")
    await expect(page.locator("#join-form .wrong")).to_contain_text("có 10")
    await expect(page.locator("#join-text")).to_have_value("8K2QX-7M4RD")
    room.card = card
    await tab_to(page, "Quét bằng camera mạng")
    await page.keyboard.press("Enter")
    await page.fill("#scan-address", camera.address)
    await press_and_see(page, "#scan-address", "#code-form")
    await steps.look("code")
    room.card = None
    await steps.press("#code-form button")

    await page.wait_for_url("**/setup/camera")
    await expect(page.locator("#seen .wrong, #result .wrong").first).to_be_visible()  # no camera 0 here, or no picture
    await page.locator("#other-source").evaluate("one => one.open = true")
    await page.fill("#address", camera.address)
    await press_and_see(page, "#address", "#use-camera")
    await expect(page.locator("#tried")).not_to_have_class(re.compile("blank"))
    await press_and_see(page, "#use-camera", "#go-on")
    await steps.go_on("sound")

    await press_and_see(page, "#listen", "#go-on")
    await expect(page.locator("#result")).to_contain_text("Fake Default Audio Input")
    await steps.go_on("speaker")

    await steps.press("#play")
    await expect(page.locator("#heard-no")).to_be_enabled()
    await expect(page.locator("#heard-by-microphone")).not_to_be_empty()
    await press_and_see(page, "#heard-no", "#accept")
    await expect(page.locator("#result")).to_contain_text("âm lượng")
    await press_and_see(page, "#heard-yes", "#go-on")
    await steps.go_on("network")

    await press_and_see(page, "#measure", "#go-on")
    for words in ("khứ hồi", "Mbit/s", "Đồng hồ", "UDP thẳng tới máy chủ"):
        await expect(page.locator("#result")).to_contain_text(words)
    await steps.go_on("calibration")

    await press_and_see(page, "#calibrate", "#calibrating .progress")
    await expect(page.locator("#accept")).to_be_visible()  # nobody sits in this room
    await expect(page.locator("#result")).to_contain_text("Không thấy khuôn mặt nào")
    await press_and_see(page, "#accept", "#go-on")
    await steps.go_on("consent")

    await expect(page.locator("#consent blockquote")).to_contain_text("Tôi đồng ý")
    await press_and_see(page, "#consent-read", "#go-on")
    await steps.go_on("done")
    await expect(page.locator("h1")).to_have_text("Điểm cầu đã sẵn sàng")
    await steps.look("done")
    await press_and_see(page, "#autostart-on", "#autostart [role=status]")
    await expect(page.locator("#autostart")).to_be_focused()
    await expect(page.locator("#autostart")).to_contain_text("Đã bật.")
    await steps.look("starts-by-itself")


async def press_and_see(page: Page, pressed: str, seen: str) -> None:
    await page.locator(pressed).press("Enter")
    await expect(page.locator(seen)).to_be_visible()


async def test_a_technician_walks_through_all_steps(
    server: Running, browser: Browser, settings: Settings, room: Room, camera: Camera, tmp_path: Path
) -> None:
    card = await held_before_the_camera(server, browser)
    async with in_this_process(settings) as address, opened(browser, address, 360) as page:
        await walk(page, room, card, camera, tmp_path)
        # Later one thing is changed: the camera is unplugged just then, and another tab sees the same.
        await page.goto(f"{address}/setup/camera")
        await expect(page.locator("#use-camera")).to_be_visible()
        async with opened(browser, f"{address}/setup/camera", 360) as other:
            await other.goto(f"{address}/setup/camera")
            await expect(other.locator("#use-camera")).to_be_visible()
            camera.unplugged.set()
            for one in (page, other):
                await expect(one.locator("#seen .wrong").first).to_be_visible()
                await expect(one.locator("#use-camera")).to_be_hidden()
                await expect(one.locator("#tried")).to_have_class(re.compile("blank"))
    kept = ProgressFile(settings.folder.setup).read()
    assert not kept.guided and set(kept.results) == set(STEPS) - {"join"}
    assert all(one.said and one.at for one in kept.results.values())
    assert kept.results["network"].figures["udp"] == "True" and kept.results["camera"].figures["width"] == 1280


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
async def test_the_program_goes_on_where_it_was_ended(server: Running, browser: Browser, settings: Settings) -> None:
    line = join_code.write(server.address, server.token())
    address = f"http://localhost:{settings.config.console_port}"
    with started(settings):
        await answers(address)
        async with opened(browser, address, 1440, "en") as page:
            await page.fill("#join-text", line)
            await page.locator("#join-text").press("Enter")
            await page.wait_for_url("**/setup/camera")  # the same port, the agent itself
            await expect(page.locator(".where")).to_have_text("Thủ Dầu Một")
    with started(settings):
        await answers(address)
        async with opened(browser, address, 1440) as page:
            await expect(page).to_have_url(re.compile("/setup/camera"))
            await page.goto(f"{address}/?setup=later")  # nobody is kept from the day's page
            await expect(page).to_have_url(re.compile("setup=later"))
            await expect(page.locator("#roster-title")).to_be_visible()


@pytest.mark.nightly
@pytest.mark.parametrize("width", [360, 1440])
async def test_the_program_itself_is_walked_through(
    server: Running, browser: Browser, settings: Settings, room: Room, camera: Camera, tmp_path: Path, width: int
) -> None:
    card = await held_before_the_camera(server, browser)
    address = f"http://localhost:{settings.config.console_port}"
    with started(settings):
        await answers(address)
        async with opened(browser, address, width) as page:
            await walk(page, room, card, camera, tmp_path)
    assert not ProgressFile(settings.folder.setup).read().guided
