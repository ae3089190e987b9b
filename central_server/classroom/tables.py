"""Tables: which records of the own log are of which classroom, questions' texts, and rooms' one-time tickets."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class ClassroomAct(SQLModel, table=True):
    """A record of the own log that is about a session's classroom: how they are found. Only ever added to."""

    __tablename__ = "classroom_act"

    seq: int = Field(
        primary_key=True, foreign_key="own_record.seq", sa_type=BigInteger, sa_column_kwargs={"autoincrement": False}
    )  # fmt: skip
    session: str = Field(foreign_key="session.id", index=True)


class ClassroomQuestion(SQLModel, table=True):
    """What a room asked in writing; the own log has the SHA-256."""

    __tablename__ = "classroom_question"

    session: str = Field(primary_key=True, foreign_key="session.id")
    question: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 …"""
    text: str


class RoomTicket(SQLModel, table=True):
    """A one-time ticket with which a device lets its room into one session. Only its hash is kept."""

    __tablename__ = "room_ticket"

    hash: str = Field(primary_key=True)
    device: str = Field(foreign_key="device.id", index=True)
    session: str = Field(foreign_key="session.id")
    bridge_point: str = Field(foreign_key="bridge_point.id")
    expires_at: int = Field(sa_type=BigInteger)
    """Server time, ms."""
    key: str | None = Field(default=None, unique=True)
    """SHA-256 of the cookie that it was exchanged for; None: not used yet."""
    used_at: int | None = Field(default=None, sa_type=BigInteger)
