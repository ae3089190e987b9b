"""One-time links: a new account's first way in, and the way in from the server's own command line."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, text

from central_server.accounts.sign_ins import token_hash
from central_server.errors import SignInError
from central_server.own_log.writing import append
from models.own_records import SignInLinkMade

NEW_ACCOUNT_LIFE_MS = 3 * 24 * 3_600_000
"""A new account's link: long enough to be handed over."""
SIGN_IN_LIFE_MS = 15 * 60_000
"""A link made on the command line, to be opened at once."""

_ADD = text(
    "INSERT INTO sign_in_link (hash, account, new_password, made_at, expires_at)"
    " VALUES (:hash, :account, :new_password, :now, :expires_at)"
)
_DROP = text("UPDATE sign_in_link SET used_at = :now WHERE account = :account AND used_at IS NULL")
_READ = text(
    "SELECT l.hash, l.account, l.new_password, l.expires_at, l.used_at, a.login, a.name, a.disabled"
    " FROM sign_in_link l JOIN account a ON a.id = l.account WHERE l.hash = :hash"
)
_USE = text("UPDATE sign_in_link SET used_at = :now WHERE hash = :hash AND used_at IS NULL")


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made: shown once, never kept. `path` follows the server's address."""

    key: str
    expires_at: int

    @property
    def path(self) -> str:
        """Where it leads on this server."""
        return f"/sign-in/link?key={self.key}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is good now."""

    hash: str
    account: str
    new_password: bool
    login: str
    name: str


def make_link(
    connection: Connection, account: str, now: int, *, new_password: bool, by: str | None, life_ms: int
) -> NewLink:
    """Make a link for an account, inside a job; links made for it before are good for nothing from here on."""
    key = secrets.token_urlsafe(24)
    connection.execute(_DROP, {"account": account, "now": now})
    row = {"hash": token_hash(key), "account": account, "new_password": new_password, "now": now}
    connection.execute(_ADD, row | {"expires_at": now + life_ms})
    append(
        connection, SignInLinkMade(at=now, by=by, account=account, link=token_hash(key), expires_at=now + life_ms)
    )  # fmt: skip
    return NewLink(key, now + life_ms)


def read_link(connection: Connection, key: str, now: int) -> Link:
    """The link with that key. Raises SignInError, one sentence for every reason, when it signs nobody in."""
    row = connection.execute(_READ, {"hash": token_hash(key)}).one_or_none()
    if row is None or row.used_at is not None or row.expires_at <= now or row.disabled:
        raise SignInError(
            "Đường dẫn này không còn dùng được: mỗi đường dẫn dùng một lần và có hạn. Hãy đăng nhập bằng mật khẩu, "
            "hoặc xin quản trị hệ thống đường dẫn mới.",
            "This link is no longer good: each is used once, and not for long. Sign in with your password, or ask "
            "the administrator for a new link.",
        )
    return Link(row.hash, row.account, bool(row.new_password), row.login, row.name)


def use_link(connection: Connection, key: str, now: int) -> Link:
    """Use the link up, inside a job. Raises SignInError."""
    link = read_link(connection, key, now)
    connection.execute(_USE, {"hash": link.hash, "now": now})
    return link
