"""Bringing the database to what a course file says.

Loading the same file again changes nothing, a mended file changes what was mended: everything is found by its code.
What has gone from the file stays in the database (its records speak of it), except breaks and the bridge points of a
session, which are as the file says.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from sqlalchemy import Connection
from sqlmodel import Session, SQLModel, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.course_file import CoursePlan, LearnerTable, PlannedSession
from central_server.courses.tables import Course, CourseSession, Enrolment, SessionBreak, SessionBridgePoint
from central_server.database import Job
from central_server.learners.identity import learner_by_code, put_learner
from central_server.own_log.writing import append
from models.own_records import AnyOwnRecord, CourseRule, Enrolled, SessionPlanned, TakesPart

T = TypeVar("T", bound=SQLModel)


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

    def job(connection: Connection) -> Loaded:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            loading = _Loading(db, now)
            loaded = loading.run(plan)
            append(db.connection(), *loading.told)
            db.commit()
        return loaded

    return job


class _Loading:
    """One loading: keeps count of what it adds and changes, and what the own log is to be told of it."""

    def __init__(self, db: Session, now: int) -> None:
        self.db = db
        self.now = now
        self.told: list[AnyOwnRecord] = []
        self.added = 0
        self.changed = 0

    def run(self, plan: CoursePlan) -> Loaded:
        file = plan.file
        rule = msgspec.json.encode(file.course.rule).decode()
        course = self.db.exec(select(Course).where(Course.code == file.course.code)).first()
        ruled = course is not None and course.rule == rule
        course = self._put(course or Course(id=_new_id("c"), code=file.course.code, title="", rule=""),
                           title=file.course.title, rule=rule)  # fmt: skip
        if not ruled:
            self.told.append(CourseRule(at=self.now, course=course.id, rule=file.course.rule))
        points = {row.code: self._bridge_point(row.code, row.name) for row in file.bridge_points}
        for session in plan.sessions:
            self._session(course.id, session, points)
        enrolled = {self._enrol(course.id, who, points[who.bridge_point]) for who in file.learners}
        everybody = set(self.db.exec(select(Enrolment.learner).where(Enrolment.course == course.id)))
        ids = tuple(session.id for session in plan.sessions)
        return Loaded(ids, len(enrolled), self.added, self.changed, len(everybody - enrolled))

    def _bridge_point(self, code: str, name: str) -> str:
        point = self.db.exec(select(BridgePoint).where(BridgePoint.code == code)).first()
        return self._put(point or BridgePoint(id=_new_id("p"), code=code, name=""), name=name).id

    def _session(self, course: str, plan: PlannedSession, points: dict[str, str]) -> None:
        session = self.db.get(CourseSession, plan.id)
        new = session is None
        session = session or CourseSession(id=plan.id, course=course, title="", start=0, end=0)
        times = (session.start, session.end)
        self._put(session, title=plan.title, start=plan.start, end=plan.end)
        breaks = self.db.exec(select(SessionBreak).where(SessionBreak.session == plan.id))
        spans = [SessionBreak(session=plan.id, start=start, end=end) for start, end in plan.breaks]
        changed = self._replace(breaks, spans, of_new=new)
        if changed or times != (plan.start, plan.end):
            planned = SessionPlanned(
                at=self.now, session=plan.id, course=session.course, start=plan.start, end=plan.end, breaks=plan.breaks
            )
            self.told.append(planned)
        places = self.db.exec(select(SessionBridgePoint).where(SessionBridgePoint.session == plan.id)).all()
        codes = dict.fromkeys(plan.bridge_points)
        before, after = {place.bridge_point for place in places}, {points[code] for code in codes}
        self.told += [
            TakesPart(at=self.now, session=plan.id, bridge_point=point, takes_part=point in after)
            for point in sorted(before ^ after)
        ]
        rows = [SessionBridgePoint(session=plan.id, bridge_point=points[code]) for code in codes]
        self._replace(places, rows, of_new=new)

    def _enrol(self, course: str, who: LearnerTable, bridge_point: str) -> str:
        learner = learner_by_code(self.db, who.code)
        new = learner is None
        learner, known = put_learner(
            self.db, learner, self.now, code=who.code, name=who.name, unit=who.unit, birth_year=who.birth_year
        )
        if known:
            self.told.append(known)
            self.added += new
            self.changed += not new
            self.db.flush()
        place = self.db.get(Enrolment, (course, learner.id))
        if place is None or place.bridge_point != bridge_point:
            enrolled = Enrolled(at=self.now, course=course, learner=learner.id, bridge_point=bridge_point)
            self.told.append(enrolled)
        self._put(place or Enrolment(course=course, learner=learner.id, bridge_point=""), bridge_point=bridge_point)
        return learner.id

    def _put(self, row: T, **values: object) -> T:
        """Set a row's values; a row that is new to the database is added with them."""
        different = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in different.items():
            setattr(row, name, value)
        if row not in self.db:
            self.added += 1
            self.db.add(row)
            self.db.flush()
        elif different:
            self.changed += 1
        return row

    def _replace(self, before: Iterable[SQLModel], after: Iterable[SQLModel], of_new: bool) -> bool:
        """Exchange the rows that say one thing about a session, unless they already are as wanted; whether.

        of_new: the session was added just now; giving it its rows changes nothing that was there.
        """
        old, new = list(before), list(after)
        if sorted(sorted(row.model_dump().items()) for row in old) == sorted(
            sorted(row.model_dump().items()) for row in new
        ):
            return False
        self.changed += not of_new
        for row in old:
            self.db.delete(row)
        self.db.flush()
        self.db.add_all(new)
        return True


def _new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
