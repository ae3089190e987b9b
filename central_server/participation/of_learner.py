"""One learner's courses: what was attended in each, and what comes next; and the sessions the learner is a guest of."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.overview import PlannedRow, planned_sessions
from central_server.courses.tables import Course, CourseSession, Enrolment
from central_server.enrolment.places import places_in
from central_server.enrolment.tables import Guest, Transfer
from central_server.participation.book import Books
from central_server.participation.course import CourseLearner, CourseParticipation, course_participation
from central_server.participation.settling import Settling


@dataclass(frozen=True, slots=True)
class Seat:
    """A course that a learner belongs to, with all bridge points (ids) at which that is or was."""

    course: Course
    points: frozenset[str]
    guest_of: tuple[str, ...] = ()
    """Titles of the sessions in which the learner is a guest; empty: enrolled."""


@dataclass(frozen=True, slots=True)
class Attended:
    """A learner's part in a course in which the learner is enrolled."""

    now: CourseParticipation
    learner: CourseLearner
    next: PlannedRow | None
    """The session that runs or comes next."""
    point: str
    """Name of the bridge point where the learner sits in it, or was enrolled where none is to come."""


def seats(db: Session, learner: str) -> list[Seat]:
    """Where a learner is enrolled, by title, then where the learner is a guest."""
    enrolled = db.exec(select(Course, Enrolment.bridge_point).join(Enrolment).where(Enrolment.learner == learner)).all()
    moved: dict[str, set[str]] = {}
    for one in db.exec(select(Transfer).where(Transfer.learner == learner)):
        moved.setdefault(one.course, set()).add(one.bridge_point)
    found = [Seat(course, frozenset({point} | moved.get(course.id, set()))) for course, point in enrolled]
    visits: dict[str, list[tuple[CourseSession, str]]] = {}
    query = select(CourseSession, Guest.bridge_point).join(Guest, col(Guest.session) == CourseSession.id)
    for session, point in db.exec(query.where(Guest.learner == learner).order_by(col(CourseSession.start))):
        visits.setdefault(session.course, []).append((session, point))
    for course, some in visits.items():
        if course not in {seat.course.id for seat in found}:
            points, titles = frozenset(point for _, point in some), tuple(session.title for session, _ in some)
            found.append(Seat(db.get_one(Course, course), points, titles))
    return sorted(found, key=lambda seat: (bool(seat.guest_of), seat.course.title))


def attended(db: Session, books: Books, settling: Settling, course: Course, learner: str, now: int) -> Attended | None:
    """What an enrolled learner has attended of a course at `now` (ms); None for whom the course does not enrol."""
    planned = planned_sessions(db, course, now)
    whole = course_participation(db, books, settling, course, now, planned)
    mine = next((one for one in whole.learners if one.facts.id == learner), None)
    if mine is None:
        return None
    point, coming = mine.facts.point, None
    for session in planned:
        if session.phase == "over" or session.cancelled:
            continue
        places, _ = places_in(db, db.get_one(CourseSession, session.id))
        if session.points and places.get(learner) not in session.points:
            continue
        coming, point = session, db.get_one(BridgePoint, places[learner]).name
        break
    return Attended(whole, mine, coming, point)
