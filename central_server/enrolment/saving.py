"""Saving a roster: all of it or nothing, told to the own log in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import select

from central_server.courses.changes import Changes, changing
from central_server.courses.tables import Enrolment
from central_server.database import Job
from central_server.enrolment.kept import Outcome
from central_server.enrolment.rows import Row
from central_server.errors import ConflictError
from central_server.learners.identity import learner_by_code, put_learner
from central_server.learners.names import plain
from central_server.learners.sealing import SealingKey
from central_server.learners.sensitive import keep_ethnicity
from central_server.learners.tables import Learner
from models.own_records import Enrolled


@dataclass(frozen=True, slots=True)
class Decided:
    """A roster as it is to be saved."""

    course: str
    rows: Sequence[Row]
    points: Mapping[str, str]
    """Bridge points as the file writes them: their ids. The empty text: those of rows that name none."""
    same: Mapping[str, str]
    """Code of a row: the id of the known learner who is that person."""
    left_out: int = 0
    """Faulty rows that were left out, as the class manager chose."""
    ethnicity: bool = False
    """Whether the file's ethnicity is to be kept (sealed)."""


def save(decided: Decided, key: SealingKey, now: int, by: str | None) -> Job[Outcome]:
    """The job that enrols everybody. It fails with ConflictError where the preview no longer holds."""
    return changing(lambda changes: _save(changes, decided, key), now, by)


def _save(changes: Changes, decided: Decided, key: SealingKey) -> Outcome:
    db, course = changes.db, decided.course
    there = dict(db.exec(select(Enrolment.learner, Enrolment.bridge_point).where(Enrolment.course == course)).all())
    new = known = enrolled = 0
    for row in decided.rows:
        found = learner_by_code(db, row.code)
        if found is None and row.code in decided.same:
            learner = db.get_one(Learner, decided.same[row.code])
        else:
            if found is not None and plain(found.name) != plain(row.name) and found.birth_year != row.birth_year:
                raise _somebody_elses(row)
            learner, told = put_learner(
                db, found, changes.now, code=row.code, name=row.name, unit=row.unit, birth_year=row.birth_year,
                position=row.position or None, by=changes.by,
            )  # fmt: skip
            if told:
                changes.tell(told)
        if decided.ethnicity and row.ethnicity:
            db.flush()
            keep_ethnicity(db, key, learner.id, row.ethnicity)
        if learner.id in there:
            enrolled += 1
            continue
        point = decided.points[row.bridge_point]
        there[learner.id] = point
        new, known = new + (found is None), known + (found is not None)
        db.add(Enrolment(course=course, learner=learner.id, bridge_point=point))
        changes.tell(Enrolled(at=changes.now, by=changes.by, course=course, learner=learner.id, bridge_point=point))
    return Outcome(course, new, known, enrolled, decided.left_out)


def _somebody_elses(row: Row) -> ConflictError:
    return ConflictError(
        f"Chưa ghi danh ai: mã {row.code} (dòng {row.line}) vừa được dùng cho một người khác. Hãy xem lại danh sách.",
        f"Nobody was enrolled: the code {row.code} (line {row.line}) was just given to somebody else. Look again.",
    )
