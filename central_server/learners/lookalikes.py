"""Learners who are as like as one person is: shown to the class manager until somebody has looked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, func, or_, select

from central_server.courses.changes import Changes, changing
from central_server.courses.tables import Course, Enrolment
from central_server.database import Job
from central_server.errors import ConflictError
from central_server.learners.queries import CHUNK, learners_of
from central_server.learners.tables import Learner, Lookalike
from models.own_records import LookalikesJudged


@dataclass(frozen=True, slots=True)
class Pair:
    """Two learners; the first one is in the course that was asked for."""

    learner: Learner
    other: Learner
    other_courses: tuple[str, ...]
    """Titles of the courses in which the other one is enrolled."""
    encoder: str
    score: float
    found_at: int
    judged: bool
    """Somebody looked and said that they are two people."""


def open_pairs(db: Session, courses: Collection[str]) -> dict[str, int]:
    """By course: how many pairs nobody has looked at yet."""
    query = (
        select(Enrolment.course, func.count(func.distinct(_pair_key())))
        .join(Lookalike, or_(Enrolment.learner == Lookalike.learner, Enrolment.learner == Lookalike.other))
        .where(col(Enrolment.course).in_(courses), col(Lookalike.judged_at).is_(None))
        .group_by(col(Enrolment.course))
    )
    return dict(db.exec(query).all())


def open_pairs_within(db: Session, courses: Collection[str]) -> dict[str, int]:
    """Likewise, of pairs who are both in the course: there one may be taken for the other at the door."""
    first, second = aliased(Enrolment), aliased(Enrolment)
    query = (
        select(first.course, func.count())
        .join(Lookalike, col(Lookalike.learner) == first.learner)
        .join(second, and_(col(second.learner) == Lookalike.other, col(second.course) == first.course))
        .where(col(first.course).in_(courses), col(Lookalike.judged_at).is_(None))
        .group_by(col(first.course))
    )
    return dict(db.exec(query).all())


def pairs_of(db: Session, course: str) -> list[Pair]:
    """The pairs of a course: those nobody has looked at first, then the most alike."""
    here = select(Enrolment.learner).where(Enrolment.course == course)
    rows = db.exec(
        select(Lookalike).where(or_(col(Lookalike.learner).in_(here), col(Lookalike.other).in_(here)))
    ).all()  # fmt: skip
    enrolled = set(db.exec(here))
    ids = {one for row in rows for one in (row.learner, row.other)}
    people = {one.id: one for one in learners_of(db, ids)}
    courses = _courses(db, ids)
    pairs = []
    for row in sorted(rows, key=lambda one: (one.judged_at is not None, -one.score)):
        first, other = (row.learner, row.other) if row.learner in enrolled else (row.other, row.learner)
        pairs.append(
            Pair(
                people[first], people[other], courses.get(other, ()), row.encoder, row.score, row.found_at,
                row.judged_at is not None,
            )
        )  # fmt: skip
    return pairs


def alike_of(db: Session, course: str) -> dict[str, list[str]]:
    """By learner of a course: the names of those who are like him or her, where nobody has looked yet."""
    found: dict[str, list[str]] = {}
    for pair in pairs_of(db, course):
        if not pair.judged:
            found.setdefault(pair.learner.id, []).append(pair.other.name)
            found.setdefault(pair.other.id, []).append(pair.learner.name)
    return found


def judge(course: str, pair: tuple[str, str], encoder: str, now: int, by: str) -> Job[None]:
    """The job that keeps that two learners are two people. It fails with ConflictError where they are alike no more."""

    def work(changes: Changes) -> None:
        db = changes.db
        first, second = sorted(pair)
        row = db.get(Lookalike, (first, second, encoder))
        here = select(Enrolment).where(Enrolment.course == course, col(Enrolment.learner).in_(pair))
        if row is None or db.exec(here).first() is None:
            raise ConflictError(
                "Cặp này không còn: một trong hai dữ liệu khuôn mặt đã được tạo lại hoặc xóa. Hãy xem lại danh sách.",
                "This pair is gone: one of the two templates was made anew or erased. Look at the list again.",
            )
        if row.judged_at is None:
            changes.put(row, judged_by=by, judged_at=changes.now)
            changes.tell(LookalikesJudged(at=changes.now, by=by, learner=first, other=second, encoder=encoder))

    return changing(work, now, by)


def _pair_key() -> object:
    return col(Lookalike.learner) + " " + col(Lookalike.other) + " " + col(Lookalike.encoder)


def _courses(db: Session, learners: set[str]) -> dict[str, tuple[str, ...]]:
    ids, found = sorted(learners), dict[str, tuple[str, ...]]()
    for at in range(0, len(ids), CHUNK):
        query = select(Enrolment.learner, Course.title).join(Course, col(Course.id) == Enrolment.course)
        for learner, title in db.exec(query.where(col(Enrolment.learner).in_(ids[at : at + CHUNK]))):
            found[learner] = (*found.get(learner, ()), title)
    return found
