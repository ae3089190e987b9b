"""Enrolling a face at the agent's page by keys alone: consent before a witness first, then portraits; or neither."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Browser, Route, expect

from bridge_agent.check_in.desk import DutyPerson
from tests.bridge_agent.console.scripted_desk import CONSENT, KEEPING, ScriptedDesk
from tests.bridge_agent.console.serving_console import Console
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_console_pages import browser, desk, fits, opened, running

__all__ = ["browser", "desk", "running"]


async def test_consent_then_three_portraits_then_the_lookalike_is_named(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    async with opened(browser, running.address) as page:
        await tab_to(page, "Ghi danh khuôn mặt: Phạm Minh Đức")
        await page.keyboard.press("Enter")
        await expect(page.locator("#step")).to_contain_text("Bản 2026-11")
        await expect(page.locator("#step")).to_contain_text("Người chứng kiến: Hoàng Văn Kỹ")
        await expect(page.locator("#step")).to_contain_text("Ảnh chụp được xoá")
        await expect(page.locator("#capture")).to_be_hidden()
        await tab_to(page, "Read in English")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The pictures are deleted as soon as the template is made.")).to_be_visible()
        await tab_to(page, "Tôi đồng ý")
        await page.keyboard.press("Enter")
        await expect(page.locator("#step .wrong")).to_contain_text("Tôi đã đọc")
        assert desk.enrolled == [] and desk.view().purpose is None
        await page.locator("#read").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Tab")
        await page.keyboard.type("1234")
        await page.keyboard.press("Enter")
        await expect(page.locator("#step .wrong")).to_contain_text("mã PIN không đúng")
        await expect(page.locator("#witness-pin")).to_have_value("")
        await expect(page.locator("#read")).to_be_checked()
        assert desk.enrolled == [] and desk.view().purpose is None
        await page.locator("#witness-pin").focus()
        await page.keyboard.type("2468")
        await page.keyboard.press("Enter")
        await expect(page.locator("#capture")).to_be_visible()
        assert desk.enrolled == [("l3", "2026-11", "kt-1")]
        desk.guide("advice", "Lại gần hơn: khuôn mặt mới rộng 41 px", "Come closer: the face is 41 px wide")
        await expect(page.locator("#sentence")).to_have_text("Lại gần hơn: khuôn mặt mới rộng 41 px")
        await expect(page.locator("#mirror .missing")).to_be_hidden()
        for taken in (1, 2):
            desk.portrait(taken)
            await expect(page.locator("#count")).to_have_text(f"{taken}/3")
            await expect(page.locator("#dots .is-taken")).to_have_count(taken)
        desk.portrait(3)
        await expect(page.locator("#step")).to_contain_text("giống Trần Văn Bình (Sở Nội vụ, 1974)")
        await expect(page.locator("#step .note")).to_contain_text("được hỏi thêm mã PIN hoặc thẻ")
        await expect(page.locator("#capture")).to_be_hidden()
        desk.set(outcome=None)  # the desk forgets; the page still says what it came to
        await expect(page.locator("#step")).to_contain_text("Đã xong")
        await tab_to(page, "Về danh sách")
        await page.keyboard.press("Enter")
        await expect(page.locator("#row-l3 .known")).to_have_text("khuôn mặt, mã PIN")


async def test_where_portraits_are_kept_exactly_that_text_is_shown_and_one_may_choose_the_other(
    running: Console, desk: ScriptedDesk, browser: Browser, tmp_path: Path
) -> None:
    desk.on_duty()
    desk.set(keeping={"l3": KEEPING})
    async with opened(browser, f"{running.address}/enrol/l3", width=360) as page:
        await expect(page.locator("#step > .consent p")).to_have_text(list(KEEPING.vi))
        await page.locator("#read").check()
        desk.set(keeping={})  # the course keeps none any more: whoever had read the other text has not read this one
        await expect(page.locator("#step > .consent p")).to_have_text(list(CONSENT.vi))
        await expect(page.locator("#read")).not_to_be_checked()
        desk.set(keeping={"l3": KEEPING})
        await tab_to(page, "đọc bản không cho giữ ảnh")
        await page.keyboard.press("Enter")
        await expect(page.locator("#step > .consent p")).to_have_text(list(CONSENT.vi))
        await expect(page.locator("#step")).to_contain_text("Theo bản này không ảnh nào được giữ.")
        await fits(page, tmp_path, "nothing kept")
        await page.locator("#kept").click()
        await expect(page.locator("#step")).to_contain_text("Bản 2026-11.k90")
        await fits(page, tmp_path, "kept")
        await page.locator("#read").check()
        await page.locator("#witness-pin").fill("2468")
        await page.locator("#agree").click()
        await expect(page.locator("#step")).to_contain_text("được mã hóa, gửi về máy chủ rồi xóa khỏi máy này")
        assert desk.enrolled == [("l3", KEEPING.version, "kt-1")]


async def test_who_does_not_agree_goes_on_by_card_or_pin_and_nothing_is_made(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    async with opened(browser, f"{running.address}/enrol/l3") as page:
        await tab_to(page, "Không đồng ý: dùng thẻ hoặc mã PIN")
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_contain_text("Không có dữ liệu khuôn mặt nào được tạo")
        await expect(page.locator("main")).to_contain_text("Đồng chí đã có mã PIN.")
    assert desk.enrolled == [] and desk.calls == []


async def test_nothing_goes_on_without_a_witness_who_may(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, f"{running.address}/enrol/l3") as page:
        await expect(page.locator("#step h2")).to_have_text("Cần có người trực làm chứng")
        await expect(page.locator("#agree")).to_have_count(0)
        desk.set(on_duty=DutyPerson("l0", "Nguyễn Thị Phương Thảo", True, True))
        await expect(page.locator("#step h2")).to_have_text("Cần cán bộ kỹ thuật làm chứng")
        desk.set(consent=None)
        await expect(page.locator("#step h2")).to_have_text("Chưa ghi danh khuôn mặt được")


async def test_an_enrolment_is_stopped_and_the_tick_is_kept_while_the_page_is_live(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    desk.pins["kt-2"] = "1357"
    async with opened(browser, f"{running.address}/enrol/l3") as page:
        await page.locator("#read").check()
        desk.set(on_duty=DutyPerson("kt-2", "Ngô Thị Mai", False, True))
        await expect(page.locator("#step")).to_contain_text("Ngô Thị Mai")
        await expect(page.locator("#read")).to_be_checked()
        await page.locator("#witness-pin").fill("1357")
        await page.locator("#agree").click()
        await expect(page.locator("#stop")).to_be_visible()
        await tab_to(page, "Dừng, không giữ lại gì")
        await page.keyboard.press("Enter")
        await expect(page.locator("#agree")).to_be_visible()
        assert desk.view().enrolling is None and desk.calls == [("stop_enrolling",)]


async def test_a_second_enrolment_waits_for_the_first(running: Console, desk: ScriptedDesk, browser: Browser) -> None:
    desk.on_duty()
    await desk.enrol("l2", "2026-11", "2468")
    async with opened(browser, f"{running.address}/enrol/l3") as page:
        await expect(page.locator("#step h2")).to_have_text("Đang ghi danh cho người khác")
        await expect(page.locator("#capture")).to_be_hidden()


async def test_a_first_message_that_comes_late_takes_no_sentence_away(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        await late.wait()
        await route.continue_()

    context = await browser.new_context(locale="vi-VN")
    page = await context.new_page()
    await page.route("**/events*", hold)
    await page.goto(f"{running.address}/enrol/l3")
    await page.locator("#agree").click()
    await expect(page.locator("#step .wrong")).to_contain_text("Tôi đã đọc")
    await expect(page.locator("#as-of")).to_be_hidden()
    late.set()
    await expect(page.locator("#as-of")).to_be_visible()
    await expect(page.locator("#step .wrong")).to_contain_text("Tôi đã đọc")
    await context.close()
