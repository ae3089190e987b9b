"""Enrolment in a real browser: from a file to a class, by keyboard; every page accessible and fitting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from central_server.courses.changes import changing
from central_server.learners.consent_text import keeping_version
from central_server.learners.portrait_policy import save_policy
from tests.central_server.enrolment.files import people, put, xlsx
from tests.central_server.enrolment.test_enrolling import course_id
from tests.central_server.running import Running, running, write_course
from tests.end_to_end.test_session_page import browser, check_accessibility, signed_in

__all__ = ["browser"]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A roster that shows all the preview can say."""
    rows = put(put(people(12), 3, "Ngày sinh", "12/5/80"), 8, "Điểm cầu", "Phòng họp 2")
    rows[5][2] = rows[4][2]
    path = tmp_path / "ds.xlsx"
    path.write_bytes(xlsx([*rows, [None, None, "GIÁM ĐỐC"]], titles=("SỞ NỘI VỤ", "DANH SÁCH HỌC VIÊN")))
    return path


@pytest.mark.parametrize("width", [pytest.param(360, marks=pytest.mark.nightly), 1440])
@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_pages_are_accessible_and_fit(
    server: Running, browser: Browser, faulty: Path, width: int, lang: str
) -> None:
    course = course_id(server)
    server.do(changing(lambda changes: save_policy(changes, course, 0, 90, "Kiểm tra chéo"), server.clock()))
    office = f"{server.address}/courses/{course}"
    async with signed_in(browser, server, width) as page:

        async def look() -> None:
            assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
            await check_accessibility(page)

        await page.goto(f"{office}/roster?lang={lang}")
        await look()
        await page.set_input_files("#file", faulty)
        await page.locator(".roster-send button").click()
        await expect(page.locator(".faults tbody tr")).to_have_count(1)
        await look()
        for path in ("learners", "portraits", "keeping"):
            await page.goto(f"{office}/{path}")
            await look()
        await page.goto(f"{server.address}/consent-form?version={keeping_version(90)}")
        await look()
        await page.goto(f"{office}/learners")
        await page.locator("#learners tbody th a").first.click()
        await expect(page.locator("h1")).to_have_text("Nguyễn Văn A0")
        await look()


async def test_from_the_file_to_the_class_in_three_clicks(server: Running, browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "ds.xlsx"
    path.write_bytes(xlsx(people(40), titles=("DANH SÁCH HỌC VIÊN",)))
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}/learners")
        await page.get_by_role("button", name="Ghi danh từ danh sách").click()
        await page.set_input_files("#file", path)
        await page.get_by_role("button", name="Xem trước").click()
        await page.get_by_role("button", name="Ghi danh 40 học viên").click()
        await expect(page.locator(".told")).to_contain_text("40 học viên mới")
        await expect(page.locator("#learners tbody tr")).to_have_count(43)


async def test_a_transfer_by_keyboard_and_its_undoing(server: Running, browser: Browser) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/{course_id(server)}/learners")
        await page.locator("#learners input[type=checkbox]").first.focus()
        await page.keyboard.press("Space")
        await page.locator("#session").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator(".told")).to_contain_text("Đã chuyển điểm cầu")
        await page.locator(".undo-list button").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".told")).to_contain_text("Đã hoàn tác")
        await expect(page.locator(".undo-list")).to_have_count(0)
