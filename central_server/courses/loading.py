"""Bringing the database to what a course file says.

Loading the same file again changes nothing, a mended file changes what was mended: everything is found by its code.
What has gone from the file stays in the database (its records speak of it), except breaks and the bridge points of a
session, which are as the file says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlmodel import select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.changes import Changes, changing, new_id
from central_server.courses.course_file import CoursePlan, LearnerTable
from central_server.courses.planning import PlannedSession, put_course, put_session
from central_server.courses.tables import CourseSession, Enrolment
from central_server.database import Job
from central_server.learners.identity import learner_by_code, put_learner
from central_server.participation.rules import put_rule
from models.enrolment_records import Enrolled


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading found and did."""

    sessions: tuple[str, ...]
    learners: int
    added: int
    changed: int
    only_in_database: int
    """Learners of the course who are not in the file; they stay enrolled."""


def load(plan: CoursePlan, now: int) -> Job[Loaded]:
    """The job that brings the database to what the plan says, and tells the server's own log what it changed."""
    return changing(lambda changes: _load(changes, plan), now)


def _load(changes: Changes, plan: CoursePlan) -> Loaded:
    file, db = plan.file, changes.db
    course = put_course(changes, file.course.code, title=file.course.title, published=True)
    if file.course.rule is not None:
        changes.changed += put_rule(changes, course.id, file.course.rule)
    points = {row.code: _bridge_point(changes, row.code, row.name) for row in file.bridge_points}
    for session in plan.sessions:
        put_session(changes, course.id, _as_kept(changes, session, points))
    enrolled = {_enrol(changes, course.id, who, points[who.bridge_point]) for who in file.learners}
    everybody = set(db.exec(select(Enrolment.learner).where(Enrolment.course == course.id)))
    ids = tuple(session.id for session in plan.sessions)
    return Loaded(ids, len(enrolled), changes.added, changes.changed, len(everybody - enrolled))


def _as_kept(changes: Changes, session: PlannedSession, points: dict[str, str]) -> PlannedSession:
    """The session with its bridge points' ids, and with what pages set and a file does not speak of."""
    places = tuple(points[code] for code in session.bridge_points)
    kept = changes.db.get(CourseSession, session.id)
    if kept is None:
        return replace(session, bridge_points=places)
    main = kept.main_point if kept.main_point in places else None
    return replace(session, bridge_points=places, lecturer=kept.lecturer, main_point=main)


def _bridge_point(changes: Changes, code: str, name: str) -> str:
    found = changes.db.exec(select(BridgePoint).where(BridgePoint.code == code)).first()
    point = found or BridgePoint(id=new_id("p"), code=code, name="")
    changes.put(point, name=name)
    return point.id


def _enrol(changes: Changes, course: str, who: LearnerTable, bridge_point: str) -> str:
    db = changes.db
    found = learner_by_code(db, who.code)
    learner, known = put_learner(
        db, found, changes.now, code=who.code, name=who.name, unit=who.unit, birth_year=who.birth_year, by=changes.by
    )
    if known:
        changes.tell(known)
        changes.added += found is None
        changes.changed += found is not None
        db.flush()
    place = db.get(Enrolment, (course, learner.id))
    if place is None or place.bridge_point != bridge_point:
        changes.tell(Enrolled(at=changes.now, course=course, learner=learner.id, bridge_point=bridge_point))
    changes.put(place or Enrolment(course=course, learner=learner.id, bridge_point=""), bridge_point=bridge_point)
    return learner.id
