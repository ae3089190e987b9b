"""The handbook's pictures, each by its name, small: `run.py screenshots --handbook` takes all of them anew."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from central_server.accounts.permission import Role
from central_server.help.routes import FOLDERS
from deploy.demo.programs import ProgramError
from deploy.screenshots.bridge_point import PEOPLE, POINT, BridgePoint, people_come
from deploy.screenshots.office import Office, filled

SIZE: Final = {"width": 960, "height": 720}
"""px; an article shows a picture 736 px wide at most."""
LARGEST: Final = 60_000
"""Bytes of a picture."""
QUALITIES: Final = (101, 90, 80, 70, 60, 50, 40)
"""Of WebP, as OpenCV counts them: above 100 nothing is lost."""

STREAM_S: Final = 20
_TWO_FRAMES: Final = """() => new Promise((done) => {
  const video = document.getElementById("main-camera");
  setTimeout(done, 40000);
  video.requestVideoFrameCallback(() => video.requestVideoFrameCallback(() => done()));
})"""
"""Until the video has shown pictures."""
Before = Callable[[Page, Path], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page of the server. part, name: where it goes. wait: a selector that tells that all is there."""

    part: str
    name: str
    role: Role | None
    path: str
    wait: str = "main h1"
    before: Before | None = None
    """What is done on the page before the picture is taken; the folder is for what it needs."""


def _send_roster(page: Page, folder: Path) -> None:
    path = folder / "danh-sach.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("Mã học viên", "Họ và tên", "Ngày sinh", "Đơn vị", "Điểm cầu"))
        for number, name in enumerate(PEOPLE, 1):
            born = "31/02/1980" if number == 3 else f"0{number}/05/{1970 + 3 * number}"
            rows.writerow((f"VD{100 + number}", name, born, "Phòng Ví dụ", POINT))
    page.locator("#file").set_input_files(path)
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()


def _hope(selector: str, page: Page, _: Path) -> None:
    """Wait some time for what may never come."""
    with contextlib.suppress(PlaywrightError):
        page.locator(selector).wait_for(state="attached", timeout=STREAM_S * 1000)


def _open_classroom(page: Page, _: Path) -> None:
    """The example class is led from its one bridge point, whose stream the classroom shows."""
    course = page.url.partition("/sessions/")[0]
    session = page.url.removesuffix("/edit").rpartition("/")[2]
    page.locator("[name=main_point]").select_option(label=POINT)
    page.locator("[name=lecturer]").fill("ThS. Mai Thị Ví Dụ, Trường Ví dụ")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").first.click()
    if page.url.endswith("/edit"):
        raise ProgramError("Chưa lưu được điểm cầu chính.", "The main bridge point was not saved.")
    page.goto(f"{course.partition('/courses/')[0]}/sessions/{session}/classroom")
    with contextlib.suppress(PlaywrightError):  # a browser without H.264 shows none: the page says so
        page.locator("#stage-empty").wait_for(state="hidden", timeout=STREAM_S * 1000)
        page.evaluate(_TWO_FRAMES)


PICTURES: Final = (
    Picture("class-manager", "home", "class_manager", "/"),
    Picture("class-manager", "course", "class_manager", "/courses/{course}"),
    Picture("class-manager", "roster", "class_manager", "/courses/{course}/roster", before=_send_roster),
    Picture("class-manager", "session", "class_manager", "/sessions/{session}", ".headline b"),
    Picture("class-manager", "corrections", "class_manager", "/sessions/{session}/corrections"),
    Picture("class-manager", "participation", "class_manager", "/courses/{course}/participation"),
    Picture("class-manager", "reports", "class_manager", "/reports"),
    Picture("administrator", "accounts", "administrator", "/admin/accounts"),
    Picture("administrator", "bridge-points", "administrator", "/admin/bridge-points"),
    Picture("administrator", "health", "administrator", "/admin/health"),
    Picture("administrator", "audit", "administrator", "/admin/audit"),
    Picture("everybody", "sign-in", None, "/sign-in"),
    Picture("everybody", "own", "learner", "/learners/{learner}/own"),
    Picture(
        "everybody",
        "classroom",
        "class_manager",
        "/courses/{example_course}/sessions/{example_session}/edit",
        before=_open_classroom,
    ),
)
AT_DESK: Final = {
    "console": ("/", ".headcount b", "#room:not(.no-picture):not(.stale)"),
    "kiosk": ("/kiosk", "#use-pin", "#mirror:not(.no-picture)"),
}
"""The technician's part: pages of the agent, by the picture's name. The last is hoped for: a kiosk shows no picture on
a PC without YuNet."""
FIRST_RUN: Final = {"setup": ("/setup/join", "main h1", "main h1")}
"""The same of a PC that has not joined."""
SignIn = Callable[[BrowserContext, Role], None]


def take(browser: Browser, address: str, office: Office, at: BridgePoint, sign_in: SignIn, folder: Path) -> list[Path]:
    """All pictures, each written in its place; their files. folder: for what is only needed meanwhile."""
    places = office.places | {"example_course": at.course, "example_session": at.session}
    with _opened(browser) as context:
        page = context.new_page()
        people_come(page, at.console)
        out = [
            _taken(page, console + path, wait, FOLDERS["technician"], name, partial(_hope, hoped), folder)
            for console, pages in ((at.console, AT_DESK), (at.first_run, FIRST_RUN))
            for name, (path, wait, hoped) in pages.items()
        ]
    for role in dict.fromkeys(one.role for one in PICTURES):
        with _opened(browser) as context:
            if role is not None:
                sign_in(context, role)
            page = context.new_page()
            for one in PICTURES:
                if one.role == role:
                    where = filled(one.path, places) or ""
                    to = FOLDERS[one.part]
                    out.append(_taken(page, address + where, one.wait, to, one.name, one.before, folder))
    return out


def _opened(browser: Browser) -> BrowserContext:
    return browser.new_context(locale="vi-VN", viewport=SIZE, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]  # a mapping of two numbers


def _taken(
    page: Page, address: str, wait: str, part: Path, name: str, before: Before | None, folder: Path
) -> Path:  # fmt: skip
    got = page.goto(address)
    if got is None or got.status != 200:
        status = got.status if got else 0
        raise ProgramError(
            f"Không mở được trang cho hình {name} (mã {status}).",
            f"The page for the picture {name} does not open (status {status}).",
        )
    if before is not None:
        before(page, folder)
    page.locator(wait).first.wait_for(timeout=60_000)
    page.evaluate("document.fonts.ready.then(() => true)")
    path = part / "pictures" / f"{name}.webp"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(small(page.screenshot(animations="disabled", caret="hide")))
    return path


def small(png: bytes) -> bytes:
    """A picture as WebP of at most LARGEST bytes, without loss if that is possible. Raises ProgramError."""
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if pixels is not None:
        for quality in QUALITIES:
            done, coded = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])
            if done and coded.size <= LARGEST:
                return coded.tobytes()
    raise ProgramError("Hình quá lớn.", "A picture can't be made small enough.")
