"""A class manager who has never seen it: from the login to a published course with 40 learners from an Excel file.

What is counted: each press of the mouse, on a field as on a button (typing and the file chooser are none), and each
page that is shown after the login.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, Response, expect
from sqlmodel import Session

from central_server.accounts.permission import Grant
from central_server.bridge_points.tables import BridgePoint
from central_server.courses.changes import Changes, changing, new_id
from central_server.courses.planning import put_programme
from central_server.courses.queries import today
from central_server.courses.series import at
from tests.central_server.courses.making import course_id
from tests.central_server.enrolment.files import people, xlsx
from tests.central_server.running import Running, running
from tests.end_to_end.test_session_page import browser

__all__ = ["browser"]
PASSWORD = "một câu dài dễ nhớ"  # noqa: S105 - of the test alone
PLACES = {"TDM": "Thủ Dầu Một", "BC": "Bến Cát"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """The administrator has made bridge points and an account; there is a programme, and no course."""

    def furnish(changes: Changes) -> None:
        for code, name in PLACES.items():
            changes.put(BridgePoint(id=new_id("p"), code=code, name=""), name=name)
        put_programme(changes, "CV", "Bồi dưỡng ngạch chuyên viên", 40)

    with running(tmp_path / "data") as one:
        one.do(changing(furnish, one.clock()))
        one.account("chi.lan", Grant("class_manager"))
        link = {"key": one.link("chi.lan", new_password=True), "password": PASSWORD, "again": PASSWORD}
        assert one.client(follow_redirects=False).post("/sign-in/link", data=link).status_code == 303
        yield one


@dataclass
class Walk:
    """What the class manager does, counted."""

    page: Page
    clicks: int = 0
    pages: list[str] = field(default_factory=list)

    async def click(self, target: Locator) -> None:
        self.clicks += 1
        await target.click()

    async def write(self, label: str, text: str) -> None:
        await self.click(self.page.get_by_label(label).first)
        await self.page.keyboard.press("Control+a")
        await self.page.keyboard.type(text)

    def shown(self, answer: Response) -> None:
        """A page was shown: a document that came, and no redirect."""
        if answer.request.is_navigation_request() and answer.status < 300:
            self.pages.append(answer.url)


async def test_a_first_course_is_published_in_12_clicks_and_3_pages(
    server: Running, browser: Browser, tmp_path: Path
) -> None:
    roster = tmp_path / "Danh sách lớp.xlsx"
    roster.write_bytes(xlsx(people(40), titles=("SỞ NỘI VỤ", "DANH SÁCH HỌC VIÊN")))
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, locale="vi-VN")
    page = await context.new_page()
    await page.goto(f"{server.address}/")
    walk = Walk(page)
    page.on("response", walk.shown)

    await walk.write("Tên đăng nhập", "chi.lan")
    await walk.write("Mật khẩu", PASSWORD)
    await walk.click(page.get_by_role("button", name="Đăng nhập"))

    await expect(page.locator("h1")).to_have_text("Mở lớp mới")  # nobody who has no course needs to look for it
    await walk.write("Tên lớp", "Bồi dưỡng ngạch chuyên viên, khóa 4 năm 2026")
    await walk.write("Ngày đầu", "07/12/2026")
    await walk.write("Số buổi", "10")
    await expect(page.locator("#planned li")).to_have_count(10)
    async with page.expect_file_chooser() as chooser:
        await walk.click(page.get_by_label("Danh sách học viên"))
    await (await chooser.value).set_files(roster)
    await walk.click(page.get_by_role("button", name="Tạo lớp"))

    await expect(page.locator("#counts")).to_contain_text("40")
    await walk.click(page.get_by_role("button", name="Ghi danh 40 học viên"))

    await expect(page.get_by_role("status").first).to_have_text("Đã ghi danh 40 học viên.")
    await walk.click(page.get_by_role("button", name="Công bố"))
    await expect(page.locator(".publish .state")).to_have_text("đã công bố")
    await page.screenshot(path=tmp_path / "published.png", full_page=True)

    assert walk.clicks <= 12, walk.clicks
    assert len({address.partition("?")[0] for address in walk.pages}) <= 3, walk.pages
    await context.close()

    # And it is real: on the first morning each bridge point is told of its session and expects its learners.
    with Session(server.services.engine) as db:
        morning = at(date(2026, 12, 7), time(7))
        told = {
            code: today(db, point, morning).sessions
            for code, point in db.connection().exec_driver_sql("SELECT code, id FROM bridge_point").all()
        }
    assert course_id(server, "L2026-001")
    assert {code: [(one.session, len(one.learners)) for one in plan] for code, plan in told.items()} == {
        "TDM": [("L2026-001.1", 27)], "BC": [("L2026-001.1", 13)]
    }  # fmt: skip
