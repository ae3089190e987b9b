"""The agent's pages in a real browser: accessible and fitting in both languages, live, honest when they are not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bridge_agent.check_in.desk import RoomView
from tests.bridge_agent.console.scripted_desk import MINUTE, ScriptedDesk, picture
from tests.bridge_agent.console.serving_console import Console, console
from tests.end_to_end.test_by_keyboard import tab_to
from tests.end_to_end.test_session_page import browser, check_accessibility

__all__ = ["browser"]
REFUSED = "Failed to load resource: the server responded with a status of 4"
"""What Chromium itself notes of each 4xx."""
READ_BACK = "Canvas2D: Multiple readback"
"""And of a test that looks whether a picture is drawn."""


@pytest.fixture
async def running() -> AsyncIterator[Console]:
    async with console() as one:
        yield one


@pytest.fixture
def desk(running: Console) -> ScriptedDesk:
    return running.desk


@asynccontextmanager
async def opened(
    browser: Browser, address: str, width: int = 1440, scheme: str = "light", quiet: bool = True
) -> AsyncIterator[Page]:
    """A page; ends with a failure when the browser complained of anything (quiet) but refusals."""
    context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]  # a scheme
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and not message.text.startswith((REFUSED, READ_BACK))
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    yield page
    await context.close()
    assert complaints == [] or not quiet


def busy_room(desk: ScriptedDesk) -> None:
    """Every presence, an alarm, a spot check, a slow PC."""
    desk.on_duty()
    for learner, presence in (("l0", "present"), ("l1", "away"), ("l2", "vouched"), ("l4", "unobserved")):
        desk.set_row(learner, presence=presence, since=desk.now - MINUTE, checked_in_at=desk.now, method="face")
    desk.set_row("l3", spot_check_until=desk.now + 5 * MINUTE)
    desk.set_session(people=28, known=27, unknown=1)
    desk.alarm("trouble dark", "Hình quá tối. Hãy bật đèn.", "The picture is dark. Turn the lights on.")
    desk.set(slowed=True)
    desk.face("l6", "bright_frame")


async def fits(page: Page, shots: Path, name: str) -> None:
    """The page is accessible, no wider than the screen, in its own type."""
    width = await page.evaluate("innerWidth")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert await page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Be Vietnam Pro\"'))")
    await check_accessibility(page)
    assert len(await page.screenshot(path=shots / f"{name}.png", full_page=True)) > 10_000


NIGHTLY = [pytest.param(1440, "light", "en", marks=pytest.mark.nightly),
           pytest.param(1920, "dark", "vi", marks=pytest.mark.nightly)]  # fmt: skip
SIZES = [(360, "light", "vi"), *NIGHTLY]


@pytest.mark.parametrize(("width", "scheme", "lang"), SIZES)
async def test_the_technicians_page_is_accessible_and_fits(
    running: Console, desk: ScriptedDesk, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    async with opened(browser, f"{running.address}/?lang={lang}", width, scheme) as page:
        await fits(page, tmp_path, "nobody on duty")
        busy_room(desk)
        await expect(page.locator("#asked li")).to_have_count(1)
        await fits(page, tmp_path, "busy")
        desk.show_card("9900112233")
        await expect(page.locator("#card-prove")).to_be_visible()
        await fits(page, tmp_path, "card")
        await desk.prove_card("2468")
        await expect(page.locator("#card-yes")).to_be_visible()
        await fits(page, tmp_path, "whose card")
        desk.set(session=None)
        await expect(page.locator("h1")).to_contain_text("Thuận An")
        await fits(page, tmp_path, "no session")
        await page.goto(f"{running.address}/nowhere")
        await fits(page, tmp_path, "no such page")


@pytest.mark.parametrize(
    ("width", "scheme", "lang"), [(1920, "dark", "vi"), pytest.param(*SIZES[0], marks=pytest.mark.nightly)]
)
async def test_the_learners_screen_is_accessible_fits_and_is_huge(
    running: Console, desk: ScriptedDesk, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    desk.on_duty()
    async with opened(browser, f"{running.address}/kiosk?lang={lang}", width, scheme) as page:
        await expect(page.locator("#mirror")).not_to_have_class(re.compile("no-picture"))
        await fits(page, tmp_path, "start")
        face, card = [await page.locator(way).bounding_box() for way in (".by-face", ".by-pin")]
        assert face and card
        assert card["width"] == pytest.approx(face["width"], abs=1)
        assert card["height"] > 0.9 * face["height"]
        desk.guide("challenge", "Quay trái", "Turn left", prompt="left", step=2, steps=3, until=desk.now + 3000)
        await expect(page.locator("#turn")).to_be_visible()
        await expect(page.locator("#sentence")).to_have_text("Quay trái" if lang == "vi" else "Turn left")
        await fits(page, tmp_path, "challenge")
        for what in ("#sentence", "#seconds", "#step"):
            assert await page.locator(what).evaluate("one => parseFloat(getComputedStyle(one).fontSize)") >= 40
        desk.face("l0")
        await expect(page.locator("#outcome-name")).to_have_text("Nguyễn Thị Phương Thảo")
        assert await page.locator("#outcome-name").evaluate("one => getComputedStyle(one).fontSize") == "64px"
        await fits(page, tmp_path, "admitted")
        await page.keyboard.type("9900112233\n")
        await expect(page.locator("#kiosk-prove")).to_be_visible()
        await fits(page, tmp_path, "card")
        await desk.prove_card("2468")
        await expect(page.locator("#kiosk-yes")).to_be_visible()
        await fits(page, tmp_path, "whose card")
        await page.locator("#kiosk-no").click()
        await expect(page.locator("#use-pin")).to_be_visible()
        await page.locator("#use-pin").click()
        await page.keyboard.type("none\n")
        await expect(page.locator("#pad-wrong")).to_be_visible()
        await fits(page, tmp_path, "wrong")


@pytest.mark.parametrize(("width", "scheme", "lang"), SIZES)
async def test_the_enrolment_page_is_accessible_and_fits(
    running: Console, desk: ScriptedDesk, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    async with opened(browser, f"{running.address}/enrol/l3?lang={lang}", width, scheme) as page:
        await fits(page, tmp_path, "no duty")
        desk.on_duty()
        agree, refuse = page.locator("#agree"), page.locator("#disagree")
        await expect(agree).to_be_visible()
        await fits(page, tmp_path, "consent")
        one, other = await agree.bounding_box(), await refuse.bounding_box()
        assert one and other
        assert (one["width"], one["height"]) == pytest.approx((other["width"], other["height"]), abs=1)
        await desk.enrol("l3", "2026-11", "2468")
        desk.guide("advice", "Lại gần hơn.", "Come closer.")
        await expect(page.locator("#capture")).to_be_visible()
        await fits(page, tmp_path, "taking")
        desk.portrait(3)
        await expect(page.locator("#step")).to_contain_text("Trần Văn Bình")
        await fits(page, tmp_path, "done")
        await page.goto(f"{running.address}/enrol/l3/without-face")
        await fits(page, tmp_path, "without the face")


async def test_rows_change_in_place_while_one_watches_and_types(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    async with opened(browser, running.address) as page:
        before = await page.locator("tr.learner").evaluate_all("rows => rows.map(row => row.id)")
        await page.get_by_role("searchbox").fill("tran van")
        await expect(page.locator("#found")).to_have_text("2 học viên")
        desk.seen("l1", "present", desk.now - MINUTE)
        desk.set_session(people=28, known=27, unknown=1)
        await expect(page.locator("#row-l1 .now")).to_have_text("có mặt từ 08:04 (1 phút)")
        await expect(page.locator(".headcount b")).to_have_text("28 người, 27 đã biết, 1 không quen")
        await expect(page.locator(".verdict strong")).to_have_text("Cần chú ý")
        assert await page.locator("tr.learner").evaluate_all("rows => rows.map(row => row.id)") == before
        await expect(page.get_by_role("searchbox")).to_have_value("tran van")
        await expect(page.locator("tr.learner:visible")).to_have_count(2)
        await page.get_by_label("Hiện").select_option("present")
        await expect(page.locator("tr.learner:visible")).to_have_count(1)


async def test_duty_by_keyboard_a_wrong_pin_is_said_and_only_it_is_typed_again(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.set(may_be_on_duty=(*desk.view().may_be_on_duty, desk.view().may_be_on_duty[0]))
    async with opened(browser, running.address) as page:
        await tab_to(page, "Tên")
        await page.keyboard.type("Hoàng")
        await tab_to(page, "Mã PIN")
        await page.keyboard.type("1111\n")
        await expect(page.locator("#duty .wrong")).to_have_text("Mã học viên hoặc mã PIN không đúng.")
        await expect(page.locator("#duty-who")).to_have_value("kt-1")
        await expect(page.locator("#duty-pin")).to_have_value("")
        await expect(page.locator("#duty-pin")).to_be_focused()
        await page.keyboard.type("2468\n")
        await expect(page.locator(".who-duty")).to_have_text("Hoàng Văn Kỹ")
        assert "2468" not in page.url
        desk.face("l0")
        await expect(page.locator("#deputy")).to_be_visible()
        await tab_to(page, "Người trực thay trong buổi này")
        await page.keyboard.type("Nguyễn")
        await tab_to(page, "Cử trực thay")
        await page.keyboard.press("Enter")  # whoever stands at the PC could do that
        await expect(page.locator(".duty-forms .wrong").last).to_contain_text("mã PIN")
        await expect(page.locator("#deputy-pin")).to_be_focused()
        await page.keyboard.type("2468\n")
        await expect(page.locator("#duty")).to_contain_text("Đã cử trực thay: Nguyễn Thị Phương Thảo")
        await tab_to(page, "Kết thúc trực")
        await page.keyboard.press("Space")
        await expect(page.locator("#duty")).to_contain_text("Chưa có ai trực")
        assert desk.calls == [("take_duty", "kt-1"), ("name_deputy", "l0"), ("end_duty",)]


async def test_the_witness_vouches_for_a_learner_and_a_card_on_the_technicians_page(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    desk.set_row("l3", spot_check_until=desk.now + 5 * MINUTE)
    async with opened(browser, running.address) as page:
        await tab_to(page, "Tôi xác nhận người này: Phạm Minh Đức")
        await page.keyboard.press("Enter")  # whoever stands at the PC could do that
        await expect(page.locator("#asked .wrong").first).to_contain_text("mã PIN")
        await page.keyboard.type("2468\n")
        await expect(page.locator("#row-l3 .now")).to_contain_text("có mặt, được xác nhận từ 08:05")
        desk.show_card("9900112233")
        await expect(page.locator("#card-prove")).to_be_visible()
        await expect(page.locator("#card")).not_to_contain_text("Lê Hoàng Anh")
        await page.locator("#card-pin").focus()
        await page.keyboard.type("2468\n")
        await expect(page.locator("#card")).to_contain_text("Lê Hoàng Anh")
        await page.locator("#card-yes").click()
        await expect(page.locator("#row-l2 .method")).to_have_text("08:05, thẻ")
        assert [call[0] for call in desk.calls] == ["vouch", "show_card", "prove_card", "confirm_card"]


async def test_a_picture_that_goes_stale_is_taken_away(running: Console, desk: ScriptedDesk, browser: Browser) -> None:
    drawn = "() => document.getElementById('picture').getContext('2d').getImageData(0, 0, 640, 480).data.some(Boolean)"
    async with opened(browser, f"{running.address}/kiosk") as page:
        await page.wait_for_function(drawn)
        await expect(page.locator("#sentence")).to_have_text("Mời đồng chí nhìn thẳng")
        desk.picture = None
        await expect(page.locator("#mirror .missing")).to_be_visible()
        assert not await page.evaluate(f"({drawn})()")
        await expect(page.locator("#sentence")).to_have_text("Mời dùng thẻ hoặc mã PIN")
        desk.picture = picture(60)
        await page.wait_for_function(drawn)
        await expect(page.locator("#mirror .missing")).to_be_hidden()
        assert await page.locator("#picture").evaluate("one => getComputedStyle(one).transform") == (
            "matrix(-1, 0, 0, 1, 0, 0)"
        )


@pytest.mark.parametrize("path", ["/", "/kiosk", "/enrol/l3"])
async def test_a_page_says_that_the_agent_is_gone_and_comes_back_with_it(browser: Browser, path: str) -> None:
    async with console() as first:
        port = int(first.address.rpartition(":")[2])
        first.desk.room_picture = RoomView(first.desk.now, picture())
        async with opened(browser, first.address + path, quiet=False) as page:
            await expect(page.locator("#clock")).to_have_text("08:05:00")
            if path == "/kiosk":
                await expect(page.locator("#mirror .missing")).to_be_hidden()
            if path == "/":
                await expect(page.locator("#room-caption")).to_have_text("Hình trực tiếp, lúc 08:05:00")
            await first.stop()
            await expect(page.locator("#gone")).to_contain_text("Mất liên lạc")
            await expect(page.locator("#gone")).to_contain_text("08:05:00")
            if path == "/":
                await expect(page.locator("#room-caption")).to_have_text("Hình lúc 08:05:00, không phải hình trực tiếp")
            if path == "/kiosk":
                await expect(page.locator("#mirror .missing")).to_be_visible()
                await expect(page.locator("#sentence")).to_have_text("Tạm ngừng điểm danh. Mời báo cán bộ kỹ thuật.")
            await check_accessibility(page)
            async with console(port=port) as again:
                again.desk.on_duty()
                await expect(page.locator("#gone")).to_be_hidden()
                if path == "/kiosk":
                    await expect(page.locator("#duty-line")).to_have_text("Người trực: Hoàng Văn Kỹ")
                    await page.keyboard.type("CC-0141\n")  # with the new token
                    await expect(page.locator("#pad-note")).to_have_text("Mã học viên: CC-0141")
                    await page.keyboard.type("0141\n")
                    await expect(page.locator("#outcome-name")).to_have_text("Nguyễn Thị Phương Thảo")


async def test_another_site_can_neither_show_the_pages_nor_act_on_them(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    """The other site is another console: another port is another origin."""
    async with console() as other, opened(browser, other.address, quiet=False) as page:
        act = f"""fetch('{running.address}/duty', {{method: 'POST', mode: 'no-cors', body: 'who=kt-1&pin=2468'}})"""
        await page.evaluate(f"{act}.catch(() => 0)")
        look = """address => new Promise(done => { const one = new Image(); one.onload = () => done(true);
            one.onerror = () => done(false); one.src = address + '/preview.jpg' })"""
        assert not await page.evaluate(look, running.address)
        answer = await browser.new_page()
        framing = f"<iframe src='{running.address}/'></iframe>"
        await answer.set_content(framing)
        await asyncio.sleep(0.3)
        assert "Danh sách học viên" not in str([await frame.content() for frame in answer.frames])
        await answer.close()
    assert desk.view().on_duty is None and desk.calls == []


async def test_what_is_live_keeps_the_focus_and_what_was_opened(
    running: Console, desk: ScriptedDesk, browser: Browser
) -> None:
    desk.on_duty()
    async with opened(browser, f"{running.address}/enrol/l3") as page:
        step = await page.locator("#step").element_handle()
        assert step
        await expect(page.locator("#clock")).to_have_text("08:05:00")
        assert await step.evaluate("one => one.isConnected"), "the first message changed what was the same"
        await tab_to(page, "Read in English")
        await page.keyboard.press("Enter")
        desk.set(on_duty=desk.view().may_be_on_duty[1])
        await expect(page.locator("#step")).to_contain_text("Ngô Thị Mai")
        await expect(page.locator("#other-summary")).to_be_focused()
        await expect(page.get_by_text("You may refuse and check in by card or PIN")).to_be_visible()
