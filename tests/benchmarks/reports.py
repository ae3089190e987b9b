"""Sheets and reports: 5,000 rows as Excel, 500 as PDF, the reports of a course and of an office of 2 M intervals."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from sqlmodel import Session

from central_server.courses.queries import course_of
from central_server.database import Writer, open_database
from central_server.own_log.writing import append
from central_server.participation.book import Books
from central_server.participation.course import course_participation
from central_server.participation.live import LiveBoard
from central_server.participation.settling import Settling
from central_server.reports.participation_sheet import participation_sheet
from central_server.reports.pdf import sheet_pdf
from central_server.reports.period import period
from central_server.reports.plan_report import plan_report, plan_sheet
from central_server.reports.sheet import Column, Head, Row, Sheet
from central_server.reports.xlsx import sheet_xlsx
from models.enrolment_records import Enrolled
from models.own_records import CoursePlanned, SessionPlanned
from tests.benchmarks.country import country
from tests.benchmarks.measure import Measure, median_ms

NIGHTLY = True
"""The office's data set takes some minutes to build where no other benchmark has left it."""
GOAL_MS = 500.0
COURSE_MS = 1000.0
COURSES, EACH = 500, 100
COURSE = "c-7"
COLUMNS = (
    Column("STT", "plain", 5), Column("Họ và tên", "text", 24), Column("Mã học viên", "centred", 11),
    Column("Năm sinh", "plain", 7), Column("Chức vụ", "text", 16), Column("Đơn vị", "text", 24),
    Column("Tham dự", "tenths", 8, "Số tiết"), Column("Tổng", "tenths", 8, "Số tiết"), Column("Tỷ lệ", "percent", 8),
    Column("Xếp loại", "centred", 10), Column("Số hiệu", "centred", 12), Column("Số vào sổ", "centred", 10),
)  # fmt: skip


def run() -> Iterator[Measure]:
    """All of them."""
    yield _measure("5,000 rows as Excel", lambda: sheet_xlsx(completed(5000)), GOAL_MS)
    yield _measure("500 rows as PDF", lambda: sheet_pdf(completed(500)), GOAL_MS)
    yield from _office()
    yield _replayed()


def completed(count: int) -> Sheet:
    """A list of those who completed."""
    rows = [
        Row((n, f"Nguyễn Thị Hồng Ánh {n}", f"CB{n:05d}", 1970 + n % 30, "Chuyên viên", f"UBND xã Tân Phước {n % 37}",
             305 + n % 10, 320, 953 + n % 40, "Khá", f"CC{n:06d}", f"{n:04d}/26"))
        for n in range(1, count + 1)
    ]  # fmt: skip
    return Sheet("x", Head("UBND TỈNH", "TRƯỜNG CHÍNH TRỊ"), "DANH SÁCH", (), COLUMNS, tuple(rows), (),
                 date(2026, 11, 24), "vi", grouped_by="")  # fmt: skip


def _measure(name: str, work: Callable[[], object], goal: float) -> Measure:
    value = median_ms(work)
    return Measure(f"reports, {name}", value, "ms", goal=goal, ok=value <= goal)


def _office() -> Iterator[Measure]:
    """The sheet of a course in an office with 2 M intervals, from the figures that are settled."""
    now = time.time_ns() // 1_000_000
    folder = country(now, needed=COURSE)
    engine = open_database(folder / "diemdanh.db")
    try:
        with Writer(engine) as writer:
            books, settling = Books(engine, LiveBoard()), Settling(engine, writer)

            def course() -> None:
                with Session(engine) as db:
                    found = course_of(db, COURSE)
                    told = course_participation(db, books, settling, found, now)
                sheet_xlsx(participation_sheet(found, told, now, Head(), "vi"))

            yield _measure("a course of an office with 2 M intervals, as Excel", course, COURSE_MS)
    finally:
        engine.dispose()
        shutil.rmtree(folder)


def _replayed() -> Measure:
    """Plan against done of 500 courses and 50,000 turns, from the own log."""
    folder = Path(tempfile.mkdtemp(prefix="diemdanh-bench-"))
    engine = open_database(folder / "diemdanh.db")
    try:
        with engine.begin() as db:
            for n in range(COURSES):
                course, start = f"c-{n}", 1_772_000_000_000 + n * 3_600_000
                append(
                    db,
                    CoursePlanned(at=n, course=course, programme=None, period_minutes=45, starts=None, ends=None,
                                  published=True, class_rules="0" * 64, calendar=1),
                    SessionPlanned(at=n, session=f"{course}.1", course=course, start=start, end=start + 9_000_000,
                                   breaks=()),
                    *(Enrolled(at=n, course=course, learner=f"l-{n % 250}-{k}", bridge_point="p-1")
                      for k in range(EACH)),
                )  # fmt: skip

        def report() -> None:
            with Session(engine) as db:
                found = plan_report(db, period("2026"), 1_800_000_000_000)
            assert found.figures.total.turns.done == COURSES * EACH
            plan_sheet(found, "vi")

        return _measure("plan against done of 50,000 turns, replayed", report, COURSE_MS)
    finally:
        engine.dispose()
        shutil.rmtree(folder)
