from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, async_playwright

from calibration.clock import Asked, measure
from calibration.faces import card
from calibration.profile import CameraPart, FacesPart, Lookalikes, Profile, Sentence, ZoneMeasured
from calibration.report import render
from models.record_kinds import Zone
from tests.calibration.simulated_people import people

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
NOW = 1_795_000_000_000
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def camera() -> CameraPart:
    zones = tuple(
        ZoneMeasured(
            zone=Zone(column / 4, row / 3, 1 / 4, 1 / 3), face_px=(None, 36.0, 80.0)[row], faces=row, sharpness=0.3,
            light=100, identifies=row == 2,
        )
        for row in range(3) for column in range(4)
    )  # fmt: skip
    return CameraPart(
        made_at=NOW, device='<C920> "HD"', width=1920, height=1080, fps=30, frames=40, sharpness=0.3, light=110,
        dark_share=0.01, bright_share=0.02, flicker=0.002, noise=2.1, zones=zones,
        advice=(Sentence("4 trong 12 vùng.", "4 of 12 zones."), Sentence("Hãy đưa camera gần.", "Bring it nearer.")),
    )  # fmt: skip


def faces() -> FacesPart:
    return FacesPart(
        made_at=NOW, encoder="face-reidentification-retail-0095", weights="ab" * 32, detector="yunet", learners=30,
        class_size=30, threshold=0.45, strict_threshold=0.52, margin=0.05, background_threshold=0.5, fpir_aim=0.001,
        lookalikes=(Lookalikes("id-1", "id-2", 0.61),), raised={"id-1": 0.66, "id-2": 0.66},
        card=card(people(np.random.default_rng(1), np.full(30, 3)), 0.52),
        sentences=(Sentence("Ngưỡng.", "Threshold."),),
    )  # fmt: skip


def whole() -> Profile:
    clock = measure([Asked(0, 20, NOW, NOW + 40)], NOW, "https://server")
    return Profile(made_at=NOW, made_by={"diemdanh": "0.1.0"}, camera=camera(), faces=faces(), clock=clock)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = os.environ.get("DIEMDANH_CHROMIUM") or shutil.which("chromium")
        started = await playwright.chromium.launch(executable_path=path)
        yield started
        await started.close()


def test_the_page_says_everything_that_was_measured_and_holds_it_all_itself() -> None:
    page = render(whole(), "cd" * 32, {"id-1": "HV001", "id-2": "HV002"}, JPEG)
    for text in (
        "Hãy đưa camera gần.",
        "Bring it nearer.",
        "36 px",
        "HV001 – HV002",
        "cd" * 32,
        "FPIR",
        "0,520",
        "ab" * 32,
    ):
        assert text in page, text
    assert page.count('class="zone good"') == 4 and page.count('class="zone poor"') == 8
    assert "&lt;C920&gt;" in page and "<C920>" not in page
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!data:)', page) and "url(" not in page
    assert "data:image/jpeg;base64,/9j/" in page
    assert "data:image/jpeg" not in render(whole(), "cd" * 32, {})


def test_parts_that_were_not_measured_say_what_to_run() -> None:
    page = render(Profile(made_at=NOW), "cd" * 32, {})
    assert all(f"<code>calibrate {part}</code>" in page for part in ("camera", "faces", "clock"))
    assert page.count("Not measured.") == 3


def test_a_rate_without_a_trial_is_said_to_be_unmeasured() -> None:
    profile = whole()
    assert profile.faces
    unknown = msgspec.structs.replace(profile.faces.card, fnir=None)
    page = render(
        msgspec.structs.replace(profile, faces=msgspec.structs.replace(profile.faces, card=unknown)), "cd" * 32, {}
    )
    assert "không đo được ở đây" in page


@pytest.mark.parametrize("profile", [whole(), Profile(made_at=NOW)], ids=["whole", "empty"])
async def test_the_page_is_accessible_and_fits_a_phone_and_paper(
    browser: Browser, tmp_path: Path, profile: Profile
) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(profile, "cd" * 32, {}), encoding="utf-8")
    for width in (360, 1440):
        page = await browser.new_page(viewport={"width": width, "height": 800})
        await page.goto(file.as_uri())
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        found = await Axe().run(page, options=AXE)
        assert found.violations_count == 0, found.generate_report()
    await page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
