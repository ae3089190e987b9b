"""Sensitive roster details: sealed beside the learner, shown as totals of a course that point at nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.courses.tables import Enrolment
from central_server.learners.names import plain
from central_server.learners.queries import CHUNK
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import SensitiveField

SMALLEST = 5
"""A group of fewer is not shown by itself."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many learners of a course belong to each group."""

    groups: tuple[tuple[str, int], ...]
    """Largest first."""
    others: int
    """Learners of groups that are too small to be shown."""
    unknown: int
    """Learners of whom nothing was entered."""


def totals(values: Iterable[str], learners: int) -> Totals:
    """The totals of these values (one a learner who said something) among so many learners. Pure.

    Small groups go together into `others`; where those are too few, the smallest shown group goes with them, so that
    no number tells of a single small group.
    """
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for value in values:
        names.setdefault(plain(value), value)
        counts[plain(value)] += 1
    shown = [(key, count) for key, count in counts.most_common() if count >= SMALLEST]
    others = sum(counts.values()) - sum(count for _, count in shown)
    while 0 < others < SMALLEST and shown:
        others += shown.pop()[1]
    return Totals(tuple((names[key], count) for key, count in shown), others, learners - sum(counts.values()))


def ethnicity_totals(db: Session, key: SealingKey, course: str) -> Totals | None:
    """The totals of a course's learners; None where no ethnicity was entered, or nobody is enrolled."""
    enrolled = set(db.exec(select(Enrolment.learner).where(Enrolment.course == course)))
    rows = db.exec(
        select(SensitiveField)
        .join(Enrolment, col(Enrolment.learner) == SensitiveField.learner)
        .where(Enrolment.course == course, SensitiveField.field == "ethnicity")
    ).all()
    if not rows:
        return None
    return totals((key.open("ethnicity", row.learner, row.sealed).decode() for row in rows), len(enrolled))


def keep_ethnicities(db: Session, key: SealingKey, values: Mapping[str, str]) -> None:
    """Keep the ethnicity of these learners (ids), sealed; what was kept before is replaced."""
    ids = list(values)
    kept = {
        row.learner: row
        for at in range(0, len(ids), CHUNK)
        for row in db.exec(
            select(SensitiveField).where(
                SensitiveField.field == "ethnicity", col(SensitiveField.learner).in_(ids[at : at + CHUNK])
            )
        )
    }
    for learner, value in values.items():
        row = kept.get(learner) or SensitiveField(learner=learner, field="ethnicity", sealed=b"")
        row.sealed = key.seal("ethnicity", learner, value.encode())
        db.add(row)
