"""Who may be on duty at a bridge point: the accounts of its technicians, each with a PIN to say so there."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, or_, select

from central_server.accounts.tables import Account, AccountGrant
from central_server.learners.sealing import SealError, SealingKey
from models.wire import Witness


def technicians_of(db: Session, bridge_point: str, courses: Collection[str]) -> frozenset[str]:
    """The accounts (ids) that are technicians of this bridge point, in one of these courses or in all."""
    return frozenset(one.id for one in _technicians(db, bridge_point, courses))


def witnesses_of(db: Session, key: SealingKey, bridge_point: str, courses: Collection[str]) -> tuple[Witness, ...]:
    """Likewise, by name, with the hashes of their PINs as the bridge point's device needs them."""
    people = sorted(_technicians(db, bridge_point, courses), key=lambda one: (one.name, one.id))
    return tuple(Witness(account=one.id, name=one.name[:200], pin=_pin(key, one)) for one in people)


def _technicians(db: Session, bridge_point: str, courses: Collection[str]) -> list[Account]:
    query = (
        select(Account)
        .join(AccountGrant, col(AccountGrant.account) == Account.id)
        .where(AccountGrant.role == "technician", ~col(Account.disabled))
        .where(or_(col(AccountGrant.bridge_point).is_(None), col(AccountGrant.bridge_point) == bridge_point))
        .where(or_(col(AccountGrant.course).is_(None), col(AccountGrant.course).in_(courses)))
    )
    return list({one.id: one for one in db.exec(query)}.values())  # one may be granted it twice


def _pin(key: SealingKey, account: Account) -> str | None:
    if account.pin is None:
        return None
    try:
        return key.open("witness_pin", account.id, account.pin).decode()
    except SealError:  # changed by hand: `verify` names it; the person sets another
        return None
