"""A course's rule and forecast in a real browser: tried, saved, searched, by keyboard, on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.central_server.participation.term import course_id, taught, write_term
from tests.central_server.running import Running, running
from tests.end_to_end.test_session_page import browser, check_accessibility, signed_in

__all__ = ["browser"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml", learners=12))
        shares = [1, 0.95, 0.9, 0.8, 0.75, 0.7, 0.66, 0.6, 0.5, 0.3, 0, 1]
        taught(one, [shares, shares, [*shares[::-1]]], dark=0.04)
        yield one


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(360, "light", marks=pytest.mark.nightly),
        (1440, "dark"),
        pytest.param(1440, "light", marks=pytest.mark.nightly),
    ],
)
@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_pages_are_accessible_and_fit(
    server: Running, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    async with signed_in(browser, server, width, scheme) as page:
        for name in ("participation", "rules"):
            await page.goto(f"{server.address}/courses/{course_id(server)}/{name}?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            await check_accessibility(page)
            await page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}-{lang}.png", full_page=True)
        await page.get_by_label("%").first.fill("70")
        await page.get_by_role("button", name="Xem thử" if lang == "vi" else "What if").click()
        await expect(page.locator("#what-if")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        await check_accessibility(page)
        await page.screenshot(path=tmp_path / f"what-if-{width}-{scheme}-{lang}.png", full_page=True)


async def test_a_rule_is_tried_then_saved_by_keyboard_and_changes_the_forecast(
    server: Running, browser: Browser
) -> None:
    async with signed_in(browser, server, quiet=False) as page:  # a refused form is a 422
        address = f"{server.address}/courses/{course_id(server)}"
        await page.goto(f"{address}/participation")
        before = await page.locator("tr.too_late").count()
        await page.goto(f"{address}/rules")
        await page.get_by_label("Tỷ lệ tham gia cần có (%)").press("Control+a")
        await page.keyboard.type("60")
        await page.keyboard.press("Enter")  # the first button: try, never save
        await expect(page.locator("#what-if")).to_contain_text("học viên đổi kết quả")
        await expect(page.get_by_label("Tỷ lệ tham gia cần có (%)")).to_have_value("60")
        await expect(page.locator("#history li").filter(has_text="Phiên bản")).to_have_count(1)
        await page.get_by_role("button", name="Lưu", exact=True).click()
        await expect(page.locator("#reason-error")).to_have_text("Hãy điền ô này.")
        await page.get_by_label("Lý do thay đổi").fill("Theo quy chế của trường")
        await page.get_by_role("button", name="Lưu", exact=True).press("Enter")
        await expect(page.locator("#history")).to_contain_text("Theo quy chế của trường")
        await page.goto(f"{address}/participation")
        assert await page.locator("tr.too_late").count() < before


async def test_another_version_meanwhile_is_told_with_what_was_typed(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server, quiet=False) as first, signed_in(browser, server, quiet=False) as second:
        for page in (first, second):
            await page.goto(f"{server.address}/courses/{course_id(server)}/rules")
        for page, share in ((first, "75"), (second, "65")):
            await page.get_by_label("Tỷ lệ tham gia cần có (%)").fill(share)
            await page.get_by_label("Lý do thay đổi").fill(f"còn {share}")
            await page.get_by_role("button", name="Lưu", exact=True).click()
        await expect(second.get_by_role("alert")).to_contain_text("phiên bản 2 đã được lưu")
        await expect(second.get_by_role("alert")).to_contain_text("từ 75,0 %")
        await expect(second.get_by_label("Tỷ lệ tham gia cần có (%)")).to_have_value("65")
        await expect(second.get_by_label("Lý do thay đổi")).to_have_value("còn 65")
        await check_accessibility(second)


async def test_the_forecast_is_searched_and_its_bars_tell_each_session(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}")
        await page.get_by_role("link", name="Thời lượng tham gia và dự báo").click()
        await expect(page.locator("tbody tr")).to_have_count(12)
        await page.get_by_label("Tìm học viên").fill("tran thi c2")
        await page.keyboard.press("Enter")
        await expect(page.locator("tbody tr")).to_have_count(1)
        bar = page.locator("svg.course-bar")
        await bar.focus()
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#evidence")).to_contain_text("Buổi 1, 24/11/2026: có mặt")
        await page.keyboard.press("End")
        await expect(page.locator("#evidence")).to_contain_text("Buổi 5, 28/11/2026: chưa đến")
