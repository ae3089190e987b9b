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
from central_server.learners.identity import put_learner
from central_server.learners.means import put_cards
from central_server.learners.names import plain
from central_server.learners.queries import learners_by_code, learners_of
from central_server.learners.sealing import SealingKey
from central_server.learners.sensitive import keep_ethnicities
from central_server.learners.tables import Learner
from models.enrolment_records import Enrolled


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
    """Learners first, then what refers to them: few statements, for bridge points wait for the one writer."""
    db, course = changes.db, decided.course
    there = set(db.exec(select(Enrolment.learner).where(Enrolment.course == course)))
    known = {one.code: one for one in learners_by_code(db, [row.code for row in decided.rows])}
    same = {one.id: one for one in learners_of(db, decided.same.values())}
    people: list[tuple[Row, Learner, bool]] = []
    for row in decided.rows:
        found = known.get(row.code)
        if found is None and row.code in decided.same:
            people.append((row, same[decided.same[row.code]], False))
            continue
        if found is not None and plain(found.name) != plain(row.name) and found.birth_year != row.birth_year:
            raise _somebody_elses(row)
        learner, told = put_learner(
            db, found, changes.now, code=row.code, name=row.name, unit=row.unit, birth_year=row.birth_year,
            position=row.position or None, by=changes.by,
        )  # fmt: skip
        if told:
            changes.tell(told)
        people.append((row, learner, found is None))
    db.flush()
    if decided.ethnicity:
        keep_ethnicities(db, key, {learner.id: row.ethnicity for row, learner, _ in people if row.ethnicity})
    put_cards(changes, key, {learner.id: row.card for row, learner, _ in people if row.card})
    new = old = enrolled = 0
    for row, learner, is_new in people:
        if learner.id in there:
            enrolled += 1
            continue
        point = decided.points[row.bridge_point]
        there.add(learner.id)
        new, old = new + is_new, old + (not is_new)
        db.add(Enrolment(course=course, learner=learner.id, bridge_point=point))
        changes.tell(Enrolled(at=changes.now, by=changes.by, course=course, learner=learner.id, bridge_point=point))
    return Outcome(course, new, old, enrolled, decided.left_out)


def _somebody_elses(row: Row) -> ConflictError:
    return ConflictError(
        f"Chưa ghi danh ai: mã {row.code} (dòng {row.line}) vừa được dùng cho một người khác. Hãy xem lại danh sách.",
        f"Nobody was enrolled: the code {row.code} (line {row.line}) was just given to somebody else. Look again.",
    )
