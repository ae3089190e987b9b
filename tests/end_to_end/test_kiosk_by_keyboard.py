"""A whole check-in at the learners' screen by keys alone: by face, in doubt, by card, by PIN, in a spot check."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.bridge_agent.console.scripted_desk import MINUTE, ScriptedDesk
from tests.bridge_agent.console.serving_console import Console
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_console_pages import browser, desk, opened, running

__all__ = ["browser", "desk", "running"]

NOTES = """
window.notes = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  window.notes.push(this.frequency.value);
  return start.call(this, at);
};
"""


async def kiosk(page: Page, running: Console) -> None:
    """The screen with somebody on duty, whose notes are kept; one key lets sound out."""
    await page.add_init_script(NOTES)
    running.desk.on_duty()
    await page.goto(f"{running.address}/kiosk")
    await expect(page.locator("#duty-line")).to_have_text("Người trực: Hoàng Văn Kỹ")
    await expect(page.locator("#sound")).to_be_visible()
    await page.keyboard.press("Shift")
    await expect(page.locator("#sound")).to_be_hidden()


async def test_a_face_is_guided_admitted_and_the_screen_is_free_again(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        for prompt, words in (("left", "Quay đầu sang trái"), ("right", "Quay đầu sang phải"), ("hold", "Giữ nguyên")):
            desk.guide("challenge", "", "", prompt=prompt, step=1, steps=3, until=desk.now + 3000)
            await expect(page.locator("#sentence")).to_have_text(words)
            await expect(page.locator("#turn")).to_have_attribute("data-prompt", prompt)
            await expect(page.locator("#turn svg")).to_be_visible()
        await expect(page.locator("#step")).to_have_text("Bước 1/3")
        await expect(page.locator("#seconds")).to_have_text(re.compile(r"còn [0-3] giây"))
        desk.face("l0")
        await expect(page.locator("#outcome-name")).to_have_text("Nguyễn Thị Phương Thảo")
        await expect(page.locator("#outcome-of")).to_have_text("Sở Nội vụ, 1970")
        await expect(page.locator(".sign.tick")).to_be_visible()
        good = await page.evaluate("notes")
        assert len(good) == 2 and good[0] < good[1]
        await expect(page.locator("#screen-face")).to_be_visible()
        desk.outcome("refused", None, None, "Không theo kịp. Mời thử lại.", "Too slow. Please try again.")
        await expect(page.locator("#outcome-sentence")).to_have_text("Không theo kịp. Mời thử lại.")
        await expect(page.locator(".sign.cross")).to_be_visible()
        bad = (await page.evaluate("notes"))[2:]
        assert bad and max(bad) < min(good)
        await expect(page.locator("#screen-face")).to_be_visible()


async def test_a_face_in_doubt_gives_its_pin_and_only_then_its_name_is_shown(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        desk.doubt("l1")
        await expect(page.locator("#pad-title")).to_have_text("Mời nhập mã PIN")
        await expect(page.locator("#pad-note")).to_have_text("Chưa nhận ra chắc chắn.")
        assert "Trần Văn Bình" not in await page.content() and "CC-0142" not in await page.content()
        await expect(page.locator("#pad-input")).to_be_focused()
        await page.keyboard.type("0141\n")  # another learner's
        await expect(page.locator("#pad-wrong")).to_have_text("Mã học viên hoặc mã PIN không đúng.")
        await expect(page.locator("#pad-input")).to_have_value("")
        assert "Trần Văn Bình" not in await page.content()
        await page.keyboard.type("0142\n")
        await expect(page.locator("#outcome-name")).to_have_text("Trần Văn Bình")
        await expect(page.locator("#outcome-of")).to_have_text("UBND thành phố Thuận An, 1971")
        assert desk.calls[-1] == ("check_in_by_pin", "l1")


async def test_a_face_that_resembles_somebody_else_goes_on_by_its_own_code(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        desk.doubt("l1")
        await expect(page.locator("#pad-code")).to_be_visible()
        await tab_to(page, "Nhập mã học viên")
        await page.keyboard.press("Enter")
        await expect(page.locator("#pad-title")).to_contain_text("mã học viên")
        await page.keyboard.type("145\n")
        await expect(page.locator("#pad-note")).to_have_text("Mã học viên: 145")
        await page.keyboard.type("0145\n")
        await expect(page.locator("#outcome-of")).to_have_text("Sở Nội vụ, 1974")
        assert desk.calls[-1] == ("check_in_by_pin", "l4")


async def test_an_unknown_face_is_asked_for_a_code(running: Console, desk: ScriptedDesk, browser: Browser) -> None:
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        desk.doubt(None)
        await expect(page.locator("#pad-title")).to_contain_text("nhập mã học viên")
        await page.keyboard.press("Escape")
        await expect(page.locator("#screen-face")).to_be_visible()


async def test_a_scanned_card_works_from_the_start_and_waits_for_the_witness(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        await page.keyboard.type("9900112233\n")  # as a reader types it
        await expect(page.locator("#kiosk-card .name")).to_have_text("Đã đọc thẻ")
        await expect(page.locator("#kiosk-card")).to_contain_text("Hoàng Văn Kỹ")
        assert "Lê Hoàng Anh" not in await page.content()  # whoever types a number learns no name
        assert desk.view().outcome is None
        await tab_to(page, "Bỏ qua thẻ này")
        await page.keyboard.press("Enter")
        await expect(page.locator("#screen-face")).to_be_visible()
        assert not desk.view().card_read and desk.view().outcome is None
        await page.keyboard.type("9900112233\n")
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        await tab_to(page, "Tiếp")
        await page.keyboard.press("Enter")  # whoever stands there could do that
        await expect(page.locator("#kiosk-card .wrong").first).to_contain_text("mã PIN")
        await expect(page.locator("#kiosk-card-pin")).to_be_focused()
        await page.keyboard.type("2468\n")
        await expect(page.locator("#kiosk-card .name")).to_have_text("Lê Hoàng Anh")
        await page.keyboard.press("Enter")  # the end of a second Enter confirms nothing
        await tab_to(page, "Đúng người")
        await page.keyboard.press("Enter")
        await expect(page.locator("#outcome-name")).to_have_text("Lê Hoàng Anh")
        await page.keyboard.type("9900112233\n")  # the next does not wait for 4 s
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        assert desk.calls[-1] == ("show_card", "l2")


async def test_a_second_card_does_not_confirm_the_first(running: Console, desk: ScriptedDesk, browser: Browser) -> None:
    desk.cards["5550001"] = "l0"
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        await page.keyboard.type("9900112233\n")
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        await desk.prove_card("2468")
        await expect(page.locator("#kiosk-card .name")).to_have_text("Lê Hoàng Anh")

        async def slowly(route: Route) -> None:
            await asyncio.sleep(0.6)
            await route.continue_()

        await page.route("**/card/away", slowly)
        await page.keyboard.press("5")
        desk.alarm("clock", "Một câu", "A sentence")  # a message from before the first card was put away, or not
        await page.keyboard.type("550001\n", delay=120)
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        await page.keyboard.type("5550001\n")  # the same once more
        # The desk is a script without events; pytest's timeout bounds the wait.
        while [call[0] for call in desk.calls].count("show_card") < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        await desk.prove_card("2468")
        await expect(page.locator("#kiosk-card .name")).to_have_text("Nguyễn Thị Phương Thảo")
        assert "confirm_card" not in [call[0] for call in desk.calls]


async def test_without_anybody_on_duty_a_card_is_refused_in_a_sentence(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    async with opened(browser, f"{running.address}/kiosk") as page:
        await expect(page.locator("#duty-line")).to_contain_text("Chưa có ai trực")
        await page.keyboard.type("9900112233\n")
        await expect(page.locator("#pad-wrong")).to_have_text("Chưa có ai trực. Hãy nhận trực trước.")
        await expect(page.locator("#pad-input")).to_have_value("9900112233")  # what is no PIN stays


async def test_the_pad_is_used_by_touch_alone(running: Console, desk: ScriptedDesk, browser: Browser) -> None:
    async with opened(browser, running.address, width=360) as page:
        await kiosk(page, running)
        await page.locator("#use-pin").click()
        keys = page.get_by_role("group", name="Bàn phím số")
        for key in ("1", "4", "9", "Xóa", "1", "Tiếp"):
            await keys.get_by_role("button", name=key, exact=True).click()
        await expect(page.locator("#pad-title")).to_have_text("Mời nhập mã PIN")
        assert await page.locator("#pad-input").get_attribute("type") == "password"
        for key in ("0", "1", "4", "1", "Tiếp"):
            await keys.get_by_role("button", name=key, exact=True).click()
        await expect(page.locator("#outcome-name")).to_have_text("Nguyễn Thị Phương Thảo")
        assert "0141" not in page.url


async def test_a_spot_check_names_who_is_asked_and_is_answered_by_pin(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.set_row("l3", spot_check_until=desk.now + 5 * MINUTE)
    async with opened(browser, running.address) as page:
        await kiosk(page, running)
        await expect(page.locator("#kiosk-asked")).to_contain_text("Phạm Minh Đức")
        await tab_to(page, "Phạm Minh Đức")
        await page.keyboard.press("Enter")
        await expect(page.locator("#pad-note")).to_contain_text("Phạm Minh Đức")
        await page.keyboard.type("9999\n")
        await expect(page.locator("#pad-wrong")).to_be_visible()
        await page.keyboard.type("0144\n")
        await expect(page.locator("#outcome-sentence")).to_have_text("Cảm ơn đồng chí, đã ghi nhận.")
        await expect(page.locator("#kiosk-asked")).to_be_empty()
        assert desk.calls[-1] == ("answer_spot_check", "l3")


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_screen_says_when_there_is_no_session(
    running: Console, desk: ScriptedDesk, browser: Browser, lang: str
) -> None:
    desk.set(session=None)
    async with opened(browser, f"{running.address}/kiosk?lang={lang}") as page:
        await expect(page.locator("#sentence")).to_contain_text("Chưa có buổi học" if lang == "vi" else "No session")
    assert desk.calls == []


async def test_a_page_that_is_opened_begins_with_its_first_screen_whatever_the_camera_said_before(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    """Who comes back from the own pages stood before the camera until just now, and is leaving."""
    desk.on_duty()
    desk.doubt("l0")
    async with opened(browser, f"{running.address}/kiosk") as page:
        await expect(page.locator("#duty-line")).to_have_text("Người trực: Hoàng Văn Kỹ")  # the first message is here
        await expect(page.locator("body")).to_have_attribute("data-screen", "face")
        desk.doubt("l0")
        await expect(page.locator("#pad-title")).to_have_text("Mời nhập mã PIN")
        await page.keyboard.type("01")
        await page.evaluate(
            "dispatchEvent(new Event('pagehide'))"
        )  # the page is left, and may be shown again as it was
        await expect(page.locator("body")).to_have_attribute("data-screen", "face")
        await expect(page.locator("#pad-input")).to_have_value("")


async def test_what_the_camera_opened_closes_when_its_person_left_unless_somebody_types(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    async with opened(browser, f"{running.address}/kiosk") as page:
        await page.clock.install()
        await expect(page.locator("#duty-line")).to_have_text("Người trực: Hoàng Văn Kỹ")
        desk.guide("done", "Chưa nhận ra.", "Not sure.")
        desk.doubt("l0")
        body = page.locator("body")
        await expect(body).to_have_attribute("data-screen", "pad")
        desk.guide("empty", "", "", box=None)
        await expect(page.locator("#sentence")).to_have_text("Mời đồng chí nhìn thẳng")
        await page.clock.run_for(11_000)
        await expect(body).to_have_attribute("data-screen", "face")
        desk.doubt("l0")
        await expect(body).to_have_attribute("data-screen", "pad")
        await page.keyboard.type("0")
        await page.clock.run_for(11_000)
        await expect(body).to_have_attribute("data-screen", "pad")
