"""Reading what reports are made from, as it had been entered by a moment (server time, ms)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from central_server.courses.tables import Course, Programme
from central_server.proof.evidence import Plan
from central_server.proof.replay import replay
from central_server.reports.plan_figures import CourseFact, Target, UnitNames
from central_server.reports.sheet import Head, Signer
from central_server.reports.tables import (
    CourseCount,
    CourseResult,
    Letterhead,
    TargetDecision,
    TargetLine,
    UnitVersion,
)
from models.own_records import AnyOwnRecord, decode_own

PLAN_KINDS = (
    "course_rule", "course_planned", "session_planned", "session_held", "session_changed", "session_dropped",
    "takes_part", "enrolled",
)  # fmt: skip
"""The acts that decide which courses there are, when they are held and who is enrolled."""
_OWN = text("SELECT line FROM own_record WHERE kind IN :kinds ORDER BY seq").bindparams(
    bindparam("kinds", expanding=True)
)
KINDS: dict[str, tuple[str, str]] = {
    "attendance": ("Danh sách điểm danh", "Attendance sheet"),
    "completion": ("Danh sách học viên hoàn thành", "List of those who completed"),
    "plan": ("Biểu tổng hợp kết quả", "Plan against done"),
}
"""The sheets that offices sign."""
SIGNERS: dict[str, tuple[Signer, ...]] = {
    "attendance": (Signer("CÁN BỘ KỸ THUẬT"), Signer("CÁN BỘ QUẢN LÝ LỚP")),
    "completion": (Signer("NGƯỜI LẬP DANH SÁCH"), Signer("THỦ TRƯỞNG ĐƠN VỊ")),
    "plan": (Signer("NGƯỜI LẬP BIỂU"), Signer("THỦ TRƯỞNG ĐƠN VỊ")),
}
"""Until an administrator says who signs."""
GRADES = ("Giỏi", "Khá", "Trung bình")


@dataclass(frozen=True, slots=True)
class HeadKept:
    """The letterhead that held at a moment; version 0: nobody has entered one."""

    version: int
    superior: str
    office: str
    place: str
    signers: dict[str, tuple[Signer, ...]]
    grades: tuple[str, ...]

    def of(self, kind: str) -> Head:
        """For a kind of sheet."""
        return Head(self.superior, self.office, self.place, self.signers[kind])


def letterhead_at(db: Session, at: int) -> HeadKept:
    """The letterhead that had been entered by then."""
    row = db.exec(select(Letterhead).where(Letterhead.at <= at).order_by(col(Letterhead.version).desc())).first()
    if row is None:
        return HeadKept(0, "", "", "", SIGNERS, GRADES)
    told: dict[str, list[tuple[str, str]]] = json.loads(row.signers)
    signers = SIGNERS | {kind: tuple(Signer(*one) for one in some) for kind, some in told.items()}
    return HeadKept(row.version, row.superior, row.office, row.place, signers, tuple(row.grades.splitlines()))


def units_at(db: Session, at: int, day: date) -> UnitNames:
    """What every unit was called on a day, by what had been entered by then."""
    names: dict[str, str] = {}
    merged: dict[str, tuple[str, date]] = {}
    query = select(UnitVersion).where(UnitVersion.at <= at).order_by(
        col(UnitVersion.since), col(UnitVersion.version), col(UnitVersion.at), col(UnitVersion.unit)
    )  # fmt: skip
    for row in db.exec(query):
        if row.since > day and row.unit in names:
            continue
        names[row.unit] = row.name
        if row.into is not None and row.since <= day:
            merged[row.unit] = (row.into, row.since)
        else:
            merged.pop(row.unit, None)
    return UnitNames(names, merged)


def targets_at(db: Session, at: int) -> list[Target]:
    """The targets that held: of each unit, programme and period what the last decision says."""
    query = (
        select(TargetDecision, TargetLine)
        .join(TargetLine, col(TargetLine.decision) == TargetDecision.id)
        .where(TargetDecision.at <= at)
        .order_by(col(TargetDecision.day), col(TargetDecision.at), col(TargetDecision.id))
    )
    found: dict[tuple[str, str, str], Target] = {}
    for decision, line in db.exec(query):
        key = (decision.period, line.unit, line.programme)
        found[key] = Target(*key, line.courses, line.turns)
    return list(found.values())


def results_at(db: Session, at: int, courses: Collection[str] | None = None) -> dict[str, dict[str, CourseResult]]:
    """The results that had been recognised by then, by course (ids; None: all) and learner."""
    query = select(CourseResult).where(CourseResult.at <= at).order_by(col(CourseResult.version))
    if courses is not None:
        query = query.where(col(CourseResult.course).in_(courses))
    found: dict[str, dict[str, CourseResult]] = {}
    for row in db.exec(query):
        found.setdefault(row.course, {})[row.learner] = row
    return found


def counted_at(db: Session, at: int) -> dict[str, CourseCount]:
    """What each course counted as."""
    query = select(CourseCount).where(CourseCount.at <= at).order_by(col(CourseCount.version))
    return {row.course: row for row in db.exec(query)}


def plan_at(db: Session, at: int) -> Plan:
    """The courses' plan as the server's acts had made it by then; of all else in it nothing is said."""

    def acts() -> Iterator[AnyOwnRecord]:
        for line in db.execute(_OWN, {"kinds": PLAN_KINDS}).scalars():
            act = decode_own(bytes(line))
            if act.at <= at:
                yield act

    return replay(acts()).plan


_OUTCOMES = text("SELECT course, learner, outcome FROM course_result WHERE at <= :at ORDER BY version")


def facts_at(db: Session, at: int) -> list[CourseFact]:
    """The published courses of which a session had been held (or had begun) by then."""
    plan = plan_at(db, at)
    opened: dict[str, int] = {}
    to_come: set[str] = set()
    for session, (course, start, end, _) in plan.sessions.items():
        if session in plan.cancelled:
            continue
        if start <= at:
            opened[course] = min(start, opened.get(course, start))
        if end > at:
            to_come.add(course)
    learners: dict[str, set[str]] = {}
    for course, learner in plan.enrolled:
        learners.setdefault(course, set()).add(learner)
    counted = counted_at(db, at)
    outcomes: dict[str, dict[str, str]] = {}
    for course, learner, outcome in db.execute(_OUTCOMES, {"at": at}):
        outcomes.setdefault(course, {})[learner] = outcome
    facts = []
    for course, start in opened.items():
        programme, *_, published, _, _ = plan.courses[course]
        if not published:
            continue
        said, mine = counted.get(course), outcomes.get(course, {})
        facts.append(
            CourseFact(
                course, programme or "", (said.unit if said else None) or "", said.audience if said else "",
                said.held if said else "online", said.planned if said else True, start, course not in to_come,
                frozenset(learners.get(course, ())),
                frozenset(who for who, outcome in mine.items() if outcome == "completed"), bool(mine),
            )
        )  # fmt: skip
    return facts


def programme_names(db: Session) -> dict[str, str]:
    """Titles of all programmes, by id."""
    return {one.id: one.title for one in db.exec(select(Programme).order_by(col(Programme.title)))}


def course_names(db: Session) -> dict[str, tuple[str, str]]:
    """Code and title of all courses, by id."""
    return {id_: (code, title) for id_, code, title in db.exec(select(Course.id, Course.code, Course.title))}
