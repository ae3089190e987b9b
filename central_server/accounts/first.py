"""The first way in: while no administrator can sign in, starting the server makes a one-time link for one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from sqlalchemy import Connection, text

from central_server.accounts.giving import NewAccount, add_account, give
from central_server.accounts.links import NEW_ACCOUNT_LIFE_MS, NewLink, make_link
from central_server.accounts.permission import Grant
from central_server.database import Job

LOGIN = "quan-tri"

_CAN_SIGN_IN = text(
    "SELECT 1 FROM account a JOIN account_grant g ON g.account = a.id WHERE g.role = 'administrator'"
    " AND NOT a.disabled AND (a.password IS NOT NULL OR a.id IN (SELECT account FROM sign_on_identity)) LIMIT 1"
)
_WAITING = text("SELECT id FROM account WHERE login = :login AND password IS NULL AND NOT disabled")
_LOGINS = text("SELECT login FROM account WHERE login LIKE :like")


def _candidates() -> Iterator[str]:
    yield LOGIN
    for number in count(2):
        yield f"{LOGIN}-{number}"


def first_administrator(now: int) -> Job[NewLink | None]:
    """The job that makes the first administrator's account and its link; none while an administrator can sign in."""

    def job(connection: Connection) -> NewLink | None:
        if connection.execute(_CAN_SIGN_IN).first() is not None:
            return None
        account = connection.execute(_WAITING, {"login": LOGIN}).scalar_one_or_none()
        if account is None:
            taken = set(connection.execute(_LOGINS, {"like": f"{LOGIN}%"}).scalars())
            login = next(one for one in _candidates() if one not in taken)
            account = add_account(connection, NewAccount(login, "Quản trị hệ thống"), None, now)
        give(connection, account, Grant("administrator"), None, now)
        return make_link(connection, account, now, new_password=True, by=None, life_ms=NEW_ACCOUNT_LIFE_MS)

    return job
