"""Take a picture of every page, as each role sees it, in both languages, on a phone and on a PC, and on paper."""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from central_server.accounts.permission import Role
from deploy.demo.classroom import write_server_settings
from deploy.demo.page import ManagersView
from deploy.demo.programs import ProgramError, Programs, wait_until
from deploy.screenshots import handbook
from deploy.screenshots.agent import ROLE, agent_pages
from deploy.screenshots.bridge_point import open_bridge_point
from deploy.screenshots.drawn_room import film
from deploy.screenshots.office import Office, filled, open_office, page_paths
from models.command_line import Parser
from models.errors import DiemdanhError
from models.language import both

WIDTHS = (1440, 360)
LANGUAGES = ("vi", "en")
READY_S = 30.0
FILL_S = 300.0
FILLED = "bản ghi"
"""What the province prints when its records are there; from then on it plays its live session."""
NO_SECOND_FACTOR = "\n[accounts]\nsecond_factor = []\n"
"""Or each of the administrator's pages would be the one that asks to set it up."""
CHROMIUM_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that was taken. `role`: who sees the page so, or the agent's own."""

    role: str
    path: str
    file: str


def main() -> int:
    """Take them. An error is one sentence and exit code 2."""
    parser = Parser(prog="run.py screenshots", description=both(
        "Chụp mọi trang theo từng vai trò, tiếng Việt và tiếng Anh, khổ máy tính và điện thoại.",
        "Take pictures of all pages as each role sees them, in both languages, for PC and phone.",
    ))  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path(f"screenshots-{datetime.now(UTC):%Y%m%d-%H%M%S}"),
                        help=both("thư mục chứa ảnh", "folder for the pictures"))  # fmt: skip
    parser.add_argument("--agent", default="", metavar="ADDRESS",
                        help=both("chụp cả trang của bridge-agent đang chạy tại địa chỉ này",
                                  "also the pages of the bridge-agent that runs at this address"))  # fmt: skip
    parser.add_argument("--handbook", action="store_true",
                        help=both("chỉ chụp lại hình của sổ tay, ghi vào chỗ của chúng",
                                  "only the handbook's pictures, each written in its place"))  # fmt: skip
    parser.add_argument("--only", default="", metavar="TEXT", help=both("chỉ trang có chữ này", "pages with this only"))
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="diemdanh-screenshots-"))
    os.umask(0o077)
    programs = Programs(folder)
    try:
        if args.handbook:
            for path in take_handbook(folder, programs):
                print(path, path.stat().st_size)
            return 0
        shots = take(folder, programs, args.out, args.only, args.agent)
    except DiemdanhError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        programs.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(args.out / "index.html", len(shots))
    return 0


