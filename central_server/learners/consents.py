"""Consent to face recognition: given, kept as evidence, withdrawn; and what goes with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlmodel import Session, col, select

from central_server.courses.changes import Changes, changing
from central_server.database import Job
from central_server.learners.consent_text import VERSION, days_agreed
from central_server.learners.erasing import erase
from central_server.learners.kept_portraits import erase_portraits, kept_of
from central_server.learners.queries import CHUNK
from central_server.learners.tables import Consent, FaceTemplate
from models.own_records import ConsentGiven, ConsentWithdrawn


def consents_on_file(db: Session, learners: Sequence[str]) -> dict[str, Consent]:
    """The consent that holds, of each of these learners who gave one."""
    found: dict[str, Consent] = {}
    for at in range(0, len(learners), CHUNK):
        query = select(Consent).where(
            col(Consent.learner).in_(learners[at : at + CHUNK]), col(Consent.withdrawn_at).is_(None)
        )
        found |= {one.learner: one for one in db.exec(query)}
    return found


def agreed_to_keep(db: Session, learners: Sequence[str]) -> dict[str, int]:
    """For how many days portraits may be kept, of each of these learners who agreed that they are, and not to a text by
    which none is since."""
    standing: list[Consent] = []
    for at in range(0, len(learners), CHUNK):
        query = select(Consent).where(
            col(Consent.learner).in_(learners[at : at + CHUNK]), col(Consent.withdrawn_at).is_(None)
        )
        standing += db.exec(query)
    plain: dict[str, int] = {}
    for one in standing:
        if not days_agreed(one.text_version):
            plain[one.learner] = max(one.given_at, plain.get(one.learner, one.given_at))
    found: dict[str, int] = {}
    for one in standing:
        if (days := days_agreed(one.text_version)) and plain.get(one.learner, one.given_at) <= one.given_at:
            found[one.learner] = max(days, found.get(one.learner, 0))
    return found


def _lacks(db: Session, learners: Sequence[str], version: str) -> list[str]:
    """Who of these has agreed neither to this version nor, where it lets portraits be kept, to a longer term."""
    there, days = consents_on_file(db, learners), days_agreed(version)
    kept = agreed_to_keep(db, learners) if days else {}
    return [one for one in learners if one not in there or (days and kept.get(one, 0) < days)]


def sign_forms(
    learners: Sequence[str], signed_at: int, now: int, by: str, version: str = VERSION
) -> Job[int]:  # fmt: skip
    """The job that enters signed forms of these learners (the paper stays with the class manager); how many are new.

    signed_at: the day they were signed, ms. by: the account that has the papers before it. version: on the papers.
    """

    def work(changes: Changes) -> int:
        new = _lacks(changes.db, learners, version)
        for learner in new:
            give(changes, learner, "signed_form", signed_at, by, version)
        return len(new)

    return changing(work, now, by)


def consent_on_screen(learner: str, now: int, by: str, version: str = VERSION) -> Job[None]:
    """The job that keeps what a learner agreed to in his or her own account: that version of the text."""

    def work(changes: Changes) -> None:
        plain_now = not days_agreed(version) and agreed_to_keep(changes.db, [learner])
        if plain_now or _lacks(changes.db, [learner], version):
            give(changes, learner, "on_screen", now, by, version)

    return changing(work, now, by)


def give(changes: Changes, learner: str, way: str, given_at: int, by: str, version: str = VERSION) -> None:
    """Keep a consent to that version of the text. by: the witness, an account or a deputy. When it is one by which no
    portrait is kept, and newer than any by which they are, what was kept is erased."""
    consent = Consent(
        id=f"n-{secrets.token_hex(8)}", learner=learner, text_version=version, way=way, given_at=given_at, witness=by
    )
    changes.db.add(consent)
    changes.tell(
        ConsentGiven(
            at=changes.now, by=by, consent=consent.id, learner=learner, text_version=version, given_at=given_at,
            way="on_screen" if way == "on_screen" else "signed_form",
        )
    )  # fmt: skip
    changes.db.flush()
    if not days_agreed(version) and not agreed_to_keep(changes.db, [learner]):
        erase_portraits(changes, kept_of(changes.db, learner))


def withdraw(learner: str, now: int, by: str | None) -> Job[int]:
    """The job that withdraws a learner's consent and erases the face templates made under it (how many those were),
    and all portraits that are kept."""

    def work(changes: Changes) -> int:
        db = changes.db
        for consent in db.exec(
            select(Consent).where(Consent.learner == learner, col(Consent.withdrawn_at).is_(None))
        ).all():  # fmt: skip
            consent.withdrawn_at = changes.now
            db.add(consent)
            changes.tell(ConsentWithdrawn(at=changes.now, by=by, consent=consent.id))
        erase_portraits(changes, kept_of(db, learner))
        return erase(changes, db.exec(select(FaceTemplate).where(FaceTemplate.learner == learner)).all())

    return changing(work, now, by)
