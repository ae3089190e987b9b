"""The office by the Tab, Space and Enter keys alone: a course made, published, changed; whom to speak with found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.central_server.participation.term import course_id, taught, write_term
from tests.central_server.running import Running, running
from tests.end_to_end.test_session_page import browser, signed_in

__all__ = ["browser"]
MOST_TABS = 80
FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect()
  const named = at.labels && at.labels.length ? at.labels[0].textContent : ''
  const name = (at.getAttribute('aria-label') || named || at.textContent || '').replace(/\\s+/g, ' ').trim()
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none'
  const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
  return {name, ring, inView, body: at === document.body}
}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_term(tmp_path / "course.toml"))
        taught(one, [[1, 1, 0.6, 0.5, 0.0, 0.0]] * 3)
        yield one


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called so; on the way the focus is always to be seen."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        if at["body"]:
            continue  # through the browser's own bar
        assert at["ring"] and at["inView"], f"{page.url}: the focus on “{at['name']}” can't be seen"
        if at["name"].startswith(name):
            return
    pytest.fail(f"{page.url}: Tab never comes to “{name}”")


async def write(page: Page, name: str, text: str) -> None:
    await tab_to(page, name)
    await page.keyboard.press("Control+a")
    await page.keyboard.type(text)


@pytest.mark.parametrize("width", [360, 1440])
async def test_a_course_is_made_published_and_a_session_cancelled(
    server: Running, browser: Browser, width: int
) -> None:
    async with signed_in(browser, server, width) as page:
        await page.goto(server.address)
        await tab_to(page, "Đến nội dung chính")
        await page.keyboard.press("Enter")
        await tab_to(page, "Mở lớp mới")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Mở lớp mới")
        await page.keyboard.type("Kỹ năng soạn thảo văn bản, khóa 2")  # the first field has the focus
        await write(page, "Ngày đầu", "07/12/2026")
        await write(page, "Số buổi", "3")
        await tab_to(page, "Thủ Dầu Một")
        await page.keyboard.press("Space")
        await tab_to(page, "Tạo lớp")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Kỹ năng soạn thảo văn bản, khóa 2")
        await tab_to(page, "Công bố")
        await page.keyboard.press("Enter")
        await expect(page.locator(".publish .state")).to_have_text("đã công bố")
        await tab_to(page, "Sửa, dời, hủy")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_contain_text("Sửa, dời hoặc hủy")
        await write(page, "Lý do hủy", "giảng viên ốm")
        await tab_to(page, "Hủy buổi học")
        await page.keyboard.press("Enter")
        await expect(page.locator(".is-cancelled")).to_contain_text("giảng viên ốm")
        await tab_to(page, "Hoàn tác")
        await page.keyboard.press("Enter")
        await expect(page.locator(".is-cancelled")).to_have_count(0)


async def test_whom_to_speak_with_is_found_from_the_course_and_a_bar_is_read(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}")
        await tab_to(page, "4 học viên không còn kịp")
        await page.keyboard.press("Enter")
        await expect(page.locator("tr.too_late")).to_have_count(4)
        await page.go_back()
        await tab_to(page, "Trần Thị A0: 3 buổi")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#evidence")).to_contain_text("Buổi 1, 24/11/2026: có mặt 3 giờ 15 phút")
        await page.keyboard.press("Escape")
        await tab_to(page, "Trần Thị B1")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("Trần Thị B1")