def chromium() -> str:
    """The browser. Raises ProgramError when there is none."""
    found = os.environ.get("DIEMDANH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise ProgramError("Chưa có Chromium; hãy cài gói chromium.", "There is no Chromium; install it.")
    return found


def take(folder: Path, programs: Programs, out: Path, only: str, agent: str) -> list[Shot]:
    """Pictures of the agent at `agent`, if any, then of the office as each role sees it. Raises ProgramError."""
    shots = _agents(agent.rstrip("/"), out, only) if agent else []
    address, office, _ = open_province(folder, programs)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        for role in office.links:
            with browser.new_context(locale="vi-VN") as context:
                sign_in(context, address, office.links[role])
                shots += _role(context.new_page(), address, role, office, out, only)
        browser.close()
    (out / "index.html").write_text(contact_sheet(shots), encoding="utf-8")
    return shots


def take_handbook(folder: Path, programs: Programs) -> list[Path]:
    """The handbook's pictures, of an office and a bridge point; their files. Raises DiemdanhError."""
    with ThreadPoolExecutor() as pool:
        filmed = pool.submit(film, folder / "room.mp4")
        address, office, settings = open_province(folder, programs)
        filmed.result()
    print("»", both("Mở một điểm cầu ví dụ…", "Opening an example bridge point…"), flush=True)
    point = open_bridge_point(folder, settings, address, programs)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        try:
            return handbook.take(
                browser, address, office, point, lambda context, role: sign_in(context, address, office.links[role]),
                folder,
            )  # fmt: skip
        except PlaywrightError as error:
            said = str(error).splitlines()[0]
            raise ProgramError(f"Không chụp được hình: {said}", f"A picture can't be taken: {said}") from error
        finally:
            browser.close()


def open_province(folder: Path, programs: Programs) -> tuple[str, Office, Path]:
    """A server with the demo's province: its address, what to look at there, its settings. Raises ProgramError."""
    settings = write_server_settings(folder, 0)
    with settings.open("a", encoding="utf-8") as file:
        file.write(NO_SECOND_FACTOR)
    programs.start("server", "central_server.cli", "serve", "--config", settings)
    view = ManagersView(folder / "server.txt", "")
    if not wait_until(programs, view.ready, READY_S):
        raise ProgramError("Máy chủ không trả lời.", "The server does not answer.")
    print("»", both("Tạo một tỉnh tưởng tượng…", "Making an invented province…"), flush=True)
    province = ("--data", folder / "server", "--address", view.address)
    programs.start("province", "deploy.demo.province", *province)
    if not wait_until(programs, lambda: FILLED in (folder / "province.txt").read_text(encoding="utf-8"), FILL_S):
        raise ProgramError("Chưa tạo xong dữ liệu của tỉnh.", "The province was not made in time.")
    return view.address, open_office(folder / "server", time.time_ns() // 1_000_000), settings


def _agents(address: str, out: Path, only: str) -> list[Shot]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        try:
            with browser.new_context(locale="vi-VN") as context:
                return [Shot(ROLE, path, file) for path, file in agent_pages(context.new_page(), address, out, only)]
        except PlaywrightError as error:
            raise ProgramError(
                f"Không mở được trang của bridge-agent ở {address}; hãy xem nó có đang chạy không.",
                f"The pages of the bridge-agent at {address} can't be opened; see whether it runs.",
            ) from error
        finally:
            browser.close()


def sign_in(context: BrowserContext, address: str, key: str) -> None:
    """Sign a browser in by a one-time link. Raises ProgramError."""
    got = context.request.post(f"{address}/sign-in/link", form={"key": key}, max_redirects=0)
    if got.status != 303:
        raise ProgramError("Máy chủ không cho đăng nhập.", "The server does not let the browser sign in.")


def _role(page: Page, address: str, role: Role, office: Office, out: Path, only: str) -> Iterator[Shot]:
    (out / role).mkdir(parents=True, exist_ok=True)
    for path in page_paths():
        where = filled(path, office.places)
        if where is None or only not in path:
            continue
        got = page.goto(address + where)
        if got is None or got.status != 200 or urlsplit(page.url).path != where:
            continue  # not this role's
        name = re.sub(r"\W+", "-", path).strip("-") or "home"
        for lang in LANGUAGES:
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}{where}?lang={lang}")
                page.wait_for_timeout(400)
                file = f"{role}/{name}-{lang}-{width}.png"
                page.screenshot(path=out / file, full_page=True)
                yield Shot(role, path, file)
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    print(f"! {file}: {wide} px", flush=True)
        page.goto(f"{address}{where}?lang=vi")
        page.pdf(path=out / role / f"{name}.pdf", format="A4", prefer_css_page_size=True)


def contact_sheet(shots: list[Shot]) -> str:
    """A page with all pictures, by role and address."""
    parts = ["<!doctype html><meta charset=utf-8><title>Điểm danh</title><style>body{font:14px sans-serif}",
             "figure{display:inline-block;margin:6px;vertical-align:top}img{height:260px;border:1px solid #bbb}",
             "figcaption{max-width:240px;font-size:11px;overflow-wrap:anywhere}</style>"]  # fmt: skip
    for place in dict.fromkeys((shot.role, shot.path) for shot in shots):
        parts.append(f"<h2>{html.escape(place[0])} {html.escape(place[1])}</h2>")
        for shot in shots:
            if (shot.role, shot.path) == place:
                parts.append(f'<figure><a href="{shot.file}"><img loading=lazy alt="" src="{shot.file}"></a>'
                             f"<figcaption>{shot.file.rpartition('/')[2]}</figcaption></figure>")  # fmt: skip
    return "\n".join(parts)


if __name__ == "__main__":
    raise SystemExit(main())
