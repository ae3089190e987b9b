"""What the commands of `central-server` do."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from central_server.accounts import commands as accounts
from central_server.accounts.first import first_administrator
from central_server.bridge_points.joining import make_token
from central_server.bridge_points.rotation import revoke
from central_server.clock import wall_clock
from central_server.config import Config
from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.courses.tables import Course, CourseSession
from central_server.data_lock import held_by_command
from central_server.database import Job, T, Writer, open_database
from central_server.participation.book import SessionBook
from central_server.participation.live import LiveBoard
from central_server.participation.rounding import shown
from central_server.participation.state import SessionState
from central_server.reports.attendance_reading import attendance_of
from central_server.reports.csv_file import sheet_csv
from central_server.reports.sheet import Sheet
from central_server.reports.written_file import write_file
from central_server.reports.xlsx import sheet_xlsx
from central_server.web.figures import day, day_time, number, percent
from models.language import both, counted, language, many
from models.participation import Verdict


@contextmanager
def database(config: Config) -> Iterator[Engine]:
    """The database of a data folder, for one command; it is not restored meanwhile."""
    with held_by_command(config.data_folder):
        engine = open_database(config.database)
        try:
            yield engine
        finally:
            engine.dispose()


def change(config: Config, job: Job[T]) -> T:
    """Run one job on the database of a data folder; a server may be running on it."""
    with database(config) as engine, Writer(engine) as writer:
        return writer.submit(job).result()


def serve(arguments: argparse.Namespace, config: Config) -> int:
    """Run the server until it is stopped."""
    # All pages load with these, a second that the other commands need not wait.
    from central_server.app import create_app
    from central_server.checking import check
    from central_server.log_lines import log_to_stderr
    from central_server.serving import addresses, listen, server

    changes = {name: value for name in ("host", "port") if (value := getattr(arguments, name)) is not None}
    config = msgspec.structs.replace(config, **changes)
    typed = frozenset(changes) | ({"data"} if arguments.data is not None else set())
    check(config, arguments.config, typed)
    if arguments.check_config:
        print(both("Tệp cấu hình dùng được.", "The settings are good."))
        return 0
    first = change(config, first_administrator(wall_clock()))
    listener = listen(config)
    address = addresses(config, listener)
    log_to_stderr()
    app = create_app(config, serving=True)
    print(both(f"Địa chỉ: {address}", f"Address: {address}"))
    if first is None:
        print(both(f"Đăng nhập: {address}/sign-in", f"Sign in: {address}/sign-in"), flush=True)
    else:
        link = f"{address}{first.path}"
        sentence = both("Quản trị hệ thống đăng nhập lần đầu", "First sign-in of the administrator")
        print(f"{sentence}: {link}", flush=True)
    gc.freeze()  # what is there now stays: looking through it for garbage, again and again, would slow ingest down
    with listener:
        server(app).run(sockets=[listener])
    return 0


def load_course(arguments: argparse.Namespace, config: Config) -> int:
    """Load a course file."""
    loaded = change(config, load(read_course(arguments.file), wall_clock()))
    ids = ", ".join(loaded.sessions)
    print(
        both(
            f"Đã nạp {loaded.learners} học viên; buổi học: {ids}. Thêm {loaded.added}, sửa {loaded.changed} mục.",
            f"Loaded {counted(loaded.learners, 'learner')}; sessions: {ids}. "
            f"Added: {loaded.added}, changed: {loaded.changed}.",
        )
    )
    if loaded.only_in_database:
        count = loaded.only_in_database
        print(
            both(
                f"{count} học viên đã ghi danh trước đây không có trong tệp; vẫn được giữ trong lớp.",
                f"{counted(count, 'learner')} enrolled earlier {many(count, 'is', 'are')} not in the file, and "
                f"{many(count, 'stays', 'stay')} in the course.",
            )
        )
    return 0


def new_token(arguments: argparse.Namespace, config: Config) -> int:
    """Make a join token and show it once."""
    made = change(config, make_token(arguments.bridge_point, wall_clock()))
    until = f"{day_time(made.expires_at)} {day(made.expires_at)}"
    print(made.token)
    print(
        both(
            f"Mã gia nhập của điểm cầu {made.bridge_point_name}: dùng một lần, đến {until}.",
            f"Join token of the bridge point {made.bridge_point_name}: good for one agent, until {until}.",
        )
    )
    return 0


def new_account(arguments: argparse.Namespace, config: Config) -> int:
    """Make an account."""
    return accounts.new_account(arguments, config, wall_clock())


def sign_in_link(arguments: argparse.Namespace, config: Config) -> int:
    """Make a one-time sign-in link."""
    return accounts.sign_in_link(arguments, config, wall_clock())


def revoke_device(arguments: argparse.Namespace, config: Config) -> int:
    """Revoke the keys of a bridge point's devices."""
    devices = change(config, revoke(arguments.bridge_point, wall_clock()))
    names = ", ".join(devices)
    print(
        both(
            f"Đã thu hồi khóa của {len(devices)} thiết bị: {names}. Bản ghi của chúng được giữ nguyên.",
            f"Revoked the keys of {counted(len(devices), 'device')}: {names}. Their records stay as they are.",
        )
        if devices
        else both("Điểm cầu này không có thiết bị nào đang dùng được.", "This bridge point has no device in use.")
    )
    return 0


