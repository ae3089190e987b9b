"""Who a learner is: the one place that writes names, and the commitment by which the own log proves them.

The own log may not carry names. It carries a SHA-256 over the name, code, unit and birth year with a random salt that
stands beside them in the learner's row: whoever edits or swaps them contradicts the log, and when the row is erased,
salt and all, what the log holds says nothing of anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata

from sqlmodel import Session, select

from central_server.learners.names import plain
from central_server.learners.tables import Learner
from models.enrolment_records import LearnerKnown

SALT_BYTES = 16


def commitment(salt: bytes, name: str, code: str, unit: str, birth_year: int | None) -> str:
    """SHA-256 (hex) over the salt and the four details that decide whose certificate it is."""
    details = [unicodedata.normalize("NFC", name), code, unicodedata.normalize("NFC", unit), birth_year]
    return hashlib.sha256(salt + json.dumps(details, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def commitment_of(learner: Learner) -> str:
    """The commitment to a learner as the row stands."""
    return commitment(learner.salt, learner.name, learner.code, learner.unit, learner.birth_year)


def new_learner_id() -> str:
    """A random id."""
    return f"l-{secrets.token_hex(8)}"


def learner_by_code(db: Session, code: str) -> Learner | None:
    """The learner with that code."""
    return db.exec(select(Learner).where(Learner.code == code)).first()


def put_learner(
    db: Session, learner: Learner | None, now: int, *, code: str, name: str, unit: str, birth_year: int | None,
    position: str | None = None, by: str | None = None,
) -> tuple[Learner, LearnerKnown | None]:  # fmt: skip
    """Add a learner, or set the details of one; what the own log is to be told, None when it knows already.

    The position is left as it is when None. A change takes a new salt: the log's two commitments can't be linked by it.
    """
    learner = learner or Learner(id=new_learner_id(), code="", name="", unit="")
    before = (learner.code, learner.name, learner.unit, learner.birth_year)
    learner.code, learner.name, learner.unit, learner.birth_year = code, name, unit, birth_year
    learner.position = learner.position if position is None else position
    learner.name_key = plain(name)
    known = None
    if before != (code, name, unit, birth_year):
        learner.salt = secrets.token_bytes(SALT_BYTES)
        known = LearnerKnown(at=now, by=by, learner=learner.id, commitment=commitment_of(learner))
    db.add(learner)
    return learner, known
