"""A learner without an account reads the own pages from the check-in screen: real server, real browser, keys alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.bridge_agent.console.scripted_desk import ScriptedDesk
from tests.bridge_agent.console.serving_console import Console, console
from tests.central_server.corrections.making import School, school
from tests.central_server.learners.test_visits import Office, office
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_console_pages import opened
from tests.end_to_end.test_correction_pages import fits
from tests.end_to_end.test_session_page import browser, check_accessibility

__all__ = ["browser"]


class AskingDesk(ScriptedDesk):
    """The desk asks a real server."""

    here: Office

    async def open_own_page(self, who: str, pin: str) -> str:
        await super().open_own_page(who, pin)
        ticket = await asyncio.to_thread(self.here.ticket, console_port=self.port)
        return f"{self.here.server.address}/own/enter#{ticket}"

    port = 0


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


@pytest.fixture(scope="module")
def here(term: School) -> Office:
    return office(term.server, term.agent, term.learners[0], term.learners[3], term.course)


@pytest.fixture
async def kiosk(here: Office) -> AsyncIterator[Console]:
    desk = AskingDesk()
    desk.here = here
    async with console(desk) as running:
        desk.port = urlsplit(running.address).port or 0
        yield running


async def enter(page: Page, here: Office, kiosk: Console) -> None:
    await page.goto(f"{kiosk.address}/kiosk")
    await tab_to(page, "Xem việc học của tôi")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pad-title")).to_have_text("Mời nhập mã học viên")
    await page.keyboard.type("CC-0141\n")
    await expect(page.locator("#pad-note")).to_have_text("Mã học viên: CC-0141")
    await page.keyboard.type("9999\n")
    await expect(page.locator("#pad-wrong")).to_contain_text("không đúng")
    await page.keyboard.type("0141\n")
    await expect(page).to_have_url(f"{here.server.address}{here.own()}")


async def test_from_the_screen_to_the_own_pages_and_back_and_nothing_stays(
    here: Office, kiosk: Console, browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="vi-VN", viewport={"width": 360, "height": 800})
    page = await context.new_page()
    await enter(page, here, kiosk)
    await expect(page.locator("#visit-left")).to_have_text(re.compile("tự đóng sau [45] phút"))
    await fits(page, 360, tmp_path, "own")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await fits(page, 1440, tmp_path, "own")
    await tab_to(page, "Từng buổi, căn cứ từng phút")
    await page.keyboard.press("Enter")
    await expect(page.locator(".attended")).to_contain_text("Đồng chí đã tham gia")
    await page.goto(f"{here.server.address}{here.own('/data')}?lang=en")
    await expect(page.locator("main")).to_contain_text("copy it to your own stick")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download as JSON").click()
    assert (await download.value).suggested_filename.endswith(".json")
    await tab_to(page, "Done")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Your page is closed")
    await fits(page, 1440, tmp_path, "left")
    await page.locator("#visit-back").click()
    await expect(page.locator("#use-pin")).to_be_visible()
    for _ in range(5):
        await page.go_back()
        assert "Nguyễn" not in await page.locator("body").inner_text() and "/own/data" not in page.url
    await context.close()


async def test_whoever_went_away_is_asked_and_then_the_page_closes(
    here: Office, kiosk: Console, browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="vi-VN", viewport={"width": 360, "height": 800})
    page = await context.new_page()
    await page.clock.install()
    await page.goto(f"{here.server.address}/own/enter#{await asyncio.to_thread(here.ticket)}")
    await expect(page.locator("#visit-left")).to_be_visible()
    await expect(page.locator("#visit-more")).to_be_hidden()
    await page.clock.run_for(62_000)
    await expect(page.locator("#visit-more")).to_be_visible()
    await check_accessibility(page)
    await page.screenshot(path=tmp_path / "asks.png")
    await expect(page.locator("#visit-longer")).to_be_focused()
    await page.route("**/api/own/longer", lambda route: route.abort())
    async with page.expect_event("requestfailed"):  # a line that fails says nothing: the visit goes on
        await page.keyboard.press("Enter")
    await page.unroute("**/api/own/longer")
    await expect(page.locator("#visit-longer")).to_be_focused()
    assert urlsplit(page.url).path == here.own()
    await page.keyboard.press("Enter")
    await expect(page.locator("#visit-more")).to_be_hidden()
    await page.clock.run_for(62_000)
    await expect(page.locator("#visit-seconds")).to_have_text(re.compile("^(2[89]|30)$"))
    await page.clock.run_for(31_000)
    await expect(page.locator("h1")).to_have_text("Đã đóng trang của đồng chí")
    await page.goto(f"{here.server.address}{here.own()}")
    assert urlsplit(page.url).path in ("/sign-in", "/own/left")
    await context.close()


async def test_the_screen_with_that_button_fits(kiosk: Console, browser: Browser, tmp_path: Path) -> None:
    for width in (360, 1920):
        async with opened(browser, f"{kiosk.address}/kiosk", width) as page:
            await expect(page.locator("#own")).to_be_visible()
            await fits(page, width, tmp_path, "kiosk")
            await page.locator("#own").click()
            await fits(page, width, tmp_path, "own code")