def sessions(arguments: argparse.Namespace, config: Config) -> int:
    """List the sessions."""
    table = Table(
        both("Mã buổi học", "Session"), both("Lớp", "Course"), both("Buổi", "Title"), both("Thời gian", "Time")
    )
    with database(config) as engine, Session(engine) as db:
        query = select(CourseSession, Course).join(Course, col(Course.id) == CourseSession.course)
        rows = db.exec(query.order_by(col(CourseSession.start), col(CourseSession.id))).all()
        for session, course in rows:
            when = f"{day(session.start)} {day_time(session.start)}–{day_time(session.end)}"
            table.add_row(session.id, course.title, session.title, when)
    if rows:
        Console().print(table)
    else:
        print(both("Chưa có buổi học. Nạp một lớp: load-course.", "There are no sessions. Load a course: load-course."))
    return 0


def participation(arguments: argparse.Namespace, config: Config) -> int:
    """The attendance sheet of a session, from what the records say (a live status is only in the server's memory)."""
    with database(config) as engine:
        state = SessionBook(engine, LiveBoard(), arguments.session).state(wall_clock())
        with Session(engine) as db:
            sheet = attendance_of(db, state, language())
    path: Path | None = arguments.xlsx or arguments.csv
    if path is None:
        print_sheet(state, sheet)
        return 0
    write_file(path, sheet_xlsx(sheet) if arguments.xlsx else sheet_csv(sheet))
    print(both(f"Đã ghi {path}: {sheet.count} học viên.", f"Wrote {path}: {counted(sheet.count, 'learner')}."))
    return 0


VERDICTS: dict[Verdict, tuple[str, str]] = {
    "completed": ("đạt", "completed"),
    "not_completed": ("chưa đạt", "not completed"),
    "undecided": ("cần xem xét", "undecided"),
}


def print_sheet(state: SessionState, sheet: Sheet) -> None:
    """What matters of the sheet, on a terminal of 80 columns; the files hold all of it."""
    console, lang = Console(), language()
    for name, value in sheet.about:
        console.print(f"{name}: {value}", markup=False, highlight=False)
    for point in state.points:
        table = Table(title=Text(point.facts.name), title_justify="left", box=box.SIMPLE, pad_edge=False)
        table.add_column(both("Học viên", "Learner"), min_width=22)
        table.add_column(both("Có mặt (phút)", "Present (min)"), justify="right", max_width=7)
        table.add_column(both("Vắng (phút)", "Absent (min)"), justify="right", max_width=6)
        table.add_column(both("Không xác định (phút)", "Not observed (min)"), justify="right", max_width=9)
        table.add_column(both("Tỷ lệ", "Share"), justify="right", no_wrap=True)
        table.add_column(both("Kết quả", "Verdict"), no_wrap=True)
        for learner in point.learners:
            who, part = learner.facts, learner.participation
            minutes = shown(part)
            about = f"{who.unit}, {who.birth_year}" if who.birth_year else who.unit
            figures = (number(one, lang) for one in (minutes.seen, minutes.not_seen, minutes.not_observed))
            verdict = VERDICTS[part.verdict]
            cells = (f"{who.name}\n{about}", *figures, percent(part.share, lang), both(*verdict))
            table.add_row(*(Text(cell) for cell in cells))
        console.print(table)
    for note in sheet.notes:
        console.print(note, markup=False, highlight=False)
