"""Reading courses, sessions and enrolment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from central_server.courses.tables import Course, CourseSession, Enrolment, SessionBreak, SessionBridgePoint
from central_server.enrolment.places import places_in
from central_server.errors import NotFoundError
from central_server.learners.queries import learners_of
from models.wire import RosterLearner, SessionPlan, Today

AHEAD_MS = 24 * 3_600_000
"""How far ahead a bridge point is told of its sessions: names leave the server for the day they are needed."""


def course_of(db: Session, course: str) -> Course:
    """The course with that id. Raises NotFoundError."""
    found = db.get(Course, course)
    if found is None:
        raise NotFoundError("Không có lớp này. Hãy kiểm tra lại địa chỉ.", "There is no such course.")
    return found


def breaks_of(db: Session, session: str) -> tuple[tuple[int, int], ...]:
    """The breaks of a session, in order (ms)."""
    rows = db.exec(select(SessionBreak).where(SessionBreak.session == session).order_by(col(SessionBreak.start)))
    return tuple((row.start, row.end) for row in rows)


def today(db: Session, bridge_point: str, now: int) -> Today:
    """The sessions of a bridge point that have not ended and begin within AHEAD_MS, with their rosters."""
    query = (
        select(CourseSession, Course)
        .join(SessionBridgePoint, col(SessionBridgePoint.session) == CourseSession.id)
        .join(Course, col(Course.id) == CourseSession.course)
        .where(SessionBridgePoint.bridge_point == bridge_point)
        .where(CourseSession.end > now, CourseSession.start < now + AHEAD_MS)
        .order_by(col(CourseSession.start), col(CourseSession.id))
    )
    return Today(sessions=tuple(_plan(db, session, course, bridge_point) for session, course in db.exec(query)))


def _plan(db: Session, session: CourseSession, course: Course, bridge_point: str) -> SessionPlan:
    places, _ = places_in(db, session)
    here = [who for who, point in places.items() if point == bridge_point]
    learners = sorted(learners_of(db, here), key=lambda who: who.code)
    return SessionPlan(
        session=session.id,
        course=course.title,
        title=session.title,
        start=session.start,
        end=session.end,
        breaks=breaks_of(db, session.id),
        learners=tuple(
            RosterLearner(id=who.id, code=who.code, name=who.name, unit=who.unit, birth_year=who.birth_year)
            for who in learners
        ),
    )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list."""

    id: str
    title: str
    course: str
    start: int
    end: int
    learners: int
    bridge_points: int


def all_sessions(db: Session) -> list[SessionRow]:
    """Every session, soonest first, with how many learners and bridge points it has."""
    learners = dict(db.exec(select(Enrolment.course, func.count()).group_by(col(Enrolment.course))).all())
    places = select(SessionBridgePoint.session, func.count()).group_by(col(SessionBridgePoint.session))
    points = dict(db.exec(places).all())
    query = select(CourseSession, Course).join(Course, col(Course.id) == CourseSession.course)
    return [
        SessionRow(
            session.id,
            session.title,
            course.title,
            session.start,
            session.end,
            learners.get(course.id, 0),
            points.get(session.id, 0),
        )
        for session, course in db.exec(query.order_by(col(CourseSession.start), col(CourseSession.id)))
    ]
