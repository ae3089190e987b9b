"""Accounts in a real browser: signing in and what can go wrong with it, by keyboard, in both languages, on a phone."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from central_server.accounts.giving import set_password
from central_server.accounts.passwords import hashed
from central_server.accounts.permission import Grant
from central_server.accounts.second_factor import code_at
from central_server.config import Accounts
from tests.central_server.running import MINUTE, Clock, Running, join, running, write_course
from tests.end_to_end.test_session_page import browser, check_accessibility

__all__ = ["browser"]

PHRASE = "một câu ngắn dễ nhớ"
PHC = hashed(PHRASE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Two people: lan, a class manager, and the administrator chief, who must have a second factor."""
    with running(tmp_path / "data", Clock(), accounts=Accounts()) as one:
        one.load(write_course(tmp_path / "course.toml"))
        for login, role in (("lan", Grant("class_manager")), ("chief", Grant("administrator"))):
            account = one.account(login, role)
            one.do(lambda db, who=account: set_password(db, who, PHC, None, one.clock()))  # type: ignore[misc]
        yield one


@asynccontextmanager
async def opened(browser: Browser, width: int = 1440, lang: str = "vi") -> AsyncIterator[Page]:
    """A page that has not signed in; the context ends with a failure when the browser complained of anything."""
    locale = "vi-VN" if lang == "vi" else "en-GB"
    context = await browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
    page = await context.new_page()
    complaints: list[str] = []

    def complain(text: str) -> None:
        if "status of 4" not in text:  # Chromium writes down each refusal; here they are what is tested
            complaints.append(text)

    page.on("console", lambda message: complain(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complain(str(error)))
    yield page
    await context.close()
    assert complaints == []


async def sign_in(page: Page, server: Running, login: str, password: str = PHRASE) -> None:
    """By keyboard alone: the login has the focus."""
    await page.goto(f"{server.address}/sign-in")
    await expect(page.locator("#login")).to_be_focused()
    await page.keyboard.type(login)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")


async def turn_on(page: Page, server: Running) -> tuple[bytes, str]:
    """Turn the second factor on as an app on a telephone would; the secret and a recovery code."""
    spoken = (await page.locator("code.spoken").inner_text()).replace(" ", "")
    secret = base64.b32decode(spoken)
    await expect(page.locator("#code")).to_be_focused()
    await page.keyboard.type(code_at(secret, server.clock()))
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(re.compile("Mã dự phòng|Recovery codes"))
    return secret, await page.locator(".codes code").first.inner_text()


async def test_a_wrong_password_is_said_and_the_login_stays(server: Running, browser: Browser) -> None:
    async with opened(browser) as page:
        await sign_in(page, server, "lan", "không phải mật khẩu")
        await expect(page.get_by_role("alert")).to_contain_text("không đúng")
        await expect(page.locator("#login")).to_have_value("lan")
        await expect(page.locator("#password")).to_be_focused()
        await check_accessibility(page)
        await page.keyboard.type(PHRASE)
        await page.keyboard.press("Enter")
        await expect(page.locator(".who-am-i")).to_have_text("Người dùng lan")
        await page.get_by_role("button", name="Đăng xuất").press("Enter")
        await expect(page.locator("h1")).to_have_text("Đăng nhập")
        await page.goto(f"{server.address}/account")
        await expect(page.locator("h1")).to_have_text("Đăng nhập")


async def test_after_many_wrong_ones_the_page_says_until_when_to_wait(server: Running, browser: Browser) -> None:
    async with opened(browser) as page:
        await sign_in(page, server, "lan", "không phải mật khẩu")
        await expect(page.get_by_role("alert")).to_be_visible()
        for _ in range(5):
            await expect(page.locator("#password")).to_be_focused()
            await page.keyboard.type("không phải mật khẩu")
            async with page.expect_navigation():
                await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text(re.compile(r"tạm dừng đến \d\d:\d\d:\d\d"))
        await check_accessibility(page)
        server.clock.ms += MINUTE
        await page.keyboard.type(PHRASE)
        await page.keyboard.press("Enter")
        await expect(page.locator(".who-am-i")).to_be_visible()


async def test_an_administrator_sets_the_second_factor_up_and_signs_in_with_it(
    server: Running, browser: Browser
) -> None:
    async with opened(browser) as page:
        await sign_in(page, server, "chief")
        await expect(page.locator("h1")).to_have_text("Bật bước xác thực thứ hai")
        await check_accessibility(page)
        secret, recovery = await turn_on(page, server)
        await check_accessibility(page)
        await page.get_by_role("button", name="Tôi đã cất mã").press("Enter")
        await expect(page.locator("h1")).to_have_text("Tình trạng điểm cầu")
        await page.get_by_role("button", name="Đăng xuất").press("Enter")
        server.clock.ms += MINUTE
        for code in (code_at(secret, server.clock()), recovery):
            await sign_in(page, server, "chief")
            await expect(page.locator("#code")).to_be_focused()
            await check_accessibility(page)
            await page.keyboard.type("000000")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Mã không đúng")
            await page.keyboard.type(code)
            await page.keyboard.press("Enter")
            await expect(page.locator("h1")).to_have_text("Tình trạng điểm cầu")
            await page.get_by_role("button", name="Đăng xuất").press("Enter")


async def test_an_administrator_makes_an_account_and_gives_it_a_course(server: Running, browser: Browser) -> None:
    async with opened(browser) as page:
        await sign_in(page, server, "chief")
        await turn_on(page, server)
        await page.get_by_role("button", name="Tôi đã cất mã").press("Enter")
        await page.get_by_role("link", name="Tài khoản", exact=True).press("Enter")
        await page.get_by_role("button", name="Tạo tài khoản").press("Enter")
        await expect(page.locator("#name")).to_be_focused()
        await page.keyboard.type("Trần Thị Hoa")
        await page.keyboard.press("Tab")
        await page.keyboard.type("hoa")
        await page.keyboard.press("Enter")
        link = await page.locator("#secret").inner_text()
        await expect(page.locator(".fresh")).to_contain_text("Chỉ hiện một lần")
        await page.get_by_role("button", name="Chép").press("Enter")
        await page.locator("#role").select_option("lecturer")
        await page.locator("#course").fill("K1")
        await page.locator("#course").press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Đã giao quyền")
        await check_accessibility(page)
        async with opened(browser) as hers:
            await hers.goto(link)
            await expect(hers.locator("#password")).to_be_focused()
            await check_accessibility(hers)
            await hers.keyboard.type("trời xanh mây trắng")
            await hers.keyboard.press("Tab")
            await hers.keyboard.type("trời xanh mây trắng")
            await hers.keyboard.press("Enter")
            await expect(hers.get_by_role("link", name="Buổi 1").first).to_be_visible()
            await page.get_by_role("button", name=re.compile("Thu hồi: giảng viên")).press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("Đã thu hồi quyền")
            await hers.reload()
            await expect(hers.locator("main")).to_contain_text("chưa được giao quyền")
            await page.get_by_role("button", name="Hoàn tác").press("Enter")
            await hers.reload()
            await expect(hers.get_by_role("link", name="Buổi 1").first).to_be_visible()
            await page.get_by_role("button", name="Khóa tài khoản").press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("Đã khóa")
            await hers.reload()
            await expect(hers.locator("h1")).to_have_text("Đăng nhập")


async def test_sign_out_everywhere(server: Running, browser: Browser) -> None:
    async with opened(browser) as here, opened(browser) as there:
        for page in (here, there):
            await sign_in(page, server, "lan")
            await expect(page.locator(".who-am-i")).to_be_visible()
        await here.get_by_role("link", name="Người dùng lan").press("Enter")
        await expect(here.locator("section", has_text="Các lần đăng nhập").locator("tbody tr")).to_have_count(2)
        await here.get_by_role("button", name="Đăng xuất mọi nơi").press("Enter")
        await expect(here.locator("h1")).to_have_text("Đăng nhập")
        await there.reload()
        await expect(there.locator("h1")).to_have_text("Đăng nhập")


async def test_a_technician_who_is_told_the_link_gets_his_own_sessions(server: Running, browser: Browser) -> None:
    server.account("ky-thuat", Grant("technician"))
    async with opened(browser, 360) as page:
        await page.goto(f"{server.address}/sign-in/link?key={server.link('ky-thuat')}")
        await page.get_by_role("button", name="Đăng nhập").press("Enter")
        await expect(page.locator("nav.rooms")).to_have_text(re.compile(r"\s*Hôm nay\s*Lớp\s*"))


@pytest.mark.parametrize(("lang", "width"), [pytest.param("vi", 360, marks=pytest.mark.nightly), ("en", 1440)])
async def test_all_pages_are_accessible_and_fit(
    server: Running, browser: Browser, width: int, lang: str, tmp_path: Path
) -> None:
    agent = join(server)
    agent.status("K1.1", {})
    account = server.account("hoa.tran@so.example", Grant("class_manager"), Grant("lecturer"))
    async with opened(browser, width, lang) as page:

        async def look(path: str) -> None:
            await page.goto(f"{server.address}{path}")
            await looked(re.sub(r"\W+", "-", path))

        async def looked(name: str) -> None:
            assert await page.evaluate("document.documentElement.scrollWidth") == width, page.url
            await check_accessibility(page)
            await page.screenshot(path=tmp_path / f"{name}-{width}-{lang}.png", full_page=True)

        await look("/sign-in")
        await page.goto(f"{server.address}/sign-in/link?key={server.link('hoa.tran@so.example', new_password=True)}")
        await looked("link")
        await sign_in(page, server, "chief")
        await expect(page.locator("code.spoken")).to_be_visible()
        await looked("second-factor")
        await turn_on(page, server)
        await looked("recovery-codes")
        for path in (
            "/account", "/admin/accounts", "/admin/accounts/new", f"/admin/accounts/{account}", "/admin/audit",
            "/admin/bridge-points", "/sessions/none",
        ):  # fmt: skip
            await look(path)
        await page.goto(f"{server.address}/admin/bridge-points")
        await page.locator("button.link", has_text=re.compile("mã gia nhập|join token")).first.press("Enter")
        await expect(page.locator("#secret")).to_be_visible()
        await looked("token")
