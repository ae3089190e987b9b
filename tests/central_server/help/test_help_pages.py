"""/help of a real server: open to everybody, searched, in both languages, fit for a phone, nothing for axe to find."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright

from central_server.help.routes import HANDBOOK
from tests.central_server.running import TLS, Running, running
from tests.end_to_end.test_session_page import CHROMIUM, QUIET, check_accessibility


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("help") / "data") as one:
        yield one


def get(server: Running, path: str) -> httpx.Response:
    return httpx.get(f"{server.address}{path}", verify=TLS)


def test_the_handbook_is_open_to_who_can_not_sign_in(server: Running) -> None:
    contents = get(server, "/help")
    assert contents.status_code == 200
    assert "default-src 'self'" in contents.headers["content-security-policy"]
    for part in HANDBOOK.parts:
        assert f'id="part-{part}"' in contents.text
    faults = get(server, "/help/technician/faults")
    assert 'id="fault-trouble-dark"' in faults.text
    picture = get(server, "/help/technician/pictures/console.webp")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert get(server, "/help/handbook.css").headers["content-type"].startswith("text/css")
    assert 'href="/help/everybody/signing-in#second-factor"' in get(server, "/sign-in").text


def test_it_is_searched_by_words_without_marks_and_in_one_part(server: Running) -> None:
    found = get(server, "/help?q=khoi+phuc+ban+sao").text
    assert "/help/administrator/backup#restore" in found
    assert "/help/administrator" not in get(server, "/help?q=khoi+phuc+ban+sao&part=technician").text
    nothing = get(server, "/help?q=%3Cscript%3Exyz").text
    assert "Không có đoạn nào có" in nothing
    assert "<script>xyz" not in nothing


def test_what_is_not_there_is_told_as_that(server: Running) -> None:
    for path in ("/technician/none", "/nobody/faults", "/technician/pictures/none.webp", "/technician/pictures/..%2f1"):
        assert get(server, f"/help{path}").status_code == 404, path


def test_who_reads_english_gets_the_quick_page_and_is_told_what_is_vietnamese_only(server: Running) -> None:
    assert "An hour before" in get(server, "/help/technician/quick?lang=en").text
    assert "in Vietnamese only" in get(server, "/help/technician/faults?lang=en").text


@pytest.mark.skipif(not Path(CHROMIUM).exists() and not shutil.which("chromium"), reason="needs chromium")
async def test_every_article_fits_a_phone_and_axe_finds_nothing(server: Running) -> None:
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(locale="vi-VN", viewport={"width": 360, "height": 800}, color_scheme="dark")
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for path in ("", *(f"/{one.part}/{one.name}" for one in HANDBOOK.articles("vi")), "?q=camera"):
            await page.goto(f"{server.address}/help{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            if path in ("", "?q=camera", "/technician/quick", "/class-manager/session"):
                await check_accessibility(page)
        # By keyboard: what was searched is a press of Enter away.
        await page.locator("#seek").fill("mat dien")
        await page.keyboard.press("Enter")
        await page.locator(".hits a").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/help/technician/outage#power-cut")
        assert not complaints
        await browser.close()
