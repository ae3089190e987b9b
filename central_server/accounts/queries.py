"""Reading accounts for the administrator's pages."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

from central_server.accounts.permission import Grant, Role
from central_server.errors import NotFoundError

Sort = Literal["name", "login", "last"]
SHOWN = 200
"""Most accounts in one list; who is not among them is searched for."""

_ACCOUNTS = text(
    "SELECT a.id, a.login, a.name, a.disabled, a.password IS NOT NULL AS has_password, a.totp IS NOT NULL AS has_totp,"
    " (SELECT max(seen_at) FROM browser_session s WHERE s.account = a.id AND s.waits_for IS NULL) AS last,"
    " (SELECT group_concat(DISTINCT role) FROM account_grant g WHERE g.account = a.id) AS roles FROM account a"
)
_ONE = text(
    "SELECT a.id, a.login, a.name, a.email, a.disabled, a.password IS NOT NULL AS has_password,"
    " a.totp IS NOT NULL AS has_totp, l.code AS learner_code,"
    " (SELECT count(*) FROM sign_on_identity i WHERE i.account = a.id) AS identities,"
    " (SELECT max(expires_at) FROM sign_in_link k WHERE k.account = a.id AND k.used_at IS NULL) AS link_until"
    " FROM account a LEFT JOIN learner l ON l.id = a.learner WHERE a.id = :account"
)
_GRANTS = text(
    "SELECT g.id, g.role, g.course, g.bridge_point, c.code AS course_code, c.title AS course_title,"
    " p.code AS point_code, p.name AS point_name FROM account_grant g LEFT JOIN course c ON c.id = g.course"
    " LEFT JOIN bridge_point p ON p.id = g.bridge_point WHERE g.account = :account ORDER BY g.made_at, g.id"
)
_COURSES = text("SELECT id, code, title FROM course ORDER BY code")
_POINTS = text("SELECT id, code, name FROM bridge_point ORDER BY code")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the list."""

    id: str
    login: str
    name: str
    disabled: bool
    has_password: bool
    has_totp: bool
    last: int | None
    """Last use of any sign-in, server time, ms."""
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant with the words for its place."""

    id: str
    grant: Grant
    course_code: str
    """Empty: all courses."""
    course: str
    point_code: str
    bridge_point: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """All of an account that its page shows."""

    id: str
    login: str
    name: str
    email: str
    disabled: bool
    has_password: bool
    has_totp: bool
    learner_code: str
    identities: int
    link_until: int | None
    grants: tuple[GrantRow, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A course or bridge point that may be chosen."""

    id: str
    code: str
    name: str


def plain(text: str) -> str:
    """Without marks and capitals, as people search."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def given_name_first(name: str) -> tuple[str, ...]:
    """How Vietnamese names are sorted: by the given name, which stands last."""
    words = plain(name).split()
    return tuple(words[-1:] + words[:-1])


def list_accounts(connection: Connection, search: str, role: str, sort: Sort) -> list[AccountRow]:
    """The accounts whose name or login has all the words, with that role (empty: any), sorted."""
    words = plain(search).split()
    rows = [
        AccountRow(
            row.id, row.login, row.name, bool(row.disabled), bool(row.has_password), bool(row.has_totp), row.last,
            tuple(row.roles.split(",")) if row.roles else (),
        )
        for row in connection.execute(_ACCOUNTS)
    ]  # fmt: skip
    rows = [
        row
        for row in rows
        if (not role or role in row.roles) and all(word in plain(f"{row.name} {row.login}") for word in words)
    ]
    if sort == "last":
        return sorted(rows, key=lambda row: -(row.last or 0))
    return sorted(rows, key=lambda row: (given_name_first(row.name) if sort == "name" else (), row.login))


def account_facts(connection: Connection, account: str) -> AccountFacts:
    """All of one account. Raises NotFoundError."""
    row = connection.execute(_ONE, {"account": account}).one_or_none()
    if row is None:
        raise NotFoundError("Không có tài khoản này.", "There is no such account.")
    grants = tuple(
        GrantRow(
            one.id,
            Grant(one.role, one.course, one.bridge_point),
            one.course_code or "",
            one.course_title or "",
            one.point_code or "",
            one.point_name or "",
        )
        for one in connection.execute(_GRANTS, {"account": account})
    )
    return AccountFacts(
        row.id, row.login, row.name, row.email or "", bool(row.disabled), bool(row.has_password), bool(row.has_totp),
        row.learner_code or "", row.identities, row.link_until, grants,
    )  # fmt: skip


def places(connection: Connection) -> tuple[list[Place], list[Place]]:
    """All courses and all bridge points that a role may be limited to."""
    courses = [Place(row.id, row.code, row.title) for row in connection.execute(_COURSES)]
    return courses, [Place(row.id, row.code, row.name) for row in connection.execute(_POINTS)]
