"""Reading courses, sessions and enrolment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import Session, col, func, select

from central_server.accounts.permission import Actor
from central_server.courses.tables import Course, CourseSession, Enrolment, SessionBreak, SessionBridgePoint
from central_server.learners.tables import Learner
from models.wire import RosterLearner, SessionPlan, Today

AHEAD_MS = 24 * 3_600_000
"""How far ahead a bridge point is told of its sessions: names leave the server for the day they are needed."""


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
    learners = db.exec(
        select(Learner)
        .join(Enrolment, col(Enrolment.learner) == Learner.id)
        .where(Enrolment.course == course.id, Enrolment.bridge_point == bridge_point)
        .order_by(col(Learner.code))
    )
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


def seen_by(actor: Actor) -> ColumnElement[bool]:
    """The sessions of which the actor may see all or a part, as a condition on CourseSession."""
    clauses: list[ColumnElement[bool]] = []
    for grant in actor.granted("see_session"):
        places = select(SessionBridgePoint.session).where(SessionBridgePoint.bridge_point == grant.bridge_point)
        in_course = true() if grant.course is None else col(CourseSession.course) == grant.course
        clauses.append(and_(in_course, true() if grant.bridge_point is None else col(CourseSession.id).in_(places)))
    return or_(false(), *clauses)


def all_sessions(db: Session, actor: Actor) -> list[SessionRow]:
    """Every session that the actor may see, soonest first, with how many learners and bridge points it has."""
    learners = dict(db.exec(select(Enrolment.course, func.count()).group_by(col(Enrolment.course))).all())
    places = select(SessionBridgePoint.session, func.count()).group_by(col(SessionBridgePoint.session))
    points = dict(db.exec(places).all())
    query = select(CourseSession, Course).join(Course, col(Course.id) == CourseSession.course).where(seen_by(actor))
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
