"""The class manager's pages in a real browser: live, searchable, by keyboard, in both languages, on a phone."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from models.records import CheckIn
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NOW = START + 60 * MINUTE
SESSION = "K1.1"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=30))
        yield one


@pytest.fixture
def agent(server: Running) -> Agent:
    """At TDM: the first learner there all the time, the second gone since 08:40, a dark minute at 08:20."""
    one = join(server)
    people = [who.id for who in one.today().sessions[0].learners]
    one.add(CheckIn, session=SESSION, learner=people[0], at=START, method="room_camera", score=0.7, encoder="intel")
    one.coverage(SESSION, START, START + 20 * MINUTE, "dark")
    one.coverage(SESSION, START + 21 * MINUTE, START + 50 * MINUTE)
    for who, until in ((people[0], 50), (people[1], 40)):
        one.presence(SESSION, who, START, START + 20 * MINUTE)
        one.presence(SESSION, who, START + 21 * MINUTE, START + until * MINUTE)
    one.send_all()
    server.clock.ms = NOW
    tell(one, people[:1])
    return one


def tell(agent: Agent, people: list[str]) -> None:
    there = dict.fromkeys(people, START + 50 * MINUTE)
    got = agent.status(SESSION, there, watching_from=START + 50 * MINUTE, alarms=("Ánh sáng yếu.",))
    assert got.status_code == 200


def roster(agent: Agent) -> list[str]:
    return [who.id for who in agent.today().sessions[0].learners]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        await chromium.close()


@asynccontextmanager
async def signed_in(
    browser: Browser, server: Running, width: int = 1440, scheme: str = "light", quiet: bool = True
) -> AsyncIterator[Page]:
    """A page that has signed in; the context ends with a failure when the browser complained of anything (quiet)."""
    context = await browser.new_context(viewport={"width": width, "height": 900}, locale="vi-VN", color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(server.manager_link())
    await page.get_by_role("button", name="Đăng nhập").click()
    yield page
    await context.close()
    assert complaints == [] or not quiet


async def check_accessibility(page: Page) -> None:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = await Axe().run(page, options=options)
    assert found.response["passes"], "axe ran no rule"
    assert found.violations_count == 0, found.generate_report()


LOOKS = [*itertools.product((360, 1440), ("light", "dark"), ("vi", "en"))]
PAIRS = {(360, "dark", "en"), (1440, "light", "vi")}
"""Each width with each scheme, each scheme with each language, each language with each width; the rest is nightly's."""


