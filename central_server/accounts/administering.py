"""What an administrator does to accounts beside giving permissions: details, disabling, resets, links."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, text

from central_server.accounts.credentials import digest_of_all, identity_line
from central_server.accounts.second_factor import turn_off
from central_server.accounts.sign_ins import end_all
from central_server.errors import InputError, NotFoundError
from central_server.own_log.writing import append
from models.own_records import AccountChanged, CredentialChanged

_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]+\.[^@\s,;<>]+")
_STATE = text("SELECT disabled, learner FROM account WHERE id = :account")
_DETAILS = text("UPDATE account SET name = :name, email = :email, learner = :learner WHERE id = :account")
_DISABLE = text("UPDATE account SET disabled = :disabled WHERE id = :account")
_LEARNER = text("SELECT id FROM learner WHERE code = :code")
_EMAIL_TAKEN = text("SELECT 1 FROM account WHERE email = :email AND id <> :account")
_LEARNER_TAKEN = text("SELECT login FROM account WHERE learner = :learner AND id <> :account")
_IDENTITIES = text("SELECT issuer, subject FROM sign_on_identity WHERE account = :account ORDER BY issuer, subject")
_LINK = text(
    "INSERT INTO sign_on_identity (issuer, subject, account, linked_at) VALUES (:issuer, :subject, :account, :now)"
)
_LINKED = text("SELECT account FROM sign_on_identity WHERE issuer = :issuer AND subject = :subject")
_UNLINK = text("DELETE FROM sign_on_identity WHERE account = :account")


@dataclass(frozen=True, slots=True)
class Details:
    """What is typed of a person's account; empty where there is none."""

    name: str
    email: str
    learner_code: str


def change_details(connection: Connection, account: str, typed: Details, by: str, now: int) -> None:
    """Change name, e-mail and whose account it is, inside a job. Raises InputError or NotFoundError."""
    disabled, before = _state(connection, account)
    name, email = " ".join(typed.name.split()), typed.email.strip().casefold() or None
    if not 1 <= len(name) <= 120:
        raise InputError("Hãy ghi họ và tên, tối đa 120 ký tự.", "Write the name, at most 120 characters.")
    if email is not None and not _EMAIL.fullmatch(email):
        raise InputError(f'"{email}" không phải là một địa chỉ thư.', f'"{email}" is no e-mail address.')
    if email is not None and connection.execute(_EMAIL_TAKEN, {"email": email, "account": account}).first():
        raise InputError(f"Tài khoản khác đã dùng thư {email}.", f"Another account has the e-mail {email}.")
    learner = _learner(connection, account, typed.learner_code.strip())
    connection.execute(_DETAILS, {"account": account, "name": name, "email": email, "learner": learner})
    if learner != before:
        append(connection, AccountChanged(at=now, by=by, account=account, disabled=disabled, learner=learner))


def _learner(connection: Connection, account: str, code: str) -> str | None:
    if not code:
        return None
    learner = connection.execute(_LEARNER, {"code": code}).scalar_one_or_none()
    if learner is None:
        raise InputError(f'Không có học viên mã "{code}".', f'There is no learner with the code "{code}".')
    taken = connection.execute(_LEARNER_TAKEN, {"learner": learner, "account": account}).scalar_one_or_none()
    if taken is not None:
        raise InputError(
            f'Học viên {code} đã có tài khoản "{taken}".', f'Learner {code} has the account "{taken}" already.'
        )
    return str(learner)


def set_disabled(connection: Connection, account: str, by: str, now: int, *, disabled: bool) -> None:
    """Disable an account, which ends its sign-ins, or enable it again; inside a job. Raises InputError for oneself."""
    was, learner = _state(connection, account)
    if account == by:
        raise InputError(
            "Đồng chí không thể tự khóa tài khoản của mình; hãy nhờ quản trị hệ thống khác.",
            "You can't disable your own account; ask another administrator.",
        )
    if was == disabled:
        return
    connection.execute(_DISABLE, {"account": account, "disabled": disabled})
    append(connection, AccountChanged(at=now, by=by, account=account, disabled=disabled, learner=learner))
    end_all(connection, account, by, now)


def _state(connection: Connection, account: str) -> tuple[bool, str | None]:
    row = connection.execute(_STATE, {"account": account}).one_or_none()
    if row is None:
        raise NotFoundError("Không có tài khoản này.", "There is no such account.")
    return bool(row.disabled), row.learner


def reset_second_factor(connection: Connection, account: str, by: str | None, now: int) -> None:
    """Take an account's second factor away, which ends its sign-ins; inside a job. Raises NotFoundError."""
    _state(connection, account)
    turn_off(connection, account, by, now)
    end_all(connection, account, by, now)


def link_identity(connection: Connection, account: str, issuer: str, subject: str, by: str, now: int) -> None:
    """Link who somebody is at the office's sign-on to an account, inside a job. Raises InputError or NotFoundError."""
    _state(connection, account)
    owner = connection.execute(_LINKED, {"issuer": issuer, "subject": subject}).scalar_one_or_none()
    if owner == account:
        return
    if owner is not None or not 1 <= len(subject) <= 255:
        raise InputError(
            "Mã người dùng này ở cơ quan không dùng được, hoặc đã nối với tài khoản khác.",
            "This subject can't be one, or is linked to another account.",
        )
    connection.execute(_LINK, {"issuer": issuer, "subject": subject, "account": account, "now": now})
    _tell_identities(connection, account, by, now)


def unlink_identities(connection: Connection, account: str, by: str, now: int) -> None:
    """Unlink an account from the office's sign-on, which ends its sign-ins; inside a job."""
    if connection.execute(_UNLINK, {"account": account}).rowcount:
        _tell_identities(connection, account, by, now)
        end_all(connection, account, by, now)


def _tell_identities(connection: Connection, account: str, by: str, now: int) -> None:
    rows = connection.execute(_IDENTITIES, {"account": account})
    digest = digest_of_all(identity_line(row.issuer, row.subject) for row in rows)
    append(connection, CredentialChanged(at=now, by=by, account=account, what="sign_on", digest=digest))
