"""Tables: the server's copy of every log, byte for byte, with the signed checkpoints that prove whose it is."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel


class LogHead(SQLModel, table=True):
    """How far the server holds a log, and the chain's head there."""

    __tablename__ = "log_head"

    device: str = Field(primary_key=True, foreign_key="device.id")
    log: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInteger)
    head: bytes
    """32 bytes: hash_seq of models.records."""


class SignedHead(SQLModel, table=True):
    """The checkpoint of every batch that added records: the device's own signature over its log up to there."""

    __tablename__ = "signed_head"
    __table_args__ = (ForeignKeyConstraint(["device", "log"], ["log_head.device", "log_head.log"]),)

    device: str = Field(primary_key=True)
    log: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    head: bytes
    signature: bytes
    key: int = Field(sa_column_kwargs={"server_default": "1"})
    """Which of the device's keys signed: DeviceKey.number."""
    received_at: int = Field(sa_type=BigInteger)
    """Server time, ms: brackets when the records can have been made (models.brackets)."""


class LogRecord(SQLModel, table=True):
    """One line of a log. `line` is the evidence; the other columns are read from it, to find it by.

    Kept whatever it says: whether a record counts (its learner is enrolled at its device's bridge point, which takes
    part in its session) is decided when it is read. On disk they lie in the order of their arrival.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("record_of_session", "session", "device", "log", "seq"),
        Index("seal_of_session", "session", "device", sqlite_where=text("kind = 'seal'")),
    )

    device: str = Field(primary_key=True)
    log: str = Field(primary_key=True)
    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    session: str
    kind: str
    learner: str | None
    start: int | None = Field(sa_type=BigInteger)
    """Server time, ms."""
    end: int | None = Field(sa_type=BigInteger)
    line: bytes
    head: bytes = Field(sa_column_kwargs={"server_default": text("(x'')")})
    """The chain's head after this line: says which single record was touched."""


class Fork(SQLModel, table=True):
    """A refused batch of another history than the one that the device had sent before; that one stays in `record`."""

    __tablename__ = "fork"

    device: str = Field(primary_key=True, foreign_key="device.id")
    log: str = Field(primary_key=True)
    ends: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Seq of the batch's last record."""
    head: bytes = Field(primary_key=True)
    """The head that its signed checkpoint claims there."""
    seq: int = Field(sa_type=BigInteger)
    """The first record known to differ; 0 where only the heads tell."""
    key: int
    """Which of the device's keys signed it."""
    batch: bytes
    """The batch as it came: signed checkpoint and raw lines."""
    sessions: str
    """The sessions its records speak of, one to a line."""
    seen_at: int = Field(sa_type=BigInteger)


class ForksDropped(SQLModel, table=True):
    """Refused batches of a log of which enough are kept in `fork`: only counted, by the session that they speak of."""

    __tablename__ = "forks_dropped"

    device: str = Field(primary_key=True, foreign_key="device.id")
    log: str = Field(primary_key=True)
    session: str = Field(primary_key=True)
    """Empty: of no session that there is. So the rows are bounded by the sessions."""
    count: int
    seen_at: int = Field(sa_type=BigInteger)
    """When the last one came (server time, ms)."""


class Gap(SQLModel, table=True):
    """Records first to last of a log are missing while the agent holds later ones; gone when they have come."""

    __tablename__ = "gap"

    device: str = Field(primary_key=True, foreign_key="device.id")
    log: str = Field(primary_key=True)
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)
