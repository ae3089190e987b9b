"""Table: the server's own log."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class OwnLogRecord(SQLModel, table=True):
    """One line of the server's own log (models.own_records). Only ever added to."""

    __tablename__ = "own_record"

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    kind: str
    line: bytes
    head: bytes
    """32 bytes: the chain's head after this line."""
