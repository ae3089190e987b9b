"""The page of the day in a real browser: its states are accessible and fit, what is pressed is answered, nothing old is
shown as live.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bridge_agent.check_in.desk import DeskError, RoomView
from bridge_agent.health.day import Kept, Planned
from tests.bridge_agent.console.scripted_desk import MINUTE, START, ScriptedDesk, picture
from tests.bridge_agent.console.serving_console import Console
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_console_pages import NIGHTLY, browser, desk, fits, opened, running

__all__ = ["browser", "desk", "running"]
GONE = "Không nhận được hình. Hãy kiểm tra dây cắm và nguồn của camera."
AWAY = "Không kết nối được máy chủ https://diemdanh.example.vn. Hãy kiểm tra dây mạng."


def all_well(desk: ScriptedDesk) -> None:
    """In class, everybody is there."""
    desk.on_duty()
    desk.room_picture = RoomView(desk.now, picture())
    for learner in ("l0", "l1", "l4"):
        desk.set_row(learner, presence="present", since=desk.now - 4 * MINUTE, checked_in_at=desk.now, method="face")


def much_is_wrong(desk: ScriptedDesk) -> None:
    """In class, the camera and the server are away, a clock is wrong, records wait, and somebody is suspected."""
    all_well(desk)
    desk.set_row("l1", presence="away", since=desk.now - 14 * MINUTE)
    desk.alarm("trouble camera_gone", GONE, "No pictures arrive. Check the camera's cable and power.", 3)
    desk.alarm("server", AWAY, "The server https://diemdanh.example.vn cannot be reached. Check the cable.", 12)
    desk.alarm("clock", "Đồng hồ máy này chậm 5 giây.", "This PC's clock is 5 s behind.")
    desk.alarm("suspicion", "Có thể ai đó đã giơ ảnh (Trần Văn Bình).", "Perhaps a picture was held up.")
    desk.situation(waiting=143, oldest_ms=13 * MINUTE)
    desk.set_session(watching=False)
    desk.room_picture = RoomView(desk.now - 3 * MINUTE, picture())


def soon(desk: ScriptedDesk) -> None:
    """42 minutes before the class, some things are left to do."""
    desk.now = START - 42 * MINUTE - 5_000
    desk.set_session(watching=False)
    desk.set(sweep_ms=0)
    desk.situation(in_session=False, watching=False, stream=None)
    desk.facts(watching=False, pictured=None)


def just_over(desk: ScriptedDesk) -> None:
    """The class has ended, some records wait, the next one is in the afternoon."""
    soon(desk)
    session = desk.view().session
    assert session
    desk.now = session.end + 10 * MINUTE
    first = Planned(session.session, session.course, session.title, session.start, session.end, 8)
    start, end = START + 360 * MINUTE, START + 540 * MINUTE
    desk.set_session(session="K1.2", title="Buổi 2: Tổ chức bộ máy", start=start, end=end)
    second = Planned("K1.2", session.course, "Buổi 2: Tổ chức bộ máy", start, end, 8)
    desk.set_day(sessions=(first.over(Kept(412, 412, 7, 218 * MINUTE), 20), second))


def nothing_planned(desk: ScriptedDesk) -> None:
    """No session is known."""
    soon(desk)
    desk.set(session=None)


STATES = [all_well, much_is_wrong, soon, just_over, nothing_planned]
LOOKS = [(360, "light", "vi"), *NIGHTLY]


@pytest.mark.parametrize(("width", "scheme", "lang"), LOOKS)
@pytest.mark.parametrize(
    "state", [pytest.param(one, marks=() if one in (much_is_wrong, soon) else pytest.mark.nightly) for one in STATES]
)
async def test_the_page_is_accessible_and_fits_in_each_state(
    running: Console, desk: ScriptedDesk, browser: Browser, state: Callable[[ScriptedDesk], None],
    width: int, scheme: str, lang: str, tmp_path: Path,
) -> None:  # fmt: skip
    state(desk)
    async with opened(browser, f"{running.address}/?lang={lang}", width, scheme) as page:
        await expect(page.locator("#clock")).not_to_be_empty()
        if await page.locator("#checks-summary").count():
            await page.locator("#checks-summary").click()
        await fits(page, tmp_path, state.__name__)


async def test_what_is_pressed_is_done_and_answered_by_keyboard(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    desk.refuses["try_server"] = DeskError("Chưa kết nối được; bản ghi vẫn an toàn.", "Not reached; records are safe.")
    desk.alarm("trouble camera_gone", GONE, "No pictures.", 3)
    desk.alarm("server", AWAY, "The server is away.", 12)
    desk.situation(waiting=143, oldest_ms=5_000)
    async with opened(browser, running.address) as page:
        await expect(page.locator(".verdict strong")).to_have_text("Lỗi")
        await expect(page.locator(".fault").first).to_contain_text(f"Camera từ 08:02 (3 phút) {GONE}")
        await expect(page.locator(".fault").last).to_contain_text("Có 143 bản ghi chờ gửi.")
        await tab_to(page, "Khởi động lại camera")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("Đã làm xong: restart_camera.")
        await tab_to(page, "Thử kết nối ngay")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("Chưa kết nối được; bản ghi vẫn an toàn.")
        await expect(page.locator("#said")).to_have_attribute("data-kind", "bad")
        desk.over("trouble camera_gone")
        await expect(page.locator(".fault")).to_have_count(1)
        await expect(page.locator("#said")).to_be_visible()  # the answer stays when its fault is gone
        desk.over("server")
        await expect(page.locator(".verdict strong")).to_have_text("Tốt")
        assert desk.calls == [("do", "restart_camera"), ("do", "try_server")]


async def test_a_picture_that_is_old_or_frozen_is_never_shown_as_live(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.room_picture = RoomView(desk.now, picture())
    async with opened(browser, running.address) as page:
        caption, room = page.locator("#room-caption"), page.locator("#room")
        live, stale = "Hình trực tiếp, lúc 08:05:00", "Hình lúc 08:05:00, không phải hình trực tiếp"
        await expect(caption).to_have_text(live)
        await expect(room).not_to_have_class(re.compile("stale|no-picture"))
        desk.alarm("trouble frozen", "Hình đứng yên.", "The picture is frozen.")
        await expect(caption).to_have_text(stale)
        desk.over("trouble frozen")
        await expect(caption).to_have_text(live)
        desk.now += 9_000
        desk.set(slowed=True)  # a message brings the time
        await expect(caption).to_have_text(stale)
        await expect(room).to_have_class(re.compile("stale"))
        desk.room_picture = None
        await expect(caption).to_contain_text("Chưa có hình")
        await expect(room).to_have_class("no-picture")


async def test_the_countdown_runs_by_the_agents_clock_and_the_checklist_leads_on(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    soon(desk)
    async with opened(browser, running.address) as page:
        await expect(page.locator(".left")).to_have_text(
            re.compile(r"^00:42:0[0-5]$")
        )  # the browser's clock is days off
        await expect(page.locator(".verdict strong")).to_have_text("Cần chú ý")
        await expect(page.locator("#checks-title")).to_contain_text("còn 4 việc")
        await tab_to(page, "Thử camera")
        await page.keyboard.press("Enter")
        await expect(page.locator("#said")).to_have_text("Đã làm xong: try_camera.")
        await expect(page.locator("#do-check-sound")).to_have_attribute("href", "/setup/sound")
        await page.locator("#do-check-duty").click()
        await expect(page.locator("#duty-title")).to_be_in_viewport()
        desk.now = START + 1_000
        desk.set_session(watching=True)
        await expect(page.locator("#session")).to_contain_text("Đang học, còn 03:29:5")
        await expect(page.locator("#checks-title")).to_have_count(0)


async def test_the_roster_begins_with_trouble_and_rows_stay_where_they_are(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    all_well(desk)
    desk.set_row("l7", presence="away", since=desk.now - 14 * MINUTE)
    rows = "rows => rows.map(row => row.id)"
    async with opened(browser, running.address) as page:
        learners = page.locator("tr.learner")
        before = await learners.evaluate_all(rows)
        assert before[0] == "row-l7"
        await expect(page.locator("#row-l7 .now")).to_have_text("vắng mặt từ 07:51 (14 phút)")
        desk.set_row("l0", presence="away", since=desk.now)
        await expect(page.locator("#row-l0 .now")).to_have_text("vắng mặt từ 08:05 (dưới 1 phút)")
        assert await learners.evaluate_all(rows) == before
        await page.locator("#trouble-first").click()
        assert set((await learners.evaluate_all(rows))[:2]) == {"row-l0", "row-l7"}
