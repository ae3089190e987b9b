"""Sign-ins of browsers: a random cookie whose SHA-256 finds its row; what ends them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, TextClause, text
from starlette.requests import HTTPConnection
from starlette.responses import Response

from central_server.accounts.permission import Actor, Grant
from central_server.config import Accounts, Config
from central_server.database import Job, Writer
from central_server.errors import NotSignedInError
from central_server.own_log.writing import append
from models.own_records import SignedIn, SignedOut

WaitsFor = Literal["code", "second_factor"]
"""The second step: a code of the second factor, or setting one up first."""
How = Literal["password", "link", "sso"]
SecondFactorUsed = Literal["none", "code", "recovery_code"]

COOKIE = "diemdanh"
USED_STEP_MS = 60_000
"""The last use is written at most once a minute."""
SECOND_STEP_MS = 10 * 60_000
"""How long the second step may take."""

KEPT_MS = 90 * 24 * 3_600_000
"""Sign-ins that are over stay in the account's list so long, then they are forgotten: they name addresses."""

_FORGET = text("DELETE FROM browser_session WHERE account = :account AND coalesce(ended_at, expires_at) < :before")
_HOLDS = (
    "SELECT s.id, s.account, s.seen_at, s.waits_for, s.how, a.name, a.learner, g.role, g.course, g.bridge_point"
    " FROM browser_session s JOIN account a ON a.id = s.account LEFT JOIN account_grant g ON g.account = a.id"
    " WHERE s.ended_at IS NULL AND s.expires_at > :now AND s.seen_at > :idle AND NOT a.disabled"
)
_READ = text(f"{_HOLDS} AND s.token = :token")
_READ_BY_ID = text(f"{_HOLDS} AND s.id = :id")
_USED = text("UPDATE browser_session SET seen_at = :now WHERE id = :id AND seen_at < :now")
_ADD = text(
    "INSERT INTO browser_session (id, token, account, made_at, seen_at, expires_at, waits_for, how, address, browser)"
    " VALUES (:id, :token, :account, :now, :now, :expires_at, :waits_for, :how, :address, :browser)"
)
_END = text("UPDATE browser_session SET ended_at = :now WHERE id = :id AND account = :account AND ended_at IS NULL")
_END_ALL = text(
    "UPDATE browser_session SET ended_at = :now WHERE account = :account AND ended_at IS NULL AND id <> :but"
)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser's sign-in that holds now."""

    id: str
    actor: Actor
    seen_at: int
    waits_for: WaitsFor | None
    how: How


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody signs in from."""

    address: str
    name: str
    """The browser's own description, cut."""


@dataclass(frozen=True, slots=True)
class NewSignIn:
    """A sign-in that was just made. `token` is for the cookie, and kept nowhere else."""

    token: str
    waits_for: WaitsFor | None
    expires_at: int


def browser_of(request: HTTPConnection) -> Browser:
    """The browser that asks."""
    return Browser(request.client.host if request.client else "", request.headers.get("user-agent", "")[:200])


def is_secure(request: HTTPConnection, config: Config) -> bool:
    """Whether the browser reaches us by https."""
    return request.url.scheme == "https" or (config.public_address or "").startswith("https:")


