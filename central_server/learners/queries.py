"""Reading learners."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, select

from central_server.learners.tables import Learner

CHUNK = 500
"""Ids in one query: SQLite allows 32,766 variables, older ones 999."""


def learners_of(db: Session, ids: Iterable[str]) -> list[Learner]:
    """The learners with these ids."""
    wanted = list(ids)
    return [
        learner
        for at in range(0, len(wanted), CHUNK)
        for learner in db.exec(select(Learner).where(col(Learner.id).in_(wanted[at : at + CHUNK])))
    ]


def learners_by_code(db: Session, codes: Iterable[str]) -> list[Learner]:
    """The learners who have one of these codes."""
    wanted = list(codes)
    return [
        learner
        for at in range(0, len(wanted), CHUNK)
        for learner in db.exec(select(Learner).where(col(Learner.code).in_(wanted[at : at + CHUNK])))
    ]
