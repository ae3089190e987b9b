"""Reading what the pages of courses show: all courses in one row each, and one course's sessions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import TextClause, bindparam, text
from sqlmodel import Session, col, func, select

from central_server.bridge_points.tables import BridgePoint, Device
from central_server.courses.periods import periods, teaching_ms
from central_server.courses.series import Times
from central_server.courses.standing import ChangeRow, last_cancelling, last_move, lecturer_name
from central_server.courses.tables import (
    Course,
    Enrolment,
    Holiday,
    Lecturer,
    Programme,
)

State = Literal["draft", "to_come", "running", "over"]
Phase = Literal["before", "running", "over"]


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course in a list. Times are ms since 1970 UTC."""

    id: str
    code: str
    title: str
    programme: str
    state: State
    sessions: int
    """Cancelled ones left out, here and below."""
    over: int
    learners: int
    first: int | None
    last: int | None
    """Start of the first session, end of the last."""
    next: int | None
    """Start of the next session that has not ended."""


_COURSES = text("SELECT id, code, title, programme, published FROM course")


def course_rows(db: Session, now: int, visible: frozenset[str] | None = None) -> list[CourseRow]:
    """All courses that may be seen (ids; None: all), newest first."""
    counts = {
        row.course: row
        for row in db.execute(
            text(
                'SELECT course, count(*) AS held, sum("end" <= :now) AS over, min(start) AS first, max("end") AS last,'
                ' min(CASE WHEN "end" > :now THEN start END) AS next FROM session WHERE NOT cancelled GROUP BY course'
            ),
            {"now": now},
        )
    }
    learners = dict(db.exec(select(Enrolment.course, func.count()).group_by(col(Enrolment.course))).all())
    programmes = dict(db.exec(select(Programme.id, Programme.title)).all())
    rows = []
    for course in db.execute(_COURSES):
        if visible is not None and course.id not in visible:
            continue
        held = counts.get(course.id)
        first, last = (held.first, held.last) if held else (None, None)
        rows.append(
            CourseRow(
                course.id, course.code, course.title, programmes.get(course.programme or "", ""),
                _state(course.published, first, last, now), held.held if held else 0, held.over if held else 0,
                learners.get(course.id, 0), first, last, held.next if held else None,
            )
        )  # fmt: skip
    rows.sort(key=lambda row: (-(row.first or now), row.code))
    return rows


