"""Reading courses, sessions and enrolment: what bridge points are told, and today's sessions."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from central_server.accounts.permission import Actor
from central_server.bridge_points.tables import BridgePoint
from central_server.courses.periods import DAY_MS
from central_server.courses.tables import Course, CourseSession, Enrolment, SessionBreak, SessionBridgePoint
from central_server.enrolment.places import places_in
from central_server.errors import NotFoundError
from central_server.learners.gallery import newest_templates
from central_server.learners.names import given_name_first
from central_server.learners.queries import learners_of
from central_server.learners.tables import Learner
from models.wire import RosterLearner, SessionPlan, Today

OFFSET_MS = 7 * 3_600_000
"""Vietnam's clocks are so far ahead of UTC."""
AHEAD_MS = DAY_MS
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
    found = sessions_at(db, bridge_point, now)
    return Today(sessions=tuple(_plan(db, session, course, bridge_point) for session, course in found))


def sessions_at(
    db: Session, bridge_point: str, now: int, *, late_ms: int = 0
) -> list[tuple[CourseSession, Course]]:  # fmt: skip
    """The sessions of a bridge point that have not ended (or did within late_ms) and begin within AHEAD_MS.

    A cancelled session is not watched, and neither is one of a draft: its learners were told of nothing yet. A moved
    session is told with its new times the next time the bridge point asks.
    """
    query = (
        select(CourseSession, Course)
        .join(SessionBridgePoint, col(SessionBridgePoint.session) == CourseSession.id)
        .join(Course, col(Course.id) == CourseSession.course)
        .where(SessionBridgePoint.bridge_point == bridge_point)
        .where(CourseSession.end > now - late_ms, CourseSession.start < now + AHEAD_MS)
        .where(col(Course.published), ~col(CourseSession.cancelled))
        .order_by(col(CourseSession.start), col(CourseSession.id))
    )
    return list(db.exec(query).all())


def expected_at(db: Session, bridge_point: str, now: int, *, late_ms: int = 0) -> frozenset[str]:
    """The learners (ids) whom a bridge point expects in those sessions."""
    return frozenset(
        learner
        for session, _ in sessions_at(db, bridge_point, now, late_ms=late_ms)
        for learner, point in places_in(db, session)[0].items()
        if point == bridge_point
    )


def _plan(db: Session, session: CourseSession, course: Course, bridge_point: str) -> SessionPlan:
    places, _ = places_in(db, session)
    here = [who for who, point in places.items() if point == bridge_point]
    learners = sorted(learners_of(db, here), key=lambda who: who.code)
    faces = newest_templates(db, here)
    return SessionPlan(
        session=session.id,
        course=course.title,
        title=session.title,
        start=session.start,
        end=session.end,
        breaks=breaks_of(db, session.id),
        learners=tuple(
            RosterLearner(
                id=who.id, code=who.code, name=who.name, unit=who.unit, birth_year=who.birth_year, face=who.id in faces
            )
            for who in learners
        ),
    )


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list of a day. Times are ms since 1970 UTC."""

    id: str
    title: str
    course: str
    """Its id."""
    course_title: str
    start: int
    end: int
    field_visit: bool
    cancelled: bool
    published: bool
    learners: int
    bridge_points: int


def sessions_of_day(db: Session, now: int, actor: Actor) -> list[SessionRow]:
    """The sessions that are held on the day of `now` (+07) and that the actor may see, soonest first."""
    begin = now - (now + OFFSET_MS) % DAY_MS
    query = (
        select(CourseSession, Course)
        .join(Course, col(Course.id) == CourseSession.course)
        .where(CourseSession.end > begin, CourseSession.start < begin + DAY_MS)
        .order_by(col(CourseSession.start), col(CourseSession.id))
    )
    found = db.exec(query).all()
    ids = [session.id for session, _ in found]
    places: dict[str, list[str]] = {}
    for place in db.exec(select(SessionBridgePoint).where(col(SessionBridgePoint.session).in_(ids))):
        places.setdefault(place.session, []).append(place.bridge_point)
    courses = {course.id for _, course in found}
    enrolled = select(Enrolment.course, func.count()).where(col(Enrolment.course).in_(courses))
    learners = dict(db.exec(enrolled.group_by(col(Enrolment.course))).all())
    return [
        SessionRow(
            session.id, session.title, course.id, course.title, session.start, session.end, session.field_visit,
            session.cancelled, course.published, learners.get(course.id, 0), len(places.get(session.id, ())),
        )
        for session, course in found
        if actor.may_part("see_session", course.id, places.get(session.id, ()))
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class EnrolledRow:
    """A learner in the list of a course; unit and birth year tell two of one name apart."""

    id: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    point: str
    """Name of the bridge point."""


def learners_of_course(db: Session, course: str) -> list[EnrolledRow]:
    """Who is enrolled in a course, by name."""
    query = (
        select(Learner, BridgePoint.name)
        .join(Enrolment, col(Enrolment.learner) == Learner.id)
        .join(BridgePoint, col(BridgePoint.id) == Enrolment.bridge_point)
        .where(Enrolment.course == course)
    )
    rows = [
        EnrolledRow(who.id, who.code, who.name, who.unit, who.birth_year, point)
        for who, point in db.exec(query)
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (given_name_first(row.name), row.code))
