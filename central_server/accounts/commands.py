"""The commands that make accounts and one-time links: whoever may run them on the server may do anything there."""

from __future__ import annotations

import argparse

from sqlalchemy import Connection, text

from central_server.accounts.administering import reset_second_factor
from central_server.accounts.giving import NewAccount, account_by_login, add_account, give
from central_server.accounts.links import NEW_ACCOUNT_LIFE_MS, SIGN_IN_LIFE_MS, NewLink, make_link
from central_server.accounts.permission import Grant
from central_server.config import Config
from central_server.database import Job, Writer, open_database
from central_server.errors import NotFoundError
from central_server.web.figures import day, day_time
from models.language import both

_COURSE = text("SELECT id FROM course WHERE code = :code")
_POINT = text("SELECT id FROM bridge_point WHERE code = :code")


def new_account(arguments: argparse.Namespace, config: Config, now: int) -> int:
    """Make an account with a role, and print the one-time link with which its owner chooses a password."""

    def job(connection: Connection) -> NewLink:
        grant = Grant(
            arguments.role, _id(connection, arguments.course, course=True),
            _id(connection, arguments.bridge_point, course=False),
        )  # fmt: skip
        account = add_account(connection, NewAccount(arguments.login, arguments.name), None, now)
        give(connection, account, grant, None, now)
        return make_link(connection, account, now, new_password=True, by=None, life_ms=NEW_ACCOUNT_LIFE_MS)

    return _print(_do(config, job), arguments, config)


def sign_in_link(arguments: argparse.Namespace, config: Config, now: int) -> int:
    """Print a short-lived one-time link that signs an account in; with --new-password it asks for a new one.

    --no-second-factor is for the administrator whom no other can help: whoever runs commands here may do anything.
    """

    def job(connection: Connection) -> NewLink:
        account = account_by_login(connection, arguments.login)
        if arguments.no_second_factor:
            reset_second_factor(connection, account, None, now)
        return make_link(
            connection, account, now, new_password=arguments.new_password, by=None, life_ms=SIGN_IN_LIFE_MS
        )

    return _print(_do(config, job), arguments, config)


def _do(config: Config, job: Job[NewLink]) -> NewLink:
    engine = open_database(config.database)
    try:
        with Writer(engine) as writer:
            return writer.submit(job).result()
    finally:
        engine.dispose()


def _print(link: NewLink, arguments: argparse.Namespace, config: Config) -> int:
    address = arguments.address or config.public_address or f"http://{config.host}:{config.port}"
    until = f"{day_time(link.expires_at)} {day(link.expires_at)}"
    print(f"{address.rstrip('/')}{link.path}")
    print(
        both(
            f"Đường dẫn đăng nhập dùng một lần, đến {until}. Đưa tận tay hoặc qua kênh riêng; ai có nó là vào được.",
            f"A one-time sign-in link, until {until}. Hand it over in private: whoever has it gets in.",
        )
    )
    return 0


def _id(connection: Connection, code: str | None, *, course: bool) -> str | None:
    if code is None:
        return None
    found = connection.execute(_COURSE if course else _POINT, {"code": code}).scalar_one_or_none()
    if found is None:
        what = ("lớp", "course") if course else ("điểm cầu", "bridge point")
        raise NotFoundError(f'Không có {what[0]} mã "{code}".', f'There is no {what[1]} with the code "{code}".')
    return str(found)
