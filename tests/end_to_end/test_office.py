"""The class manager's office in a real browser: every page of courses accessible, fitting, by keyboard, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from central_server.accounts.permission import Grant
from central_server.config import Accounts
from tests.central_server.running import Running, running, write_course
from tests.end_to_end.test_session_page import browser, check_accessibility, signed_in

__all__ = ["browser"]
SERIES = {
    "title": "Bồi dưỡng kiến thức quản lý nhà nước ngạch chuyên viên chính khóa 3", "first": "25/11/2026", "count": "6",
    "weekday": ["0", "1", "2", "3", "4"], "start": "8h", "end": "11h30", "breaks": "9h30-9h45", "skip_holidays": "yes",
    "lecturer": "PGS.TS. Nguyễn Thị Hồng Ánh, Trường Chính trị tỉnh",
}  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    free = Accounts(idle_minutes=24 * 60, hours=24 * 31, second_factor=())  # the administrator signs in by a link
    with running(tmp_path / "data", accounts=free) as one:
        one.load(write_course(tmp_path / "course.toml", learners=14))
        one.account("quan-tri", Grant("administrator"))
        yield one


@pytest.fixture
def course(server: Running) -> str:
    """A course with a moved session, a cancelled one and a field visit; its address."""
    manager = server.manager()
    made = manager.post("/courses/new", data=SERIES)
    assert made.status_code == 200
    address = made.url.path
    of = f"{address}/sessions/L2026-001"
    times = {"first": "27/11/2026", "start": "13:30", "end": "17:00", "title": "Buổi 2", "reason": "mất điện ở Bến Cát"}
    answers = [
        manager.post(f"{of}.2/edit", data=times),
        manager.post(f"{of}.3/cancel", data={"cancel_reason": "giảng viên bận họp đột xuất"}),
        manager.post(f"{address}/sessions/new", data={"how": "one", "first": "12/12/2026", "start": "7:30",
                     "end": "16:30", "field_visit": "yes", "title": "Đi thực tế tại xã Thanh An"}),
        manager.post(f"{address}/edit", data={"title": SERIES["title"], "period_minutes": "45",
                     "class_rules": "Có mặt trước giờ học 10 phút.\n\nTắt chuông điện thoại.\nBật máy quay."}),
        manager.post("/programmes", data={"code": "CVC", "title": "Ngạch chuyên viên chính", "periods": "240"}),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 5, [answer.text for answer in answers]
    return address


def holidays(server: Running) -> httpx.Response:
    return server.signed_in("quan-tri").post("/admin/holidays/take-over", data={"year": "2026"})


async def look_at(page: Page, width: int, shot: Path) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
    await page.screenshot(path=shot, full_page=True)
    await check_accessibility(page)


@pytest.mark.parametrize(
    ("width", "lang"),
    [
        pytest.param(360, "vi", marks=pytest.mark.nightly),
        pytest.param(1440, "vi", marks=pytest.mark.nightly),
        (1440, "en"),
    ],
)
async def test_every_page_of_courses_is_accessible_and_fits(
    server: Running, course: str, browser: Browser, width: int, lang: str, tmp_path: Path
) -> None:
    paths = {
        "home": "/", "courses": "/courses?find=boi+duong", "new": "/courses/new", "course": course,
        "edit": f"{course}/edit", "session-new": f"{course}/sessions/new",
        "session-edit": f"{course}/sessions/L2026-001.2/edit", "cancelled": f"{course}/sessions/L2026-001.3/edit",
        "class-rules": f"{course}/class-rules", "programmes": "/programmes", "lecturers": "/lecturers",
    }  # fmt: skip
    async with signed_in(browser, server, width) as page:
        for name, path in paths.items():
            await page.goto(f"{server.address}{path}{'&' if '?' in path else '?'}lang={lang}")
            await look_at(page, width, tmp_path / f"{name}-{width}-{lang}.png")


@pytest.mark.parametrize("width", [360, 1440])
async def test_the_holidays_are_accessible_and_fit(
    server: Running, browser: Browser, width: int, tmp_path: Path
) -> None:
    assert holidays(server).status_code == 200
    async with signed_in(browser, server, width) as page:
        await page.get_by_role("button", name="Đăng xuất").click()
        await page.goto(f"{server.address}/sign-in/link?key={server.link('quan-tri')}")
        await page.get_by_role("button", name="Đăng nhập").click()
        await page.goto(f"{server.address}/admin/holidays")
        await expect(page.get_by_role("cell", name="Ngày Văn hóa Việt Nam")).to_be_visible()
        await look_at(page, width, tmp_path / f"holidays-{width}.png")


async def test_a_wrong_form_says_so_at_the_field_and_keeps_what_was_typed(
    server: Running, browser: Browser, tmp_path: Path
) -> None:
    async with signed_in(browser, server, quiet=False) as page:  # a 422 is told on the console
        await page.goto(f"{server.address}/courses/new")
        await page.get_by_label("Ngày đầu").fill("31/11/2026")
        await page.get_by_label("Kết thúc", exact=True).fill("7:00")
        await page.get_by_label("Mã lớp").fill("K1")
        await page.get_by_role("button", name="Tạo lớp").click()
        await expect(page.get_by_label("Tên lớp")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_label("Ngày đầu")).to_have_value("31/11/2026")
        await expect(page.locator("#first-error")).to_contain_text("24/11/2026")
        await expect(page.locator("#code-error")).to_contain_text("K1")
        await expect(page.locator("#end-error")).to_contain_text("sau giờ bắt đầu")
        await look_at(page, 1440, tmp_path / "errors.png")


async def test_a_series_is_shown_while_it_is_typed(server: Running, browser: Browser) -> None:
    holidays(server)
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/courses/new")
        await page.get_by_label("Ngày đầu").fill("23/11/2026")
        await page.get_by_label("Số buổi").fill("5")
        await expect(page.locator("#planned li")).to_have_count(5)
        await expect(page.locator("#planned")).to_contain_text("24/11/2026 (Ngày Văn hóa Việt Nam)")
        await page.get_by_label("Bỏ qua ngày nghỉ lễ").uncheck()
        await expect(page.locator("#planned")).not_to_contain_text("Ngày Văn hóa")
        await page.get_by_label("Bắt đầu", exact=True).fill("12:00")
        await expect(page.locator("#planned")).to_contain_text("sau giờ bắt đầu")