@pytest.mark.parametrize(
    ("width", "scheme", "lang"),
    [pytest.param(*look, marks=() if look in PAIRS else pytest.mark.nightly) for look in LOOKS],
)
async def test_the_pages_are_accessible_and_fit(
    server: Running, agent: Agent, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    async with signed_in(browser, server, width, scheme) as page:
        for path in ("/", f"/sessions/{SESSION}"):
            await page.goto(f"{server.address}{path}?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            assert await page.evaluate("document.fonts.check('16px \"Be Vietnam Pro\"') && document.fonts.size > 0")
            await check_accessibility(page)
            shot = await page.screenshot(path=tmp_path / f"{width}-{scheme}-{lang}.png", full_page=True)
            assert len(shot) > 10_000


async def test_the_page_says_how_to_get_in(server: Running, browser: Browser) -> None:
    page = await browser.new_page(locale="vi-VN")
    await page.goto(f"{server.address}/sessions/{SESSION}")
    await expect(page.locator("h1")).to_have_text("Đăng nhập")
    await check_accessibility(page)
    await page.goto(f"{server.manager_link()}&next=/sessions/{SESSION}")
    await check_accessibility(page)
    await page.get_by_role("button", name="Đăng nhập").click()
    await expect(page).to_have_url(f"{server.address}/sessions/{SESSION}")
    await expect(page.locator("h1")).to_have_text("Buổi 1")


async def test_an_empty_server_teaches_the_first_step(tmp_path: Path, browser: Browser) -> None:
    with running(tmp_path / "empty") as server:
        async with signed_in(browser, server) as page:
            await expect(page.locator("h1")).to_have_text("Mở lớp mới")
            await expect(page.locator("main")).to_contain_text("Chưa có điểm cầu nào")
            await check_accessibility(page)


async def test_rows_change_while_one_watches_and_keep_their_place(
    server: Running, agent: Agent, browser: Browser
) -> None:
    first, second, *_ = roster(agent)
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/sessions/{SESSION}")
        await expect(page.locator("#headline")).to_have_text("1 / 30 có mặt 19 vắng 10 không xác định")
        row = page.locator(f"#learner-{first}")
        await expect(row.locator(".now")).to_contain_text("có mặt từ 08:00")  # the dark minute is no absence
        await expect(row.locator(".figure")).to_have_text(
            ["có mặt 59 phút", "vắng 0 phút", "không xác định 1 phút", "100,0 %"]
        )
        gone = page.locator(f"#learner-{second}")
        await expect(gone.locator(".now")).to_contain_text("vắng mặt từ 08:40")
        before = await page.locator("tr.learner").evaluate_all("rows => rows.map(row => row.id)")
        await row.locator("svg.bar").focus()
        server.clock.ms += 5 * MINUTE
        tell(agent, [second])
        await expect(page.locator("#headline")).to_have_text("1 / 30 có mặt 19 vắng 10 không xác định")
        await expect(gone.locator(".now")).to_contain_text("có mặt")
        await expect(row.locator(".now")).to_contain_text("vắng mặt từ 08:50")
        assert await page.locator("tr.learner").evaluate_all("rows => rows.map(row => row.id)") == before
        await expect(row.locator("svg.bar")).to_be_focused()
        await expect(page.locator("#as-of")).to_contain_text("09:05:00")
        tell(agent, [first, second])
        await expect(page.locator("#headline")).to_contain_text("2 / 30 có mặt")


@pytest.mark.timed
async def test_the_page_says_when_it_is_no_longer_live_and_comes_back(
    server: Running, agent: Agent, browser: Browser
) -> None:
    async with signed_in(browser, server, quiet=False) as page:  # it complains of the network
        await page.goto(f"{server.address}/sessions/{SESSION}")
        server.clock.ms += 1000
        await expect(page.locator("#as-of")).to_contain_text("09:00:01")
        await expect(page.locator("#stale")).to_be_hidden()
        server.clock.ms += 1000
        await page.context.set_offline(True)
        feed = server.services.feeds
        loop = next(iter(feed._running.values()))[1].get_loop()
        asyncio.run_coroutine_threadsafe(feed.end(), loop).result(60)
        await expect(page.locator("#stale")).to_contain_text("Không còn trực tiếp từ 09:00:0")
        await check_accessibility(page)
        await page.context.set_offline(False)
        await expect(page.locator("#stale")).to_be_hidden()
        server.clock.ms += 8000
        await expect(page.locator("#as-of")).to_contain_text("09:00:10")
        await expect(page.locator("#changed")).to_be_hidden()


async def test_search_filter_and_sort(server: Running, agent: Agent, browser: Browser) -> None:
    first = roster(agent)[0]
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/sessions/{SESSION}")
        shown = page.locator("tr.learner:visible")
        await expect(shown).to_have_count(30)
        await page.get_by_label("Tìm học viên").fill("van đ5 noi 1975")
        await expect(shown).to_have_count(1)
        await expect(shown).to_contain_text("Nguyễn Văn Đ5")
        await expect(page.locator("#found")).to_have_text("1 học viên")
        await page.get_by_label("Tìm học viên").fill("")
        await page.get_by_label("Hiện").select_option("seen")
        await expect(shown).to_have_count(1)
        await expect(shown).to_have_id(f"learner-{first}")
        await page.get_by_label("Hiện").select_option("")
        table = page.locator("table", has=page.locator(f"#learner-{first}"))
        button = table.get_by_role("button", name="Có mặt")
        await button.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(table.locator("th[aria-sort=descending]")).to_contain_text("Có mặt")
        await expect(table.locator("tr.learner").first).to_have_id(f"learner-{first}")
        server.clock.ms += MINUTE
        tell(agent, [first])
        await expect(page.locator(f"#learner-{first} td.figure.seen")).to_have_text("có mặt 60 phút")
        await expect(table.locator("tr.learner").first).to_have_id(f"learner-{first}")


async def test_the_evidence_is_shown_under_the_pointer_and_by_keyboard(
    server: Running, agent: Agent, browser: Browser
) -> None:
    first = roster(agent)[0]
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/sessions/{SESSION}")
        bar = page.locator(f"#learner-{first} svg.bar")
        evidence = page.locator("#evidence")
        await expect(evidence).to_be_hidden()
        await bar.locator(".piece.not_observed").hover()
        await expect(evidence).to_have_text("08:20:00–08:21:00 không xác định: hình quá tối")
        await page.mouse.move(5, 5)
        await expect(evidence).to_be_hidden()
        await bar.focus()
        told = []
        for _ in range(6):
            await page.keyboard.press("ArrowRight")
            told.append(await evidence.inner_text())
        assert any("điểm danh: máy quay phòng học" in one for one in told)
        assert any("nhìn thấy 1.200 lần trong 1 bản ghi, giống nhất 0,71 (intel)" in one for one in told)
        assert any("hình quá tối" in one for one in told)
        await page.keyboard.press("Escape")
        await expect(evidence).to_be_hidden()


@pytest.mark.timed
async def test_the_page_tells_when_the_list_has_changed(
    server: Running, agent: Agent, browser: Browser, tmp_path: Path
) -> None:
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/sessions/{SESSION}")
        await expect(page.locator("#changed")).to_be_hidden()
        server.load(write_course(tmp_path / "course.toml", learners=31))
        server.clock.ms += 6000
        tell(agent, [])
        await expect(page.locator("#changed")).to_be_visible()
        await page.get_by_role("link", name="Tải lại trang").click()
        await expect(page.locator("tr.learner")).to_have_count(31)


async def test_the_page_is_live_also_when_a_script_comes_late(server: Running, agent: Agent, browser: Browser) -> None:
    async def late(route: Route) -> None:
        await asyncio.sleep(1)
        await route.continue_()

    async with signed_in(browser, server) as page:
        await page.route("**/hx-sse.min.js*", late)
        await page.goto(f"{server.address}/sessions/{SESSION}")
        server.clock.ms += 1000
        await expect(page.locator("#as-of")).to_contain_text("09:00:01")
