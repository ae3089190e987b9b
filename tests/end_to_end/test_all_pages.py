"""Every page of the app's own list of routes, as each role sees it: nothing for axe to find, nothing cut off."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import async_playwright

from central_server.accounts.permission import ROLES
from deploy.demo.province.__main__ import run
from deploy.demo.province.plan import province
from deploy.screenshots.office import Office, filled, open_office, page_paths
from tests.central_server.running import Running, running
from tests.deploy.test_province import Now
from tests.end_to_end.test_session_page import CHROMIUM, QUIET, check_accessibility

UNFILLED = {"/courses/{course}/roster/{token}"}
"""A preview of a roster that was just sent in: its own test looks at it."""


LEAST = {"administrator": 10, "class_manager": 33, "lecturer": 9, "technician": 9, "learner": 7}
"""So many pages at least are each role's own."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Office]]:
    folder = tmp_path_factory.mktemp("office") / "data"
    patch = pytest.MonkeyPatch()
    patch.setattr("deploy.demo.province.plan.RECORDED", 1)
    patch.setattr("deploy.demo.province.__main__.province", lambda now: province(now, people=60))
    with running(folder, Now()) as server, patch.context():
        asyncio.run(run(folder, server.address, once=True))
        patch.undo()
        yield server, open_office(folder, Now()())


def test_every_page_has_something_to_fill_its_address_with(office: tuple[Running, Office]) -> None:
    assert {path for path in page_paths() if filled(path, office[1].places) is None} == UNFILLED


# A lecturer sees what a class manager sees, and less of it.
IN_CI = [pytest.param(role, marks=pytest.mark.nightly) if role == "lecturer" else role for role in ROLES]


@pytest.mark.timeout(300)
@pytest.mark.skipif(not Path(CHROMIUM).exists() and not shutil.which("chromium"), reason="needs chromium")
@pytest.mark.parametrize("role", IN_CI)
async def test_every_page_is_accessible_and_fits_a_phone(office: tuple[Running, Office], role: str) -> None:
    server, here = office
    seen = []
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(locale="vi-VN", viewport={"width": 360, "height": 800})
        key = here.links[role]  # type: ignore[index]
        got = await context.request.post(f"{server.address}/sign-in/link", form={"key": key}, max_redirects=0)
        assert got.status == 303
        page = await context.new_page()
        for path in page_paths():
            where = filled(path, here.places)
            answer = await page.goto(server.address + where) if where else None
            if answer is None or answer.status != 200 or answer.url != server.address + str(where):
                continue
            if urlsplit(page.url).path == where:
                seen.append(path)  # and not another page in its place
            await check_accessibility(page)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width == 360, f"{path}: {width} px"
        await browser.close()
    assert len(seen) >= LEAST[role], seen
