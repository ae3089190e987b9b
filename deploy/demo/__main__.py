"""Run the demo: set up a data folder, start the server and one agent, show the class manager's page."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
import webbrowser
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from bridge_agent.capture.source import parse_source
from bridge_agent.simulated_class.classes import two_people
from bridge_agent.simulated_class.script import Script
from deploy.demo import classroom, desk, pictures
from deploy.demo.page import ManagersView
from deploy.demo.programs import ProgramError, Programs, run, run_here, wait_until
from deploy.demo.table import print_participation
from models.command_line import Parser, number_between
from models.errors import DiemdanhError
from models.faces.portraits import read_portraits
from models.language import both

ROOT = Path(__file__).resolve().parents[2]
SIMULATED_S = 300
OPEN_END_S = 4 * 3600
AGENT_READY = timedelta(seconds=120)
SERVER_READY_S = 30
AGENT_LAST_WORDS_S = 8.0


def parser() -> argparse.ArgumentParser:
    """The demo's command line."""
    p = Parser(
        prog="run.py demo",
        description=both(
            "Chạy thử toàn bộ hệ thống trên máy này: máy chủ, một điểm cầu và trang của cán bộ quản lý lớp.",
            "Try the whole system on this PC: server, one bridge point and the class manager's page.",
        ),
        epilog=both(
            "Không có --camera hay --video thì chạy một lớp mô phỏng. Dừng bằng Ctrl-C.",
            "With neither --camera nor --video a simulated class is played. Ctrl-C stops it.",
        ),
    )
    p.add_argument("--camera", metavar="N", help=both("dùng camera số N và ghi danh người ngồi trước", "use camera N"))
    p.add_argument("--video", metavar="FILE", type=Path, help=both("dùng tệp video này", "use this video file"))
    p.add_argument("--portraits", metavar="DIR", type=Path, help=both("ảnh chân dung: TÊN.jpg", "portraits: NAME.jpg"))
    p.add_argument(
        "--for",
        dest="seconds",
        type=number_between(5, OPEN_END_S),
        metavar="SECONDS",
        help=both("tự dừng", "end by itself"),
    )
    p.add_argument("--no-province", action="store_true", help=both("chỉ một lớp thử", "only the one class"))
    p.add_argument("--no-browser", action="store_true", help=both("không mở trình duyệt", "open no browser"))
    p.add_argument(
        "--port", type=int, default=0, help=both("cổng của máy chủ", "the server's port (default: any free)")
    )
    p.add_argument("--data", type=Path, default=ROOT / "data", help=both("thư mục dữ liệu", "data folder"))
    return p


def main() -> int:
    """Play the demo. An error is one sentence and exit code 2."""
    p = parser()
    args = p.parse_args()
    if args.camera is not None and args.video is not None:
        p.error(both("chọn --camera hoặc --video, không cả hai", "choose --camera or --video, not both"))
    if (args.video is None) != (args.portraits is None):
        p.error(both("--video và --portraits đi cùng nhau", "--video and --portraits go together"))
    folder = args.data.resolve() / f"demo-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    os.umask(0o077)  # portraits, the key and the log are nobody else's; the programs that are started inherit it
    folder.mkdir(parents=True)
    programs = Programs(folder)
    try:
        return play(args, folder, programs)
    except DiemdanhError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        say("Đang dừng…", "Stopping…")
        return 130
    finally:
        programs.stop()


