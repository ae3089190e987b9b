"""Pictures of the pages of a bridge-agent that runs: as its room is now, without doing anything there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

ROLE = "bridge-agent"
WIDTHS = (1920, 1440, 360)
SETTLED_MS = 1500
"""The first message and the first picture of the camera are there."""


def agent_pages(page: Page, address: str, out: Path, only: str) -> Iterator[tuple[str, str]]:
    """Each picture as its page's path and its file. Enrolment is shown up to the consent of one learner."""
    (out / ROLE).mkdir(parents=True, exist_ok=True)
    page.goto(address)
    enrol = page.locator("a[id^=enrol-]").first
    paths = {"/": "/", "/kiosk": "/kiosk"}
    if enrol.count():
        where = enrol.get_attribute("href") or ""
        paths |= {"/enrol/{learner}": where, "/enrol/{learner}/without-face": f"{where}/without-face"}
    for path, where in paths.items():
        if only not in path:
            continue
        for lang in ("vi", "en"):
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    page.set_viewport_size({"width": width, "height": 900})
                    page.goto(f"{address}{where}?lang={lang}&theme={theme}")
                    page.wait_for_timeout(SETTLED_MS)
                    name = re.sub(r"\W+", "-", path).strip("-") or "home"
                    file = f"{ROLE}/{name}-{lang}-{width}-{theme}.png"
                    page.screenshot(path=out / file, full_page=True)
                    yield path, file
