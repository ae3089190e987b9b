"""Corrections of a session as its page lists them: what each says, and how it stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from central_server.accounts.permission import Actor
from central_server.corrections.doing import may_answer
from central_server.corrections.tables import CorrectionAnswerRow, CorrectionPart, CorrectionRow
from central_server.courses.tables import CourseSession
from central_server.participation.queries import names_of

Status = Literal["waiting", "holds", "refused", "undone"]


@dataclass(frozen=True, slots=True)
class CorrectionLine:
    """A correction. Times are server time, ms."""

    row: CorrectionRow
    status: Status
    parts: tuple[tuple[str, int, int], ...]
    """Names of learners, from when to when."""
    by: str
    second: str
    """Name of who answered."""
    answer: str
    answered_at: int | None
    may_answer: bool
    may_confirm: bool


def corrections_listed(
    db: Session, actor: Actor, session: CourseSession, here: Collection[str] | None
) -> list[CorrectionLine]:
    """The corrections of a session, newest first. here: learners (ids) whom the actor may see; None: all."""
    rows = db.exec(
        select(CorrectionRow).where(CorrectionRow.session == session.id).order_by(col(CorrectionRow.at).desc())
    ).all()
    ids = [row.id for row in rows]
    answers = {
        one.correction: one
        for one in db.exec(select(CorrectionAnswerRow).where(col(CorrectionAnswerRow.correction).in_(ids)))
    }
    parts: dict[str, list[CorrectionPart]] = {}
    for part in db.exec(select(CorrectionPart).where(col(CorrectionPart.correction).in_(ids))):
        parts.setdefault(part.correction, []).append(part)
    people = {part.learner for some in parts.values() for part in some}
    people |= {who for row in rows if (who := row.by) is not None}
    people |= {who for one in answers.values() if (who := one.by) is not None}
    names = names_of(db, people)
    undone = {row.of for row in rows if row.of is not None and _status(row, answers) == "holds"}
    lines = []
    for row in rows:
        mine = parts.get(row.of or row.id, [])
        if here is not None and any(part.learner not in here for part in mine):
            continue
        answer = answers.get(row.id)
        status = _status(row, answers)
        told = sorted((names.get(part.learner, part.learner), part.start, part.end) for part in mine)
        answers_it = status == "waiting" and may_answer(db, actor, row, session)
        lines.append(
            CorrectionLine(
                row, "undone" if status == "holds" and row.id in undone else status, tuple(told),
                names.get(row.by or "", ""), names.get((answer.by if answer else None) or "", ""),
                answer.words if answer else "", answer.at if answer else None, answers_it,
                answers_it and row.by != actor.account,
            )
        )  # fmt: skip
    return lines


def _status(row: CorrectionRow, answers: dict[str, CorrectionAnswerRow]) -> Status:
    answer = answers.get(row.id)
    if answer is not None:
        return "holds" if answer.confirmed else "refused"
    return "waiting" if row.second_needed else "holds"
