"""Reading what the pages of courses show: all courses in one row each, and one course's sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from central_server.bridge_points.tables import BridgePoint, Device
from central_server.courses.periods import periods, teaching_ms
from central_server.courses.series import Times
from central_server.courses.standing import ChangeRow, change_row, last_cancelling, last_move, lecturer_name
from central_server.courses.tables import (
    Course,
    CourseSession,
    Enrolment,
    Holiday,
    Lecturer,
    Programme,
    SessionBreak,
    SessionBridgePoint,
    SessionChange,
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
    programmes = {one.id: one.title for one in db.exec(select(Programme))}
    rows = []
    for course in db.exec(select(Course)):
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


_SEALED = text(
    "SELECT DISTINCT r.session, d.bridge_point FROM record r JOIN device d ON d.id = r.device"
    " WHERE r.kind = 'seal' AND r.session IN (SELECT id FROM session WHERE course = :course)"
)
_RECORDED = text(
    "SELECT id FROM session WHERE course = :course AND EXISTS (SELECT 1 FROM record WHERE record.session = session.id)"
)


def planned_sessions(db: Session, course: Course, now: int) -> list[PlannedRow]:
    """The sessions of a course in order of time."""
    of_course = select(CourseSession.id).where(CourseSession.course == course.id)
    breaks: dict[str, list[tuple[int, int]]] = {}
    for one in db.exec(select(SessionBreak).where(col(SessionBreak.session).in_(of_course))):
        breaks.setdefault(one.session, []).append((one.start, one.end))
    points: dict[str, list[str]] = {}
    for place in db.exec(select(SessionBridgePoint).where(col(SessionBridgePoint.session).in_(of_course))):
        points.setdefault(place.session, []).append(place.bridge_point)
    changes: dict[str, list[ChangeRow]] = {}
    query = select(SessionChange).where(col(SessionChange.session).in_(of_course)).order_by(col(SessionChange.number))
    for row in db.exec(query):
        changes.setdefault(row.session, []).append(change_row(row))
    sealed: dict[str, set[str]] = {}
    for session, point in db.execute(_SEALED, {"course": course.id}).all():
        sealed.setdefault(session, set()).add(point)
    recorded = set(db.execute(_RECORDED, {"course": course.id}).scalars())
    lecturers = {one.id: lecturer_name(one) for one in db.exec(select(Lecturer))}
    sessions = db.exec(select(CourseSession).where(CourseSession.course == course.id)).all()
    rows = []
    for of in sorted(sessions, key=lambda one: (one.start, one.id)):
        rests = tuple(sorted(breaks.get(of.id, ())))
        rows.append(
            PlannedRow(
                of.id, of.title, of.start, of.end, rests, of.field_visit, of.cancelled,
                lecturers.get(of.lecturer or "", ""), of.main_point, tuple(sorted(points.get(of.id, ()))),
                frozenset(sealed.get(of.id, ())), of.id in recorded, tuple(changes.get(of.id, ())),
                "before" if now < of.start else "running" if now < of.end else "over",
                teaching_ms(of.start, of.end, rests), course.period_minutes,
            )
        )  # fmt: skip
    return rows


def point_names(db: Session, ids: Sequence[str] | None = None) -> dict[str, str]:
    """Names of bridge points by id, in order of name; of all where none are given."""
    query = select(BridgePoint.id, BridgePoint.name).order_by(col(BridgePoint.name), col(BridgePoint.code))
    if ids is not None:
        query = query.where(col(BridgePoint.id).in_(ids))
    return dict(db.exec(query).all())


def learners_by_point(db: Session, course: str) -> dict[str, int]:
    """How many learners of a course are enrolled at each bridge point (id)."""
    query = select(Enrolment.bridge_point, func.count()).where(Enrolment.course == course)
    return dict(db.exec(query.group_by(col(Enrolment.bridge_point))).all())


def points_without_device(db: Session, points: Sequence[str]) -> set[str]:
    """Those of the bridge points (ids) that no agent has joined."""
    joined = set(db.exec(select(Device.bridge_point).where(col(Device.bridge_point).in_(points))))
    return set(points) - joined


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


_CLASHES = text(
    "SELECT s.id, s.title, o.title AS other, c.title AS course, b.name FROM session s"
    " JOIN session_bridge_point p ON p.session = s.id"
    " JOIN session_bridge_point q ON q.bridge_point = p.bridge_point"
    ' JOIN session o ON o.id = q.session AND o.course <> s.course AND o.start < s."end" AND o."end" > s.start'
    " JOIN course c ON c.id = o.course JOIN bridge_point b ON b.id = p.bridge_point"
    ' WHERE s.course = :course AND NOT s.cancelled AND NOT o.cancelled AND s."end" > :now ORDER BY s.start, b.name'
)


def clashes(db: Session, course: str, now: int) -> list[Clash]:
    """Where a bridge point would have to hold two sessions at once: its PC watches one of them."""
    return [Clash(*row) for row in db.execute(_CLASHES, {"course": course, "now": now}).all()]
