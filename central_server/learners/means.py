"""PINs and cards of learners: kept sealed, told to the own log by digests, never shown again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from sqlmodel import Session, col, select

from central_server.accounts.passwords import PIN_DIGITS
from central_server.courses.changes import Changes, changing
from central_server.database import Job
from central_server.errors import ConflictError
from central_server.learners.queries import CHUNK, learners_of
from central_server.learners.sealing import SealingKey
from central_server.learners.tables import Learner, LearnerMeans
from models.own_records import CardSet, PinErased, PinMade


def new_pin() -> str:
    """Six random digits."""
    return f"{secrets.randbelow(10**PIN_DIGITS):0{PIN_DIGITS}d}"


def keep_pins(hashes: Mapping[str, str], key: SealingKey, now: int, by: str | None, *, only_new: bool) -> Job[set[str]]:
    """The job that keeps the hashes (argon2id) of new PINs of learners (ids); whose were kept.

    only_new: not of who has got one meanwhile.
    """

    def work(changes: Changes) -> set[str]:
        kept = set()
        for learner, phc in hashes.items():
            means = changes.db.get(LearnerMeans, learner) or LearnerMeans(learner=learner)
            if only_new and means.pin is not None:
                continue
            sealed = key.seal("pin", learner, phc.encode())
            changes.put(means, pin=sealed, pin_made_at=changes.now)
            changes.tell(PinMade(at=changes.now, by=by, learner=learner, sealed=hashlib.sha256(sealed).hexdigest()))
            kept.add(learner)
        return kept

    return changing(work, now, by)


def owners_of(db: Session, key: SealingKey, numbers: set[str]) -> dict[str, str]:
    """Of these card numbers those that somebody has, and the owners (ids)."""
    digests = {key.mac("card", number): number for number in numbers}
    wanted = list(digests)
    return {
        digests[digest]: learner
        for at in range(0, len(wanted), CHUNK)
        for digest, learner in db.exec(
            select(LearnerMeans.card_digest, LearnerMeans.learner).where(
                col(LearnerMeans.card_digest).in_(wanted[at : at + CHUNK])
            )
        )
        if digest is not None
    }


def put_cards(changes: Changes, key: SealingKey, numbers: Mapping[str, str]) -> int:
    """Give learners (ids) these cards, in the place of those they had; how many are new.

    Raises ConflictError where a card is somebody else's, and changes nothing then.
    """
    db = changes.db
    owners = owners_of(db, key, set(numbers.values()))
    given: dict[str, str] = {}
    for learner, number in numbers.items():
        if (twin := given.setdefault(number, learner)) != learner:
            raise _taken(db, learner, twin)
        owner = owners.get(number, learner)
        if owner != learner and numbers.get(owner, number) == number:  # who keeps it
            raise _taken(db, learner, owner)
    changed = {learner: number for learner, number in numbers.items() if owners.get(number) != learner}
    rows = {learner: db.get(LearnerMeans, learner) or LearnerMeans(learner=learner) for learner in changed}
    for row in rows.values():  # two who swap their cards
        changes.put(row, card=None, card_digest=None)
    db.flush()
    for learner, number in changed.items():
        sealed, digest = key.seal("card", learner, number.encode()), key.mac("card", number)
        changes.put(rows[learner], card=sealed, card_digest=digest, card_set_at=changes.now)
        told = hashlib.sha256(sealed).hexdigest()
        changes.tell(CardSet(at=changes.now, by=changes.by, learner=learner, sealed=told, card=digest))
    return len(changed)


def take_card(changes: Changes, learner: str) -> bool:
    """Take a learner's card away; whether there was one."""
    means = changes.db.get(LearnerMeans, learner)
    if means is None or means.card is None:
        return False
    changes.put(means, card=None, card_digest=None, card_set_at=None)
    changes.tell(CardSet(at=changes.now, by=changes.by, learner=learner, sealed=None, card=None))
    return True


def take_pin(changes: Changes, learner: str) -> bool:
    """Erase a learner's PIN; whether there was one."""
    means = changes.db.get(LearnerMeans, learner)
    if means is None or means.pin is None:
        return False
    changes.put(means, pin=None, pin_made_at=None)
    changes.tell(PinErased(at=changes.now, by=changes.by, learner=learner))
    return True


def _taken(db: Session, learner: str, other: str) -> ConflictError:
    people = {one.id: one for one in learners_of(db, {learner, other})}
    new, old = _who(people[learner]), _who(people[other])
    return ConflictError(
        f"Chưa lưu gì: thẻ nhập cho {new} đã là thẻ của {old}. Mỗi thẻ một người; hãy kiểm tra lại thẻ.",
        f"Nothing was saved: the card typed for {new} is {old}'s. One card a person; look at the card again.",
    )


def _who(learner: Learner) -> str:
    return f"{learner.name} ({learner.code})"
