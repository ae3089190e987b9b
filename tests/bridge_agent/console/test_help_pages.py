"""The technician's handbook on the agent's own pages: without the server, under the console's own rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
from playwright.async_api import async_playwright

from bridge_agent.console.help_pages import HANDBOOK
from tests.bridge_agent.console.serving_console import console
from tests.end_to_end.test_session_page import CHROMIUM, QUIET, check_accessibility


async def test_help_is_there_without_the_server_and_each_page_leads_to_its_part() -> None:
    async with console() as here, httpx.AsyncClient(base_url=here.address) as client:
        assert "/help/technician/faults" in (await client.get("/help")).text
        assert "/help/technician/outage#power-cut" in (await client.get("/help?q=mat+dien")).text
        quick = await client.get("/help/technician/quick?lang=en")
        assert "An hour before" in quick.text
        assert "default-src 'self'" in quick.headers["content-security-policy"]
        picture = await client.get("/help/technician/pictures/console.webp")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
        assert (await client.get("/help/technician/none")).status_code == 404
        assert (await client.get("/help/technician/pictures/none.webp")).status_code == 404
        assert 'href="/help/technician/day"' in (await client.get("/")).text
        here.desk.alarm("trouble dark", "Hình quá tối.", "Too dark.")
        assert 'href="/help/technician/faults#fault-trouble-dark"' in (await client.get("/")).text
        assert "/help" not in (await client.get("/kiosk")).text  # learners stand there


@pytest.mark.skipif(not Path(CHROMIUM).exists() and not shutil.which("chromium"), reason="needs chromium")
async def test_it_fits_a_phone_and_axe_finds_nothing() -> None:
    async with console() as here, async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(viewport={"width": 360, "height": 800})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        for path in ("", "?q=camera", *(f"/technician/{one.name}" for one in HANDBOOK.articles("vi"))):
            await page.goto(f"{here.address}/help{path}")
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            if path in ("", "?q=camera", "/technician/quick"):
                await check_accessibility(page)
        assert not complaints
        await browser.close()
