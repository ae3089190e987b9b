"""A bridge point for the handbook's pictures: a server's course of example people, and an agent that watches a drawn
room. Their names say that they are examples."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import Page
from sqlalchemy import Connection, text

from central_server.accounts.giving import NewAccount, add_account, give, set_pin
from central_server.accounts.passwords import hashed_pin
from central_server.accounts.permission import Grant
from central_server.database import Writer, open_database
from central_server.learners.means import keep_pins
from central_server.learners.sealing import sealing_key
from deploy.demo.classroom import HANOI
from deploy.demo.programs import ProgramError, Programs, run, wait_until

CODE, POINT = "VIDU", "Điểm cầu Ví dụ"
PEOPLE = (
    "Nguyễn Văn Ví Dụ", "Trần Thị Thí Dụ", "Lê Văn Mẫu", "Phạm Thị Minh Họa", "Hoàng Văn Thử", "Vũ Thị Giả Định",
    "Đỗ Văn Tưởng Tượng", "Bùi Thị Làm Mẫu",
)  # fmt: skip
TECHNICIAN = "Cán bộ Ví Dụ"
PIN = "260793"
CONSOLE_S, WATCHING_S = 60.0, 90.0


@dataclass(frozen=True, slots=True)
class BridgePoint:
    """Where its pages are, and ids of its course and session."""

    console: str
    first_run: str
    """The page of a PC that has not joined."""
    course: str
    session: str


def open_bridge_point(folder: Path, settings: Path, address: str, programs: Programs) -> BridgePoint:
    """A class that began twenty minutes ago, and its agent, which watches folder/room.mp4. The server runs on
    `settings`. Raises DiemdanhError.
    """  # fmt: skip
    (folder / "course.toml").write_text(_course(datetime.now(UTC)), encoding="utf-8")
    run("central_server.cli", "load-course", "--config", settings, folder / "course.toml")
    course, session = _prepare(folder / "server")
    token = run("central_server.cli", "new-token", "--config", settings, "--bridge-point", CODE).split()[0]
    agent, console = _settings(folder, "agent")
    run("bridge_agent.cli", "join", "--config", agent, "--server", address, "--token", token)
    newcomer, first_run = _settings(folder, "newcomer")
    for name, settings_of, page in (("agent", agent, console), ("newcomer", newcomer, first_run)):
        programs.start(name, "bridge_agent.cli", "run", "--config", settings_of)
        if not wait_until(programs, partial(_answers, page), CONSOLE_S):
            raise ProgramError("Trang của điểm cầu không mở.", "The bridge point's page does not open.")
    return BridgePoint(console, first_run, course, session)


def _settings(folder: Path, name: str) -> tuple[Path, str]:
    """An agent's settings file, and the address of its pages."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = {"data": name, "source": str(folder / "room.mp4"), "key_store": "file"}
    written = "".join(f"{key} = {json.dumps(value)}\n" for key, value in lines.items())
    path = folder / f"{name}.toml"
    path.write_text(f"{written}plan_seconds = 1\nwithout_profile = true\nconsole_port = {port}\n", encoding="utf-8")
    return path, f"http://localhost:{port}"


def _answers(page: str) -> bool:
    try:
        return httpx.get(page, follow_redirects=True).is_success
    except httpx.TransportError:
        return False


def people_come(page: Page, console: str) -> None:
    """The technician takes duty; four learners check in by code and PIN; the room is watched."""
    page.goto(console)
    page.locator("#duty-who").wait_for(timeout=WATCHING_S * 1000)
    page.locator("#duty-pin").fill(PIN)
    page.locator("#take-duty").click()
    page.locator("#end-duty").wait_for(timeout=30_000)
    # Seen once recognition has loaded and looked at the room.
    page.locator(".headcount b").wait_for(timeout=WATCHING_S * 1000)
    page.goto(f"{console}/kiosk")
    for number in range(1, 5):
        page.locator("#use-pin").click()
        for asked, typed in (("mã học viên", f"VD{number}"), ("mã PIN", PIN)):
            page.locator("#pad-title", has_text=asked).wait_for()
            page.keyboard.type(typed)
            page.keyboard.press("Enter")
        page.locator("#screen-outcome").wait_for()
        page.locator("#use-pin").wait_for()


def _course(now: datetime) -> str:
    # The page on which it is changed knows minutes, and sessions of one day.
    here = now.astimezone(HANOI).replace(second=0)
    start = max(here - timedelta(minutes=20), here.replace(hour=0, minute=0))
    end = min(here + timedelta(minutes=100), here.replace(hour=23, minute=59))
    people = "".join(
        f'[[learners]]\ncode = "VD{n}"\nname = "{name}"\nunit = "Phòng Ví dụ"\nbirth_year = {1974 + 2 * n}\n'
        f'bridge_point = "{CODE}"\n'
        for n, name in enumerate(PEOPLE, 1)
    )
    return (
        '[course]\ncode = "VIDU"\ntitle = "Lớp ví dụ cho sổ tay"\n'
        f'[[bridge_points]]\ncode = "{CODE}"\nname = "{POINT}"\n'
        f'[[sessions]]\ncode = "1"\ntitle = "Buổi 1: Kỹ năng soạn thảo văn bản"\n'
        f"start = {start.isoformat(timespec='seconds')}\n"
        f"end = {end.isoformat(timespec='seconds')}\n{people}"
    )


def _prepare(data: Path) -> tuple[str, str]:
    """The technician's and everybody's PIN; ids of the course and its session."""
    now, key = int(datetime.now(UTC).timestamp() * 1000), sealing_key(data)
    engine = open_database(data / "diemdanh.db")
    try:
        with engine.connect() as db:
            point = db.execute(text("SELECT id FROM bridge_point WHERE code = :code"), {"code": CODE}).scalar_one()
            found = db.execute(text("SELECT id FROM learner WHERE code GLOB 'VD[1-8]'")).scalars().all()
            ids = text("SELECT course, session FROM session_bridge_point JOIN session ON session.id = session"
                       " WHERE bridge_point = :point")  # fmt: skip
            course, session = db.execute(ids, {"point": point}).one()

        def technician(db: Connection) -> None:
            account = add_account(db, NewAccount("vi-du-ky-thuat", TECHNICIAN), None, now)
            give(db, account, Grant("technician", None, point), None, now)
            set_pin(db, account, key.seal("witness_pin", account, hashed_pin(PIN).encode()), now)

        with Writer(engine) as writer:
            writer.submit(technician).result()
            pins = {who: hashed_pin(PIN) for who in found}
            writer.submit(partial(keep_pins(pins, key, now, None, only_new=True))).result()
    finally:
        engine.dispose()
    return course, session
