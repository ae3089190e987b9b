"""Portraits that a course keeps: sealed, of learners who agreed to it, for a term after the course's end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from central_server.courses.changes import Changes
from central_server.courses.periods import DAY_MS
from central_server.errors import NotFoundError
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import KeptPortrait
from models.portrait_records import PORTRAITS_MOST, PortraitLookedAt, PortraitsErased, PortraitsKept

_EXPIRED = text(
    "SELECT k.course, k.learner FROM kept_portrait AS k WHERE k.number = 1 AND :learner IN ('', k.learner)"
    " AND :now > coalesce("
    '(SELECT max(s."end") FROM session AS s WHERE s.course = k.course AND NOT s.cancelled), k.kept_at)'
    " + :day * min(k.days, (SELECT p.days FROM portrait_policy AS p WHERE p.course = k.course"
    "  ORDER BY p.version DESC LIMIT 1)) ORDER BY k.course, k.learner"
)


def kept_of(db: Session, learner: str) -> list[KeptPortrait]:
    """All that is kept of a learner, by course and number."""
    query = select(KeptPortrait).where(KeptPortrait.learner == learner)
    return list(db.exec(query.order_by(col(KeptPortrait.course), col(KeptPortrait.number))))


def keep_portraits(
    changes: Changes, key: SealingKey, course: str, learner: str, pictures: Sequence[bytes], days: int
) -> None:
    """Keep these JPEGs in the place of those before; at most PORTRAITS_MOST. days: what the learner agreed to."""
    db = changes.db
    before = db.exec(select(KeptPortrait).where(KeptPortrait.course == course, KeptPortrait.learner == learner)).all()
    for row in before:
        db.delete(row)
    db.flush()
    sealed = [
        key.seal("portrait", f"{course}\n{learner}\n{number}", picture)
        for number, picture in enumerate(pictures[:PORTRAITS_MOST], 1)
    ]
    for number, content in enumerate(sealed, 1):
        row = KeptPortrait(
            course=course, learner=learner, number=number, days=days, kept_at=changes.now, sealed=content
        )
        db.add(row)
    db.flush()
    told = tuple(hashlib.sha256(content).hexdigest() for content in sealed)
    changes.tell(
        PortraitsKept(at=changes.now, by=changes.by, course=course, learner=learner, days=days, sealed=told)
    )  # fmt: skip


def erase_portraits(changes: Changes, portraits: Iterable[KeptPortrait]) -> int:
    """Erase these portraits, all of each learner in a course; of how many that was."""
    gone = set()
    for portrait in portraits:
        gone.add((portrait.course, portrait.learner))
        changes.db.delete(portrait)
    for course, learner in sorted(gone):
        changes.tell(PortraitsErased(at=changes.now, by=changes.by, course=course, learner=learner))
    return len(gone)


def expired_portraits(changes: Changes, of: str) -> list[tuple[str, str]]:
    """Course and learner of what has come to its term: the shorter one of what was agreed to and what the course keeps
    now. of: a learner; empty: all.
    """  # fmt: skip
    found = changes.db.execute(_EXPIRED, {"now": changes.now, "day": DAY_MS, "learner": of}).all()
    return [(course, learner) for course, learner in found]


def erase_portraits_of(changes: Changes, course: str, learner: str) -> int:
    """Erase what a course keeps of a learner; 1 when there was something."""
    query = select(KeptPortrait).where(KeptPortrait.course == course, KeptPortrait.learner == learner)
    return erase_portraits(changes, changes.db.exec(query).all())


def look_at(changes: Changes, key: SealingKey, course: str, learner: str, number: int) -> bytes:
    """The JPEG, told to the own log. Raises NotFoundError, SealError."""
    found = changes.db.get(KeptPortrait, (course, learner, number))
    if found is None:
        raise NotFoundError("Không có ảnh này, hoặc ảnh đã được xóa.", "There is no such portrait, or it was erased.")
    content = key.open("portrait", f"{course}\n{learner}\n{number}", found.sealed)
    changes.tell(
        PortraitLookedAt(at=changes.now, by=changes.by, course=course, learner=learner, number=number)
    )  # fmt: skip
    return content