def own_address(request: HTTPConnection, config: Config) -> str:
    """How this browser reaches the server, without a path."""
    return (config.public_address or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")


def _cookie_name(request: HTTPConnection, config: Config) -> str:
    """Behind https the name binds the cookie to this very host and path."""
    return f"__Host-{COOKIE}" if is_secure(request, config) else COOKIE


def cookie_of(request: HTTPConnection, config: Config) -> str:
    """The value of the browser's cookie; empty without one."""
    return request.cookies.get(_cookie_name(request, config), "")


def set_cookie(answer: Response, request: HTTPConnection, config: Config, made: NewSignIn) -> None:
    """Give the browser its cookie."""
    answer.set_cookie(
        _cookie_name(request, config), made.token, max_age=config.accounts.hours * 3600, httponly=True,
        samesite="strict", secure=is_secure(request, config),
    )  # fmt: skip


def drop_cookie(answer: Response, request: HTTPConnection, config: Config) -> None:
    """Take the browser's cookie away."""
    secure = is_secure(request, config)
    answer.delete_cookie(_cookie_name(request, config), httponly=True, samesite="strict", secure=secure)


def token_hash(token: str) -> str:
    """What is kept of a cookie's value or a link's key: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_sign_in(connection: Connection, token: str, now: int, limits: Accounts) -> SignIn | None:
    """The sign-in that a cookie's value stands for, with what its account was granted: one indexed read."""
    return _found(connection, _READ, {"token": token_hash(token)}, now, limits) if token else None


def read_actor(connection: Connection, sign_in: str, now: int, limits: Accounts) -> Actor | None:
    """Who signed in by the sign-in of that id (Actor.browser_session), while it holds; None for an empty one, too."""
    found = _found(connection, _READ_BY_ID, {"id": sign_in}, now, limits) if sign_in else None
    return found.actor if found is not None and found.waits_for is None else None


def _found(
    connection: Connection, query: TextClause, which: dict[str, str], now: int, limits: Accounts
) -> SignIn | None:  # fmt: skip
    rows = connection.execute(query, which | {"now": now, "idle": now - limits.idle_minutes * 60_000}).all()
    if not rows:
        return None
    first = rows[0]
    grants = tuple(Grant(row.role, row.course, row.bridge_point) for row in rows if row.role is not None)
    actor = Actor(first.account, first.name, grants, first.learner, first.id)
    return SignIn(first.id, actor, first.seen_at, first.waits_for, first.how)


def used(sign_in: SignIn, writer: Writer, now: int) -> None:
    """Note that it was used, at most once a minute; nobody waits for it."""
    if now - sign_in.seen_at >= USED_STEP_MS:

        def job(connection: Connection) -> None:
            connection.execute(_USED, {"id": sign_in.id, "now": now})

        writer.submit(job)


def make_sign_in(
    connection: Connection, account: str, how: How, browser: Browser, now: int, limits: Accounts,
    waits_for: WaitsFor | None = None, second_factor: SecondFactorUsed = "none",
) -> NewSignIn:  # fmt: skip
    """Sign a browser in, inside a job. It is told to the own log once nothing is waited for any more."""
    token, new = secrets.token_urlsafe(32), f"b-{secrets.token_hex(8)}"
    life = SECOND_STEP_MS if waits_for else limits.hours * 3_600_000
    row = {
        "id": new, "token": token_hash(token), "account": account, "now": now, "expires_at": now + life,
        "waits_for": waits_for, "how": how, "address": browser.address, "browser": browser.name,
    }  # fmt: skip
    connection.execute(_FORGET, {"account": account, "before": now - KEPT_MS})
    connection.execute(_ADD, row)
    if waits_for is None:
        append(
            connection,
            SignedIn(at=now, by=account, account=account, browser_session=new, how=how, second_factor=second_factor),
        )
    return NewSignIn(token, waits_for, now + life)


def finish_sign_in(
    connection: Connection, half: SignIn, browser: Browser, now: int, limits: Accounts,
    waits_for: WaitsFor | None, second_factor: SecondFactorUsed,
) -> NewSignIn:  # fmt: skip
    """Put another sign-in, with another cookie, in the place of one that waited for its second step; inside a job."""
    if connection.execute(_END, {"id": half.id, "account": half.actor.account, "now": now}).rowcount == 0:
        raise NotSignedInError()  # another request was faster with it
    return make_sign_in(
        connection, half.actor.account, half.how, browser, now, limits, waits_for, second_factor
    )  # fmt: skip


def end_sign_in(account: str, sign_in: str, by: str, now: int) -> Job[bool]:
    """The job that ends one sign-in of an account; whether there was one to end."""

    def job(connection: Connection) -> bool:
        ended = connection.execute(_END, {"id": sign_in, "account": account, "now": now}).rowcount > 0
        if ended:
            append(connection, SignedOut(at=now, by=by, account=account, browser_session=sign_in))
        return ended

    return job


def end_all(connection: Connection, account: str, by: str | None, now: int, but: str = "") -> int:
    """End all sign-ins of an account (but one), inside a job; how many there were."""
    ended = connection.execute(_END_ALL, {"account": account, "now": now, "but": but}).rowcount
    if ended:
        append(connection, SignedOut(at=now, by=by, account=account, browser_session=None))
    return ended
