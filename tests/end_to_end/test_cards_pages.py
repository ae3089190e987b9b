"""Cards, PINs and lookalikes in a real browser: by keyboard and card reader, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.central_server.enrolment.test_enrolling import course_id
from tests.central_server.learners.desk import enrol, face, learner, technician
from tests.central_server.running import Running, join, running, write_course
from tests.end_to_end.test_accounts_pages import opened
from tests.end_to_end.test_session_page import browser, check_accessibility, signed_in

__all__ = ["browser"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=12))
        agent, witness = join(one), technician(one)
        enrol(agent, learner(one, "HV000"), face(1), witness)
        enrol(agent, learner(one, "HV001"), face(2, like=face(1)), witness)
        yield one


@pytest.mark.parametrize(("lang", "width"), [pytest.param("vi", 360, marks=pytest.mark.nightly), ("en", 1440)])
async def test_the_pages_are_accessible_and_fit(
    server: Running, browser: Browser, width: int, lang: str, tmp_path: Path
) -> None:
    course = f"{server.address}/courses/{course_id(server)}"
    async with signed_in(browser, server, width) as page:

        async def look(name: str) -> None:
            assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
            await check_accessibility(page)
            shot = await page.screenshot(path=tmp_path / f"{name}-{width}-{lang}.png", full_page=True)
            assert len(shot) > 10_000

        await page.goto(f"{course}/cards?lang={lang}")
        await look("cards")
        await page.locator("form[action*='/pins'] button").first.click()
        await expect(page.locator(".slip")).to_have_count(12)
        await look("slips")
        await page.goto(f"{course}/cards")
        await expect(page.locator(".means button[name=new]")).to_have_count(12)
        await look("cards-with-pins")
        for name, path in (("learners", f"{course}/learners"), ("course", course),
                           ("learner", f"{server.address}/learners/{learner(server, 'HV000')}")):  # fmt: skip
            await page.goto(path)
            await look(name)


async def test_cards_are_read_one_after_the_other_without_the_mouse(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}/cards")
        await page.locator(".means input").first.focus()
        for number in ("0012345678", "0012345679", "0012345680"):
            await page.keyboard.type(number)
            await page.keyboard.press("Enter")  # as a reader does
            await expect(page.locator(".told")).to_contain_text("Đã lưu số thẻ")
            await expect(page.get_by_text(f"…{number[-4:]}")).to_be_visible()
        await expect(page.locator(".means input").nth(3)).to_be_focused()
        await expect(page.locator(".counts")).to_contain_text("3 người có thẻ")


async def test_slips_are_printed_upright_ten_on_a_sheet_with_nothing_else(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}/cards")
        await page.get_by_role("button", name="Tạo mã PIN cho 12 người").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".slip")).to_have_count(12)
        paper = await page.pdf(prefer_css_page_size=True)
        sheets = [tuple(map(float, one.split())) for one in re.findall(rb"/MediaBox \[([0-9. ]+)\]", paper)]
        await page.emulate_media(media="print")
        await expect(page.locator(".no-print").first).to_be_hidden()
        await expect(page.locator(".top")).to_be_hidden()
        await expect(page.locator(".slip-pin").last).to_be_visible()
    assert len(sheets) == 2, "ten on the first, two on the second"
    assert all(height > width for _, _, width, height in sheets)


async def test_lookalikes_are_seen_from_the_course_and_said_to_be_two_by_keyboard(
    server: Running, browser: Browser
) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}")
        await page.locator(".notices a", has_text="giống nhau").click()
        button = page.locator("#alike button")
        await expect(button).to_have_count(1)
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".told")).to_contain_text("hai người khác nhau")
        await expect(page.locator("#alike")).to_contain_text("đã xác nhận: hai người")


@pytest.mark.parametrize("width", [360, 1440])
async def test_a_technician_sets_the_pin_by_keyboard(server: Running, browser: Browser, width: int) -> None:
    async with opened(browser, width) as page:
        await page.goto(f"{server.address}/sign-in/link?key={server.link('ky-thuat')}")
        await page.get_by_role("button", name="Đăng nhập").click()
        await page.goto(f"{server.address}/account")
        await page.locator("#pin").focus()
        for typed in ("123456", "270514"):
            await page.locator("#pin").focus()
            await page.keyboard.type(typed)
            await page.keyboard.press("Tab")
            await page.keyboard.type(typed)
            await page.keyboard.press("Enter")
            await expect(page.locator("[role=alert], .done")).to_contain_text(
                "quá dễ đoán" if typed == "123456" else "Đã đặt mã PIN"
            )
            await check_accessibility(page)
            assert await page.evaluate("document.documentElement.scrollWidth") == width