def play(args: argparse.Namespace, folder: Path, programs: Programs) -> int:
    """Start everything, follow the class to its end and print the table of participation."""
    began = time.monotonic()
    if (inherited := os.environ.get("DIEMDANH_STARTED")) is not None:
        began -= max(0.0, time.time() - float(inherited))  # run.py's own set-up counts too
    room = prepare(args, folder)
    server_settings = classroom.write_server_settings(folder, args.port)
    say("Khởi động máy chủ…", "Starting the server…")
    programs.start("server", "central_server.cli", "serve", "--config", server_settings)
    view = ManagersView(folder / "server.txt", classroom.SESSION)
    if not wait_until(programs, view.ready, SERVER_READY_S):
        raise ProgramError("Máy chủ không trả lời.", "The server does not answer.")

    account = ("--config", server_settings, "--login", "demo", "--address", view.address)
    name = both("Cán bộ quản lý lớp (chạy thử)", "Class manager (demo)")
    run("central_server.cli", "new-account", *account, "--name", name, "--role", "class_manager")

    def link() -> str:
        return run("central_server.cli", "sign-in-link", *account).split()[0]

    view.sign_in(link())
    length = args.seconds or (room.script.seconds if room.script else OPEN_END_S)
    plan = partial(classroom.write_course, folder, room.learners, seconds=length)
    # The agent watches some minutes before a session, so it is ready by the time that this one is moved to now.
    run("central_server.cli", "load-course", "--config", server_settings, plan(start=now() + AGENT_READY))
    token = run(
        "central_server.cli", "new-token", "--config", server_settings, "--bridge-point", classroom.BRIDGE_POINT
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        console_port = free.getsockname()[1]
    settings = classroom.write_agent_settings(folder, view.address, room.source, room.portraits, console_port)
    run("bridge_agent.cli", "join", "--config", settings, "--server", view.address, "--token", token.split()[0])
    say("Khởi động điểm cầu…", "Starting the bridge point's agent…")
    programs.start("agent", "bridge_agent.cli", "run", "--config", settings)
    page = view.page(link())
    say(f"Trang của cán bộ quản lý lớp: {page}", f"The class manager's page: {page}")
    console = f"http://localhost:{console_port}"
    say(f"Trang của điểm cầu: {console}, màn hình điểm danh: {console}/kiosk",
        f"The bridge point's page: {console}, the learners' check-in screen: {console}/kiosk")  # fmt: skip
    if not args.no_browser:
        webbrowser.open(page)
    if not wait_until(programs, view.watched, AGENT_READY.total_seconds()):
        raise ProgramError("Điểm cầu chưa theo dõi được phòng.", "The agent does not watch the room.")
    run("central_server.cli", "load-course", "--config", server_settings, plan(start=now()))

    end = time.monotonic() + length
    seen = False
    while time.monotonic() < end:
        programs.check()
        if not seen and view.anybody_present():
            seen = True
            took = time.monotonic() - began
            say(
                f"Học viên đầu tiên hiện trên trang sau {took:.1f} s.", f"First learner on the page after {took:.1f} s."
            )
            _show_desk(make_desk(folder, server_settings, view), console)
            if not args.no_province:
                province = ("--data", folder / "server", "--address", view.address)
                programs.start("province", "deploy.demo.province", *province)
                say("Đang thêm 25 lớp của một tỉnh tưởng tượng.", "Adding 25 courses of an invented province.")
        time.sleep(0.2)
    wait_until(programs, view.settled, AGENT_LAST_WORDS_S)
    print_participation(view.participation(), room.script)
    if not args.seconds:
        say("Lớp đã kết thúc; trang vẫn mở. Ctrl-C để dừng.", "The class is over; the page stays. Ctrl-C stops.")
        while True:
            programs.check()
            time.sleep(0.5)
    return 0


def make_desk(folder: Path, server_settings: Path, view: ManagersView) -> desk.DeskKeys:
    """A technician of the bridge point, and what the desk asks for. Raises DiemdanhError."""
    account = ("--config", server_settings, "--login", "demo-ky-thuat", "--address", view.address)
    name = both("Cán bộ kỹ thuật (chạy thử)", "Technician (demo)")
    at = ("--role", "technician", "--bridge-point", classroom.BRIDGE_POINT)
    run("central_server.cli", "new-account", *account, "--name", name, *at)
    technician = ManagersView(folder / "server.txt", classroom.SESSION).at(view.address)
    technician.sign_in(run("central_server.cli", "sign-in-link", *account).split()[0])
    return desk.make(view, technician)


def _show_desk(keys: desk.DeskKeys, console: str) -> None:
    say(
        f"Thử điểm danh không cần khuôn mặt: nhận trực ở {console} bằng mã PIN {keys.technician_pin}; rồi ở "
        f"{console}/kiosk gõ mã {keys.code} và mã PIN {keys.pin} của {keys.learner}, hoặc gõ số thẻ {keys.card} rồi mã "
        "PIN của người trực.",
        f"Try checking in without the face: take duty at {console} by the PIN {keys.technician_pin}; then at "
        f"{console}/kiosk type {keys.learner}'s code {keys.code} and PIN {keys.pin}, or the card's number {keys.card} "
        "and the PIN of whoever is on duty.",
    )


@dataclass(frozen=True, slots=True)
class Room:
    """What the agent watches and whom it knows."""

    source: str
    portraits: Path
    learners: list[str]
    script: Script | None = None


def prepare(args: argparse.Namespace, folder: Path) -> Room:
    """The room that the arguments ask for. Raises DiemdanhError with what to do."""
    portraits = folder / "portraits"
    if args.video is not None:
        names = list(read_portraits(args.portraits))
        parse_source(str(args.video))
        return Room(str(args.video.resolve()), args.portraits.resolve(), names)
    if args.camera is not None:
        name = input(both("Họ và tên của đồng chí: ", "Your name: ")).strip() or "Học viên"
        run_here("bridge_agent.cli", "enrol", "--source", args.camera, "--name", name, "--out", portraits)
        return Room(args.camera, portraits, [name])
    say("Chuẩn bị lớp mô phỏng (hai người trong ảnh mẫu)…", "Preparing the simulated class (two sample portraits)…")
    pictures.fetch(args.data / "pictures")
    who = pictures.learner(args.data / "pictures")
    classroom.copy_portraits(portraits, who.name, list(who.enrol))
    script = two_people(who, pictures.stranger(args.data / "pictures"), seconds=args.seconds or SIMULATED_S)
    path = folder / "class.toml"
    path.write_bytes(msgspec.toml.encode(script, enc_hook=str))
    return Room(f"simulated:{path}", portraits, [who.name], script)


def now() -> datetime:
    """The time of day, which the session's plan needs."""
    return datetime.now(UTC)


def say(vi: str, en: str) -> None:
    """One line of progress."""
    print(f"» {both(vi, en)}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
