from __future__ import annotations

from sqlalchemy import text

from central_server.accounts.first import LOGIN, first_administrator
from central_server.accounts.giving import set_password
from tests.central_server.running import Running


def test_there_is_always_a_way_in_for_an_administrator_and_never_one_too_many(server: Running) -> None:
    now = server.clock()
    first, second = (server.do(first_administrator(now)) for _ in range(2))
    assert first is not None and second is not None and first.key != second.key

    def account(login: str) -> str:
        with server.services.engine.connect() as connection:
            found = connection.execute(text("SELECT id FROM account WHERE login = :l"), {"l": login})
            return str(found.scalar_one())

    assert server.client().get("/sign-in/link", params={"key": first.key}).status_code == 401  # the newest alone
    boss = account(LOGIN)
    server.do(lambda db: set_password(db, boss, "$argon2id$", None, now))
    assert server.do(first_administrator(now)) is None
    server.do(lambda db: db.execute(text("UPDATE account SET disabled = 1")))
    assert server.do(first_administrator(now)) is not None
    assert account(f"{LOGIN}-2") != boss
