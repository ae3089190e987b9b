"""The learners of a bridge point, whether or not a session is near: found by the code that one of them types there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from central_server.errors import InvalidError
from central_server.learners.sealing import SealError, SealingKey
from central_server.learners.tables import LearnerMeans
from models.codes import meant

_HERE = text(
    "SELECT id, code, name FROM learner WHERE id IN (SELECT learner FROM enrolment WHERE bridge_point = :point"
    " UNION SELECT learner FROM transfer WHERE bridge_point = :point"
    " UNION SELECT learner FROM guest WHERE bridge_point = :point)"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A learner of that bridge point. `pin`: argon2id, or None: none was set, or it was changed by hand."""

    id: str
    name: str
    pin: str | None


def known_at(db: Session, key: SealingKey, bridge_point: str, code: str) -> Known | None:
    """Who of those enrolled there, transferred or guests is meant; None: nobody. Raises InvalidError for several."""
    here = {row.id: row for row in db.execute(_HERE, {"point": bridge_point})}
    found = meant(code, {who: row.code for who, row in here.items()})
    if len(found) > 1:
        raise InvalidError(
            "Số này trùng với nhiều học viên. Hãy nhập đầy đủ mã, cả phần chữ.",
            "Several learners have this number. Enter the whole code, with its letters.",
        )
    if not found:
        return None
    means = db.get(LearnerMeans, found[0])
    try:
        pin = key.open("pin", found[0], means.pin).decode() if means is not None and means.pin is not None else None
    except SealError:  # `verify` names it; a new one is made
        pin = None
    return Known(found[0], here[found[0]].name, pin)
