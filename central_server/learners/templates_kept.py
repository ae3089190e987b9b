"""Face templates: sealed, versioned by encoder, only for learners whose consent is on file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.courses.changes import Changes, changing
from central_server.database import Job
from central_server.learners.consents import consents_on_file
from central_server.learners.portraits_child import Made
from central_server.learners.queries import CHUNK
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import FaceTemplate
from models.own_records import TemplateKept


@dataclass(frozen=True, slots=True)
class OpenTemplate:
    """A template, opened."""

    learner: str
    encoder: str
    portraits: int
    vector: bytes
    """Little-endian float32s."""


def keep_templates(made: Sequence[Made], encoder: str, key: SealingKey, now: int, by: str) -> Job[int]:
    """The job that keeps templates; how many. A learner who withdrew the consent meanwhile gets none."""

    def work(changes: Changes) -> int:
        db = changes.db
        consents = consents_on_file(db, [one.learner for one in made])
        kept = 0
        for one in made:
            if one.learner not in consents:
                continue
            sealed = key.seal("template", f"{one.learner}\n{encoder}", one.vector)
            row = db.get(FaceTemplate, (one.learner, encoder))
            row = row or FaceTemplate(learner=one.learner, encoder=encoder, portraits=0, made_at=0, sealed=b"")
            changes.put(row, portraits=one.portraits, made_at=changes.now, sealed=sealed)
            digest = hashlib.sha256(sealed).hexdigest()
            changes.tell(
                TemplateKept(
                    at=changes.now, by=by, learner=one.learner, encoder=encoder, portraits=one.portraits, sealed=digest
                )
            )  # fmt: skip
            kept += 1
        return kept

    return changing(work, now, by)


def open_templates(db: Session, key: SealingKey, learners: Sequence[str], encoder: str) -> list[OpenTemplate]:
    """The templates of these learners for one encoder, of those whose consent holds. Raises SealError."""
    consents = consents_on_file(db, learners)
    wanted = [one for one in learners if one in consents]
    return [
        OpenTemplate(row.learner, encoder, row.portraits, key.open("template", f"{row.learner}\n{encoder}", row.sealed))
        for at in range(0, len(wanted), CHUNK)
        for row in db.exec(
            select(FaceTemplate).where(
                FaceTemplate.encoder == encoder, col(FaceTemplate.learner).in_(wanted[at : at + CHUNK])
            )
        )
    ]
