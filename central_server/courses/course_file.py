"""A course described in a TOML file: its format and what must be true of it. deploy/examples/course.toml shows one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import msgspec

from central_server.courses.planning import PlannedSession
from central_server.courses.series import VIETNAM
from central_server.errors import CourseFileError
from models import settings
from models.participation import Rule

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=30, pattern=r"^[A-Za-z0-9_-]+\Z")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Year = Annotated[int, msgspec.Meta(ge=1900, le=2100)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the file's tables."""


class CourseTable(Table, frozen=True, kw_only=True):
    """`[course]`."""

    code: Code
    title: Words
    rule: Rule | None = None
    """Default: what the course has already, or the defaults."""


class BridgePointTable(Table, frozen=True, kw_only=True):
    """`[[bridge_points]]`."""

    code: Code
    name: Words


class SessionTable(Table, frozen=True, kw_only=True):
    """`[[sessions]]`. Times without an offset are Vietnam's."""

    code: Code
    title: Words
    start: datetime
    end: datetime
    breaks: Annotated[tuple[tuple[time, time], ...], msgspec.Meta(max_length=20)] = ()
    bridge_points: tuple[Code, ...] | None = None
    """Default: all of the file."""


class LearnerTable(Table, frozen=True, kw_only=True):
    """`[[learners]]`: a learner and the bridge point where he or she sits."""

    code: Code
    name: Words
    unit: Words
    birth_year: Year | None = None
    bridge_point: Code


class CourseFile(Table, frozen=True, kw_only=True):
    """The whole file."""

    course: CourseTable
    bridge_points: tuple[BridgePointTable, ...]
    sessions: tuple[SessionTable, ...]
    learners: tuple[LearnerTable, ...] = ()


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """A course file that was found to make sense."""

    file: CourseFile
    sessions: tuple[PlannedSession, ...]
    """Their bridge points by code."""


def read_course(path: Path) -> CoursePlan:
    """The course in the TOML file at `path`.

    Raises SettingsError or CourseFileError, with the line and what to write instead.
    """
    file = settings.read(path, CourseFile)
    at = _Lines(path)
    points = [point.code for point in file.bridge_points]
    at.unique("bridge_points", points)
    at.unique("sessions", [session.code for session in file.sessions])
    at.unique("learners", [learner.code for learner in file.learners])
    for number, learner in enumerate(file.learners):
        at.known("learners", number, learner.bridge_point, points)
    return CoursePlan(file, tuple(_plan(file, number, at) for number in range(len(file.sessions))))


def _plan(file: CourseFile, number: int, at: _Lines) -> PlannedSession:
    session = file.sessions[number]
    start, end = _ms(session.start), _ms(session.end)
    if end <= start:
        raise at.error(
            "sessions", number, "buổi học kết thúc trước khi bắt đầu; hãy sửa start hoặc end.",
            "the session ends before it starts; mend start or end.",
        )  # fmt: skip
    breaks = tuple(sorted(_break(session.start, one) for one in session.breaks))
    edges = [start, *(edge for one in breaks for edge in one), end]
    if edges != sorted(edges):
        raise at.error(
            "sessions", number, "giờ giải lao phải nằm trong buổi học và không chồng lên nhau.",
            "breaks must lie inside the session and not overlap.",
        )  # fmt: skip
    known = [point.code for point in file.bridge_points]
    points = known if session.bridge_points is None else list(session.bridge_points)
    for point in points:
        at.known("sessions", number, point, known)
    return PlannedSession(f"{file.course.code}.{session.code}", session.title, start, end, breaks, tuple(points))


def _ms(moment: datetime) -> int:
    local = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
    return round(local.timestamp() * 1000)


def _break(start: datetime, one: tuple[time, time]) -> tuple[int, int]:
    """A break given in hours and minutes: the first such moments after the session's start, also past midnight."""
    base = start if start.tzinfo else start.replace(tzinfo=VIETNAM)
    moments = []
    for clock in one:
        moment = datetime.combine(base.date(), clock, base.tzinfo)
        moments.append(_ms(moment if moment >= base else moment + timedelta(days=1)))
    return moments[0], moments[1]


class _Lines:
    """Finds the lines of a course file that an error speaks of."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lines = path.read_text(encoding="utf-8").splitlines()

    def of(self, table: str, number: int) -> int:
        """The line (from 1) of the header of the `number`-th (from 0) `[[table]]`."""
        header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
        found = [line for line, text in enumerate(self._lines, 1) if header.match(text)]
        return found[number] if number < len(found) else 1

    def error(self, table: str, number: int, vi: str, en: str) -> CourseFileError:
        """An error that speaks of one table of the file."""
        line = self.of(table, number)
        return CourseFileError(f"{self.path}, dòng {line}: {vi}", f"{self.path}, line {line}: {en}")

    def unique(self, table: str, codes: Sequence[str]) -> None:
        """Raises CourseFileError when two of a kind have the same code."""
        for number, code in enumerate(codes):
            if code in codes[:number]:
                before = self.of(table, codes.index(code))
                raise self.error(
                    table, number, f'mã "{code}" đã dùng ở dòng {before}; mỗi mã chỉ dùng một lần.',
                    f'the code "{code}" is used at line {before} already; use each once.',
                )  # fmt: skip

    def known(self, table: str, number: int, point: str, points: Iterable[str]) -> None:
        """Raises CourseFileError when the file has no bridge point with that code."""
        if point not in points:
            known = ", ".join(points)
            raise self.error(
                table, number, f'không có điểm cầu mã "{point}". Các mã trong tệp: {known}.',
                f'there is no bridge point with the code "{point}". Codes in the file: {known}.',
            )  # fmt: skip
