"""What a bridge point's device needs to know its learners of today by: templates, cards and PINs, sealed to its key."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import Session, col, select

from central_server.learners.consents import consents_on_file
from central_server.learners.queries import CHUNK
from central_server.learners.sealing import Purpose, SealError, SealingKey
from central_server.learners.tables import FaceTemplate, LearnerMeans
from models.sealed_box import seal_to
from models.wire import GalleryAnswer, GalleryLearner

_log = logging.getLogger(__name__)


def newest_templates(db: Session, learners: Sequence[str]) -> dict[str, FaceTemplate]:
    """The newest template, of whichever encoder, of each of these learners whose consent holds."""
    wanted = list(consents_on_file(db, learners))
    found: dict[str, FaceTemplate] = {}
    for at in range(0, len(wanted), CHUNK):
        query = select(FaceTemplate).where(col(FaceTemplate.learner).in_(wanted[at : at + CHUNK]))
        found |= {one.learner: one for one in db.exec(query.order_by(col(FaceTemplate.version)))}
    return found


def means_of(db: Session, learners: Sequence[str]) -> dict[str, LearnerMeans]:
    """Cards and PINs of these learners."""
    return {
        one.learner: one
        for at in range(0, len(learners), CHUNK)
        for one in db.exec(select(LearnerMeans).where(col(LearnerMeans.learner).in_(learners[at : at + CHUNK])))
    }


def gallery(db: Session, key: SealingKey, to: Ed25519PublicKey, learners: Sequence[str]) -> GalleryAnswer:
    """What these learners can be known by, for the device with that key; those who have nothing are left out."""
    templates, means = newest_templates(db, learners), means_of(db, learners)
    found = (_learner(key, to, who, templates.get(who), means.get(who)) for who in learners)
    return GalleryAnswer(learners=tuple(one for one in found if one is not None))


def _learner(
    key: SealingKey, to: Ed25519PublicKey, learner: str, template: FaceTemplate | None, means: LearnerMeans | None
) -> GalleryLearner | None:
    vector = _opened(key, "template", f"{learner}\n{template.encoder}", template.sealed) if template else None
    card = _opened(key, "card", learner, means.card) if means else None
    pin = _opened(key, "pin", learner, means.pin) if means else None
    if vector is None and card is None and pin is None:
        return None
    there = template is not None and vector is not None
    return GalleryLearner(
        learner=learner,
        template=seal_to(to, vector) if vector is not None else None,
        encoder=template.encoder if there and template else "",
        portraits=template.portraits if there and template else 0,
        version=template.version if there and template else 0,
        card=seal_to(to, card) if card is not None else None,
        pin=pin.decode() if pin is not None else None,
    )


def _opened(key: SealingKey, purpose: Purpose, owner: str, sealed: bytes | None) -> bytes | None:
    """What was sealed. What was changed by hand is left out: the others can still check in, and `verify` names it."""
    if sealed is None:
        return None
    try:
        return key.open(purpose, owner, sealed)
    except SealError:
        _log.warning("%s_does_not_open learner=%s", purpose, owner.split("\n")[0])
        return None
