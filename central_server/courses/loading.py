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
from central_server.learners.tables import Learner

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


def load(plan: CoursePlan) -> Job[Loaded]:
    """The job that brings the database to what the plan says."""

    def job(connection: Connection) -> Loaded:
        with Session(connection, join_transaction_mode="create_savepoint") as db:
            loaded = _Loading(db).run(plan)
            db.commit()
        return loaded

    return job


class _Loading:
    """One loading: keeps count of what it adds and changes."""

    def __init__(self, db: Session) -> None:
        self.db = db
        self.added = 0
        self.changed = 0

    def run(self, plan: CoursePlan) -> Loaded:
        file = plan.file
        rule = msgspec.json.encode(file.course.rule).decode()
        course = self.db.exec(select(Course).where(Course.code == file.course.code)).first()
        course = self._put(course or Course(id=_new_id("c"), code=file.course.code, title="", rule=""),
                           title=file.course.title, rule=rule)  # fmt: skip
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
        self._put(session, title=plan.title, start=plan.start, end=plan.end)
        breaks = self.db.exec(select(SessionBreak).where(SessionBreak.session == plan.id))
        spans = [SessionBreak(session=plan.id, start=start, end=end) for start, end in plan.breaks]
        self._replace(breaks, spans, of_new=new)
        places = self.db.exec(select(SessionBridgePoint).where(SessionBridgePoint.session == plan.id))
        codes = dict.fromkeys(plan.bridge_points)
        rows = [SessionBridgePoint(session=plan.id, bridge_point=points[code]) for code in codes]
        self._replace(places, rows, of_new=new)

    def _enrol(self, course: str, who: LearnerTable, bridge_point: str) -> str:
        learner = self.db.exec(select(Learner).where(Learner.code == who.code)).first()
        learner = learner or Learner(id=_new_id("l"), code=who.code, name="", unit="")
        self._put(learner, name=who.name, unit=who.unit, birth_year=who.birth_year)
        place = self.db.get(Enrolment, (course, learner.id))
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

    def _replace(self, before: Iterable[SQLModel], after: Iterable[SQLModel], of_new: bool) -> None:
        """Exchange the rows that say one thing about a session, unless they already are as wanted.

        of_new: the session was added just now; giving it its rows changes nothing that was there.
        """
        old, new = list(before), list(after)
        if sorted(sorted(row.model_dump().items()) for row in old) == sorted(
            sorted(row.model_dump().items()) for row in new
        ):
            return
        self.changed += not of_new
        for row in old:
            self.db.delete(row)
        self.db.flush()
        self.db.add_all(new)


def _new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