def _state(published: bool, first: int | None, last: int | None, now: int) -> State:
    if not published:
        return "draft"
    if first is None or last is None or now < first:
        return "to_come"
    return "running" if now < last else "over"


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A session of a course with all that its pages tell. Times are ms since 1970 UTC."""

    id: str
    title: str
    start: int
    end: int
    breaks: Times
    field_visit: bool
    cancelled: bool
    lecturer: str
    main_point: str | None
    points: tuple[str, ...]
    """Ids of its bridge points."""
    sealed: frozenset[str]
    """Those that have sealed it."""
    has_records: bool
    changes: tuple[ChangeRow, ...]
    phase: Phase
    teaching_ms: int
    """Breaks left out."""
    period_minutes: int

    @property
    def periods(self) -> float:
        """Teaching periods, to the tenth; sums are made of teaching_ms, not of these."""
        return periods(self.teaching_ms, self.period_minutes)

    @property
    def moved(self) -> ChangeRow | None:
        """The last move; None when the session is where it was planned first."""
        return last_move(self.changes, self.start, self.end)

    @property
    def cancelling(self) -> ChangeRow | None:
        """Why it is cancelled."""
        return last_cancelling(self.changes, self.cancelled)

    @property
    def unsealed(self) -> bool:
        """Over, and a bridge point has not closed it."""
        return self.phase == "over" and not self.cancelled and bool(set(self.points) - self.sealed)

    @property
    def recorded_before_move(self) -> bool:
        """Its times were changed and records speak of it: participation is computed against the times of now."""
        return self.has_records and self.moved is not None


def _of_courses(query: str) -> TextClause:
    return text(query).bindparams(bindparam("courses", expanding=True))


_SESSIONS = _of_courses(
    'SELECT course, id, title, start, "end", lecturer, main_point, field_visit, cancelled FROM session'
    " WHERE course IN :courses ORDER BY start, id"
)
_BREAKS = _of_courses(
    'SELECT b.session, b.start, b."end" FROM session_break b JOIN session s ON s.id = b.session'
    " WHERE s.course IN :courses"
)
_PLACES = _of_courses(
    "SELECT p.session, p.bridge_point FROM session_bridge_point p JOIN session s ON s.id = p.session"
    " WHERE s.course IN :courses"
)
_CHANGES = _of_courses(
    'SELECT c.session, c.number, c.change, c.start, c."end", c.reason, c.at FROM session_change c'
    " JOIN session s ON s.id = c.session WHERE s.course IN :courses ORDER BY c.number"
)
_SEALED = _of_courses(
    "SELECT DISTINCT r.session, d.bridge_point FROM session s JOIN record r ON r.session = s.id AND r.kind = 'seal'"
    " JOIN device d ON d.id = r.device WHERE s.course IN :courses"
)
_RECORDED = _of_courses(
    "SELECT id FROM session WHERE course IN :courses AND EXISTS"
    " (SELECT 1 FROM record WHERE record.session = session.id)"
)


def planned_sessions(db: Session, course: Course, now: int) -> list[PlannedRow]:
    """The sessions of a course in order of time."""
    return sessions_of_courses(db, [course], now)[course.id]


def sessions_of_courses(db: Session, courses: Sequence[Course], now: int) -> dict[str, list[PlannedRow]]:
    """The sessions of some courses (by id), each in order of time. As many queries as for one."""
    which = {"courses": [course.id for course in courses]}
    breaks: dict[str, list[tuple[int, int]]] = {}
    for session, start, end in db.execute(_BREAKS, which):
        breaks.setdefault(session, []).append((start, end))
    points: dict[str, list[str]] = {}
    for session, point in db.execute(_PLACES, which):
        points.setdefault(session, []).append(point)
    changes: dict[str, list[ChangeRow]] = {}
    for session, *told in db.execute(_CHANGES, which):
        changes.setdefault(session, []).append(ChangeRow(*told))
    sealed: dict[str, set[str]] = {}
    for session, point in db.execute(_SEALED, which):
        sealed.setdefault(session, set()).add(point)
    recorded = set(db.execute(_RECORDED, which).scalars())
    lecturers = {one.id: lecturer_name(one) for one in db.exec(select(Lecturer))}
    minutes = {course.id: course.period_minutes for course in courses}
    rows: dict[str, list[PlannedRow]] = {course.id: [] for course in courses}
    for of in db.execute(_SESSIONS, which):
        rests = tuple(sorted(breaks.get(of.id, ())))
        rows[of.course].append(
            PlannedRow(
                of.id, of.title, of.start, of.end, rests, bool(of.field_visit), bool(of.cancelled),
                lecturers.get(of.lecturer or "", ""), of.main_point, tuple(sorted(points.get(of.id, ()))),
                frozenset(sealed.get(of.id, ())), of.id in recorded, tuple(changes.get(of.id, ())),
                "before" if now < of.start else "running" if now < of.end else "over",
                teaching_ms(of.start, of.end, rests), minutes[of.course],
            )
        )  # fmt: skip
    return rows


def point_names(db: Session, ids: Collection[str] | None = None) -> dict[str, str]:
    """Names of bridge points by id, in order of name; of all where none are given."""
    query = select(BridgePoint.id, BridgePoint.name).order_by(col(BridgePoint.name), col(BridgePoint.code))
    if ids is not None:
        query = query.where(col(BridgePoint.id).in_(ids))
    return dict(db.exec(query).all())


def learners_by_point(db: Session, courses: Sequence[str]) -> dict[str, dict[str, int]]:
    """By course (id), how many learners are enrolled at each bridge point (id)."""
    query = select(Enrolment.course, Enrolment.bridge_point, func.count()).where(col(Enrolment.course).in_(courses))
    found: dict[str, dict[str, int]] = {course: {} for course in courses}
    for course, point, count in db.exec(query.group_by(col(Enrolment.course), col(Enrolment.bridge_point))):
        found[course][point] = count
    return found


def points_without_device(db: Session, points: Collection[str]) -> frozenset[str]:
    """Those of the bridge points (ids) that no agent has joined."""
    joined = set(db.exec(select(Device.bridge_point).where(col(Device.bridge_point).in_(points))))
    return frozenset(points) - joined


def holidays(db: Session) -> dict[date, str]:
    """Days without classes, by name."""
    return {one.day: one.name for one in db.exec(select(Holiday))}


@dataclass(frozen=True, slots=True)
class Clash:
    """Another course's session is at the same bridge point at the same time."""

    session: str
    title: str
    other: str
    other_course: str
    point: str
    """Name."""


_CLASHES = _of_courses(
    "SELECT s.course, s.id, s.title, o.title, c.title, b.name FROM session s"
    " JOIN session_bridge_point p ON p.session = s.id"
    " JOIN session_bridge_point q ON q.bridge_point = p.bridge_point"
    ' JOIN session o ON o.id = q.session AND o.course <> s.course AND o.start < s."end" AND o."end" > s.start'
    " JOIN course c ON c.id = o.course JOIN bridge_point b ON b.id = p.bridge_point"
    ' WHERE s.course IN :courses AND NOT s.cancelled AND NOT o.cancelled AND s."end" > :now ORDER BY s.start, b.name'
)


def clashes(db: Session, courses: Sequence[str], now: int) -> dict[str, list[Clash]]:
    """By course (id), where a bridge point would have to hold two sessions at once: its PC watches one of them."""
    found: dict[str, list[Clash]] = {course: [] for course in courses}
    for course, *clash in db.execute(_CLASHES, {"courses": courses, "now": now}):
        found[course].append(Clash(*clash))
    return found
