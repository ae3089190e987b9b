"""Reading what corrections and leave come to: of one session, or of all of a course's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session

from central_server.corrections.effect import Answer, Corrections, Made, in_force, segments_of
from models.correction_records import Leave

_OF_SESSION = "c.session = :of"
_OF_COURSE = "c.session IN (SELECT id FROM session WHERE course = :of)"
_MADE = (
    "SELECT c.id, c.session, c.change, c.way, c.why, c.second_needed, c.of, c.by, c.at, a.confirmed, a.by AS second,"
    " a.at AS answered FROM correction AS c LEFT JOIN correction_answer AS a ON a.correction = c.id WHERE "
)
_PARTS = (
    'SELECT p.correction, p.learner, p.start, p."end" FROM correction_part AS p'
    " JOIN correction AS c ON c.id = p.correction WHERE "
)
_LEAVES = (
    "SELECT c.session, c.learner, c.leave, c.words, c.approver, c.evidence, c.by, c.at FROM leave AS c WHERE c.number ="
    " (SELECT max(number) FROM leave AS l WHERE l.session = c.session AND l.learner = c.learner)"
    " AND c.leave <> 'none' AND "
)


_OWN_FILES = text(
    "SELECT evidence FROM leave WHERE learner = :learner AND evidence IS NOT NULL"
    " UNION SELECT evidence FROM contest WHERE learner = :learner AND evidence IS NOT NULL"
    " UNION SELECT c.evidence FROM correction AS c JOIN correction_part AS p ON p.correction = c.id"
    " WHERE c.evidence IS NOT NULL AND c.way <> 'sheet' GROUP BY c.id"
    " HAVING min(p.learner) = :learner AND max(p.learner) = :learner"
)


_UNDOING = (
    " FROM correction AS u LEFT JOIN correction_answer AS v ON v.correction = u.id WHERE u.of = c.id"
    " AND (v.confirmed OR (v.confirmed IS NULL AND NOT u.second_needed))"
)
STANDING = (
    "CASE WHEN NOT d.confirmed THEN 'refused' WHEN c.second_needed AND d.confirmed IS NULL THEN 'waiting'"
    f" WHEN EXISTS (SELECT 1{_UNDOING}) THEN 'undone' WHEN c.id IS NOT NULL THEN 'holds' END AS standing,"
    f" CASE WHEN NOT d.confirmed THEN d.words ELSE (SELECT u.words{_UNDOING}) END AS against"
)
"""Two columns: how a correction stands (a Standing; null without one), and what was said when it was refused or undone.
c: the correction, d: its answer, if any.
"""
Standing = Literal["holds", "waiting", "refused", "undone"]


@dataclass(frozen=True, slots=True)
class LeaveFacts:
    """A learner's leave in a session. at: server time, ms."""

    leave: Leave
    words: str
    approver: str
    evidence: str | None
    by: str | None
    at: int


def corrections_of_session(db: Session, session: str) -> Corrections:
    """What the corrections that hold say of each learner in a session."""
    return _corrections(db, _OF_SESSION, session).get(session, {})


def corrections_of_course(db: Session, course: str) -> dict[str, Corrections]:
    """The same by session, of a course."""
    return _corrections(db, _OF_COURSE, course)


def _corrections(db: Session, where: str, of: str) -> dict[str, Corrections]:
    made, answers = [], {}
    for row in db.execute(text(_MADE + where), {"of": of}):
        made.append(Made(row.id, row.session, row.change, row.way, row.why, bool(row.second_needed), row.of, row.by,
                         row.at))  # fmt: skip
        if row.answered is not None:
            answers[row.id] = Answer(bool(row.confirmed), row.second, row.answered)
    if not made:
        return {}
    parts: dict[str, list[tuple[str, int, int]]] = {}
    for correction, learner, start, end in db.execute(text(_PARTS + where), {"of": of}):
        parts.setdefault(correction, []).append((learner, start, end))
    holding = in_force(made, answers)
    sessions = {one.made.session for one in holding}
    return {of: segments_of((one for one in holding if one.made.session == of), parts) for of in sessions}


def own_files(db: Session, learner: str) -> frozenset[str]:
    """The files (ids) that a learner may read: of his or her leaves and contests, and of corrections of nobody else."""
    return frozenset(db.execute(_OWN_FILES, {"learner": learner}).scalars())


def leaves_of_session(db: Session, session: str) -> Mapping[str, LeaveFacts]:
    """The leave that holds, by learner."""
    return _leaves(db, _OF_SESSION, session).get(session, {})


def leaves_of_course(db: Session, course: str) -> Mapping[str, Mapping[str, LeaveFacts]]:
    """The same by session and learner, of a course."""
    return _leaves(db, _OF_COURSE, course)


def _leaves(db: Session, where: str, of: str) -> dict[str, dict[str, LeaveFacts]]:
    found: dict[str, dict[str, LeaveFacts]] = {}
    for session, learner, *told in db.execute(text(_LEAVES + where), {"of": of}):
        found.setdefault(session, {})[learner] = LeaveFacts(*told)
    return found
