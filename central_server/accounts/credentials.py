"""Digests of what an account proves itself with: told to the own log when it changes, and compared by `verify`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from sqlmodel import Session, select

from central_server.accounts.tables import Account, RecoveryCode, SignOnIdentity


def digest_of(kept: bytes) -> str:
    """SHA-256, in hex, of what is kept of a password (its hash) or of a second factor (its encrypted secret)."""
    return hashlib.sha256(kept).hexdigest()


def digest_of_all(lines: Iterable[str]) -> str | None:
    """SHA-256 of a set of lines: the hashes of recovery codes, or identities at the office; None without any."""
    text = "\n".join(sorted(lines))
    return digest_of(text.encode()) if text else None


def identity_line(issuer: str, subject: str) -> str:
    """An identity at the office's sign-on as a line of such a set."""
    return f"{issuer} {subject}"


def kept_credentials(db: Session) -> dict[tuple[str, str], str]:
    """By account and kind (models.own_records.CredentialChanged.what): the digest of what the tables hold."""
    kept: dict[tuple[str, str], str] = {}
    for account in db.exec(select(Account)):
        if account.password is not None:
            kept[account.id, "password"] = digest_of(account.password.encode())
        if account.totp is not None:
            kept[account.id, "second_factor"] = digest_of(account.totp)
        if account.pin is not None:
            kept[account.id, "pin"] = digest_of(account.pin)
    sets: dict[tuple[str, str], list[str]] = {}
    for code in db.exec(select(RecoveryCode)):
        sets.setdefault((code.account, "recovery_codes"), []).append(code.hash)
    for one in db.exec(select(SignOnIdentity)):
        sets.setdefault((one.account, "sign_on"), []).append(identity_line(one.issuer, one.subject))
    return kept | {key: digest for key, lines in sets.items() if (digest := digest_of_all(lines)) is not None}
