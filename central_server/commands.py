"""What the commands of `central-server` do."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from central_server.app import create_app, wall_clock
from central_server.bridge_points.joining import make_token
from central_server.config import Config
from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.courses.tables import Course, CourseSession
from central_server.database import Job, T, Writer, open_database
from central_server.serving import addresses, listen, log_to_stderr, server
from central_server.web.access import manager_key
from central_server.web.figures import day, day_time
from models.language import both


@contextmanager
def database(config: Config) -> Iterator[Engine]:
    """The database of a data folder, for one command."""
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
    changes = {name: value for name in ("host", "port") if (value := getattr(arguments, name)) is not None}
    config = msgspec.structs.replace(config, **changes)
    if arguments.check_config:
        print(both("Tệp cấu hình dùng được.", "The settings are good."))
        return 0
    with database(config):
        key = manager_key(config.data_folder)
    listener = listen(config)
    address = addresses(config, listener)
    log_to_stderr()
    app = create_app(config)
    print(both(f"Địa chỉ: {address}", f"Address: {address}"))
    print(both(f"Đăng nhập: {address}/sign-in?key={key.key}", f"Sign in: {address}/sign-in?key={key.key}"), flush=True)
    with listener:
        server(app).run(sockets=[listener])
    return 0


def load_course(arguments: argparse.Namespace, config: Config) -> int:
    """Load a course file."""
    loaded = change(config, load(read_course(arguments.file)))
    ids = ", ".join(loaded.sessions)
    print(
        both(
            f"Đã nạp {loaded.learners} học viên; buổi học: {ids}. Thêm {loaded.added}, sửa {loaded.changed} mục.",
            f"Loaded {loaded.learners} learners; sessions: {ids}. Added: {loaded.added}, changed: {loaded.changed}.",
        )
    )
    if loaded.only_in_database:
        count = loaded.only_in_database
        print(
            both(
                f"{count} học viên đã ghi danh trước đây không có trong tệp; vẫn được giữ trong lớp.",
                f"{count} learners enrolled earlier are not in the file; they stay in the course.",
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
    """The attendance sheet of a session."""
    raise NotImplementedError
