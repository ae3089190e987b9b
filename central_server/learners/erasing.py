"""Erasing face templates, and with them what was found by comparing them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, col, or_, select

from central_server.courses.changes import Changes
from central_server.learners.tables import FaceTemplate, Lookalike
from models.own_records import TemplateErased


def erase(changes: Changes, templates: Iterable[FaceTemplate]) -> int:
    """Erase these templates; how many those were."""
    count = 0
    for template in templates:
        forget_lookalikes(changes.db, template.learner, template.encoder)
        changes.tell(
            TemplateErased(at=changes.now, by=changes.by, learner=template.learner, encoder=template.encoder)
        )  # fmt: skip
        changes.db.delete(template)
        count += 1
    return count


def forget_lookalikes(db: Session, learner: str, encoder: str) -> None:
    """Forget who was like a learner by a template that is there no more."""
    query = select(Lookalike).where(
        Lookalike.encoder == encoder, or_(col(Lookalike.learner) == learner, col(Lookalike.other) == learner)
    )
    for pair in db.exec(query).all():
        db.delete(pair)
    db.flush()
