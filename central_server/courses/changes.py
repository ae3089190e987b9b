"""One change of the plan: the rows that it writes, and what the server's own log is told of it, in one transaction."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import Connection
from sqlmodel import Session, SQLModel

from central_server.database import Job
from central_server.own_log.writing import append
from models.own_records import AnyOwnRecord

T = TypeVar("T")
Row = TypeVar("Row", bound=SQLModel)


class Changes:
    """Keeps count of what is added and changed, and of what the own log is to be told.

    now: server time, ms. by: the account of the person who does it; None for a command.
    """

    def __init__(self, db: Session, now: int, by: str | None = None) -> None:
        self.db = db
        self.now = now
        self.by = by
        self.told: list[AnyOwnRecord] = []
        self.added = 0
        self.changed = 0

    def tell(self, record: AnyOwnRecord) -> None:
        """Tell the own log when the change is written."""
        self.told.append(record)

    def put(self, row: Row, **values: object) -> bool:
        """Set a row's values; a row that is new to the database is added with them. Whether anything is different."""
        different = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in different.items():
            setattr(row, name, value)
        if row not in self.db:
            self.added += 1
            self.db.add(row)
            self.db.flush()
            return True
        self.changed += bool(different)
        return bool(different)

    def replace(self, before: Iterable[SQLModel], after: Iterable[SQLModel], of_new: bool) -> bool:
        """Exchange the rows that say one thing about a session, unless they already are as wanted; whether.

        of_new: the session was added just now; giving it its rows changes nothing that was there.
        """
        old, new = list(before), list(after)
        if sorted(sorted(row.model_dump().items()) for row in old) == sorted(
            sorted(row.model_dump().items()) for row in new
        ):
            return False
        self.changed += not of_new
        for row in old:
            self.db.delete(row)
        self.db.flush()
        self.db.add_all(new)
        return True


def changing(work: Callable[[Changes], T], now: int, by: str | None = None) -> Job[T]:
    """The job that does `work` and tells the server's own log of it; both are there afterwards or neither."""

    def job(connection: Connection) -> T:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as db:
            changes = Changes(db, now, by)
            result = work(changes)
            append(db.connection(), *changes.told)
            db.commit()
        return result

    return job


def new_id(kind: str) -> str:
    """A random id; `kind`: c course, p bridge point, l learner, g programme, t lecturer."""
    return f"{kind}-{secrets.token_hex(8)}"


def digest(text: str) -> str:
    """SHA-256 of a text that the own log vouches for without telling it."""
    return hashlib.sha256(text.encode()).hexdigest()
