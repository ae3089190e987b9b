"""Making accounts, and giving and taking what they may do. Each act is told to the own log with who did it."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass

from sqlalchemy import Connection, text

from central_server.accounts.credentials import digest_of
from central_server.accounts.permission import Grant
from central_server.database import Job
from central_server.errors import InputError, NotFoundError
from central_server.own_log.writing import append
from models.own_records import AccountMade, CredentialChanged, Granted

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
_TAKEN = text("SELECT 1 FROM account WHERE login = :login")
_ADD = text(
    "INSERT INTO account (id, login, name, disabled, made_at) VALUES (:id, :login, :name, 0, :now)"
)  # fmt: skip
_BY_LOGIN = text("SELECT id FROM account WHERE login = :login")
_HAS = text(
    "SELECT id FROM account_grant WHERE account = :account AND role = :role AND course IS :course"
    " AND bridge_point IS :bridge_point"
)
_GIVE = text(
    "INSERT INTO account_grant (id, account, role, course, bridge_point, made_at)"
    " VALUES (:id, :account, :role, :course, :bridge_point, :now)"
)
_TAKE = text("DELETE FROM account_grant WHERE id = :id")
_PIN = text("UPDATE account SET pin = :pin WHERE id = :account")
_PASSWORD = text("UPDATE account SET password = :password WHERE id = :account")


def login_of(typed: str) -> str:
    """A login as it is kept: small letters."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made from."""

    login: str
    name: str
    grants: tuple[Grant, ...] = ()


def add_account(connection: Connection, new: NewAccount, by: str | None, now: int) -> str:
    """Make an account, inside a job; its id. Raises InputError when the login can't be one or is taken."""
    login, name = login_of(new.login), " ".join(new.name.split())
    if not _LOGIN.fullmatch(login):
        raise InputError(
            f'Tên đăng nhập "{login}" không dùng được. Dùng 3 đến 64 ký tự: chữ không dấu, số và . _ - @ +',
            f'"{login}" can\'t be a login. Use 3 to 64 characters: plain letters, figures and . _ - @ +',
        )
    if not 1 <= len(name) <= 120:
        raise InputError("Hãy ghi họ và tên, tối đa 120 ký tự.", "Write the name, at most 120 characters.")
    if connection.execute(_TAKEN, {"login": login}).first() is not None:
        raise InputError(
            f'Đã có tài khoản với tên đăng nhập "{login}". Hãy chọn tên khác.',
            f'There is an account with the login "{login}". Choose another.',
        )
    account = f"a-{secrets.token_hex(8)}"
    connection.execute(_ADD, {"id": account, "login": login, "name": name, "now": now})
    append(connection, AccountMade(at=now, by=by, account=account))
    for grant in new.grants:
        give(connection, account, grant, by, now)
    return account


def new_account(new: NewAccount, by: str | None, now: int) -> Job[str]:
    """The job that makes an account; its id. Raises InputError."""
    return lambda connection: add_account(connection, new, by, now)


def account_by_login(connection: Connection, typed: str) -> str:
    """The account's id. Raises NotFoundError."""
    found = connection.execute(_BY_LOGIN, {"login": login_of(typed)}).scalar_one_or_none()
    if found is None:
        raise NotFoundError(
            f'Không có tài khoản với tên đăng nhập "{typed}".', f'There is no account with the login "{typed}".'
        )
    return str(found)


def give(connection: Connection, account: str, grant: Grant, by: str | None, now: int) -> bool:
    """Give an account a role there, inside a job; whether it did not have it. Whoever makes a course gets it so."""
    where = {"account": account, "role": grant.role, "course": grant.course, "bridge_point": grant.bridge_point}
    if connection.execute(_HAS, where).first() is not None:
        return False
    connection.execute(_GIVE, where | {"id": f"g-{secrets.token_hex(8)}", "now": now})
    append(connection, _told(account, grant, by, now, granted=True))
    return True


def take(connection: Connection, account: str, grant: Grant, by: str | None, now: int) -> bool:
    """Take an account's role there away, inside a job; whether it had it."""
    where = {"account": account, "role": grant.role, "course": grant.course, "bridge_point": grant.bridge_point}
    found = connection.execute(_HAS, where).scalar_one_or_none()
    if found is None:
        return False
    connection.execute(_TAKE, {"id": found})
    append(connection, _told(account, grant, by, now, granted=False))
    return True


def _told(account: str, grant: Grant, by: str | None, now: int, *, granted: bool) -> Granted:
    return Granted(
        at=now, by=by, account=account, role=grant.role, course=grant.course, bridge_point=grant.bridge_point,
        granted=granted,
    )  # fmt: skip


def set_pin(connection: Connection, account: str, sealed: bytes, now: int) -> None:
    """Keep the PIN at the bridge point that a person chose (its hash, sealed), inside a job."""
    connection.execute(_PIN, {"account": account, "pin": sealed})
    append(connection, CredentialChanged(at=now, by=account, account=account, what="pin", digest=digest_of(sealed)))


def set_password(connection: Connection, account: str, phc: str, by: str | None, now: int) -> None:
    """Keep an account's new password (its hash), inside a job."""
    connection.execute(_PASSWORD, {"account": account, "password": phc})
    digest = digest_of(phc.encode())
    append(connection, CredentialChanged(at=now, by=by, account=account, what="password", digest=digest))
