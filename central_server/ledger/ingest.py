"""Taking batches in: checked in form, compared with the log's head, and written by the one writer.

A batch of a log whose head is (stored seq, stored head):

    starts after stored seq + 1       -> GapError, with the seq that is wanted
    overlaps and differs in a byte    -> ForkError; the log stays, the other version is kept beside it
    overlaps and is the same          -> harmless; what is new behind it is added
    new lines do not lead from the stored head to the checkpoint's head -> ForkError, likewise
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, bindparam, text

from central_server.bridge_points.signature import KnownDevice
from central_server.database import Job
from central_server.errors import ForkError, GapError, InvalidError, KeyRevokedError, RefusedError, SignatureError
from central_server.ledger.forks import close_gap, keep_fork, remember_gap
from central_server.own_log.writing import own_head
from models.receipts import Receipt
from models.records import (
    BATCH_LIMIT,
    GENESIS,
    LINE_LIMIT,
    AnyRecord,
    Batch,
    CheckIn,
    Coverage,
    Link,
    Presence,
    RecordError,
    chained,
    decode_batch,
    read_lines,
    verify_signature,
)

BODY_LIMIT = (BATCH_LIMIT + 1) * (LINE_LIMIT + 1)
"""Bytes of the largest valid batch."""

_STATE = text(
    "SELECT device_key.ended_at, device_key.revoked, log_head.seq, log_head.head, gap.last AS gap FROM device_key"
    " LEFT JOIN log_head ON log_head.device = device_key.device AND log_head.log = :log"
    " LEFT JOIN gap ON gap.device = device_key.device AND gap.log = :log"
    " WHERE device_key.device = :device AND device_key.number = :number"
)
"""All that is asked of a log before a batch is added: one statement, for each costs as much as 20 rows."""
_LINES = text(
    "SELECT seq, line, head FROM record"
    " WHERE device = :device AND log = :log AND seq BETWEEN :first AND :last ORDER BY seq"
)
_SET_HEAD = text(
    "INSERT INTO log_head (device, log, seq, head) VALUES (:device, :log, :seq, :head)"
    " ON CONFLICT (device, log) DO UPDATE SET seq = excluded.seq, head = excluded.head"
)
_ADD_SIGNED = text(
    "INSERT INTO signed_head (device, log, seq, head, signature, key, received_at)"
    " VALUES (:device, :log, :seq, :head, :signature, :key, :received_at)"
).bindparams(bindparam("head"), bindparam("signature"))
_COLUMNS = ("device", "log", "seq", "session", "kind", "learner", "start", "end", "line", "head")


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch that is valid in itself and signed by its device."""

    batch: Batch
    records: tuple[AnyRecord, ...]
    key: int
    """Which of the device's keys signed it."""

    @property
    def sessions(self) -> frozenset[str]:
        """The sessions its records speak of."""
        return frozenset(record.session for record in self.records)


def read_batch(body: bytes, device: KnownDevice) -> ReadBatch:
    """The batch in a request's body. Raises InvalidError or SignatureError."""
    try:
        batch = decode_batch(body)
    except RecordError as error:
        raise InvalidError(error.vi, error.en) from error
    if batch.signed.checkpoint.device != device.id:
        raise SignatureError(
            "Lô bản ghi là của một thiết bị khác.", "The batch belongs to another device than the one that sent it."
        )
    if batch.first_seq < 1:
        raise InvalidError("Lô có nhiều bản ghi hơn nhật ký.", "The batch holds more records than its log.")
    try:
        verify_signature(device.key, batch.signed)
    except RecordError as error:
        raise SignatureError(error.vi, error.en) from error
    try:
        records = read_lines(batch.signed.checkpoint, batch.lines)
    except RecordError as error:
        raise InvalidError(error.vi, error.en) from error
    return ReadBatch(batch, tuple(records), device.number)


@dataclass(frozen=True, slots=True)
class Held:
    """How far the server holds a log, and how its own log stands: what a receipt says, before it is signed."""

    receipt: Receipt

    @classmethod
    def now(cls, connection: Connection, which: Mapping[str, str], seq: int, head: bytes, now: int) -> Held:
        """As it is in this transaction."""
        own_seq, own = own_head(connection)
        unsigned = Receipt(
            **which, seq=seq, head=head.hex(), server_time=now, server_log_seq=own_seq, server_log_head=own.hex(),
            server="", signature="",
        )  # fmt: skip
        return cls(unsigned)


def take_in(read: ReadBatch, now: int) -> Job[Held | RefusedError]:
    """The job that adds a batch to its log, or gives the refusal: a GapError or ForkError, which leave the log as it is
    and are themselves kept (ledger.forks).

    What is held may be further than the batch, after a late duplicate. Raises KeyRevokedError, SignatureError.
    """  # fmt: skip

    def job(connection: Connection) -> Held | RefusedError:
        batch, key = read.batch, read.key
        point = batch.signed.checkpoint
        which = {"device": point.device, "log": point.log}
        state = connection.execute(_STATE, {**which, "number": key}).one()
        if state.revoked:
            raise KeyRevokedError()
        if state.ended_at is not None:  # rotated a moment ago: sign with the new key
            raise SignatureError("Khóa này đã được thay.", "This key has been followed by another.")
        seq, head = (0, GENESIS) if state.seq is None else (state.seq, bytes(state.head))
        first = batch.first_seq
        if first > seq + 1:
            remember_gap(connection, point.device, point.log, seq + 1, first - 1)
            return GapError(seq + 1, first)
        known = min(seq, point.seq) - first + 1
        """How many of the batch's lines the server holds already."""
        fork = _compare(connection, batch, known) if known > 0 else None
        fresh = batch.lines[known:]
        heads = chained(head, fresh)
        if fork is None and fresh and heads[-1].hex() != point.head:
            fork = ForkError(
                f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, ở bản ghi {seq} hoặc trước đó.",
                f"The agent's log {point.log} differs from the server's copy, at record {seq} or before.",
            )
        if fork is not None:
            keep_fork(connection, batch, read.records, key, fork.seq, now)
            return fork
        if not fresh:
            return Held.now(connection, which, seq, head, now)
        connection.execute(_SET_HEAD, {**which, "seq": point.seq, "head": heads[-1]})
        signature = bytes.fromhex(batch.signed.signature)
        signed = {"seq": point.seq, "head": heads[-1], "signature": signature, "key": key, "received_at": now}
        connection.execute(_ADD_SIGNED, {**which, **signed})
        _add_records(connection, read.records[known:], fresh, heads)
        if state.gap is not None:
            close_gap(connection, point.device, point.log, point.seq, now)
        return Held.now(connection, which, point.seq, heads[-1], now)

    return job


def _compare(connection: Connection, batch: Batch, known: int) -> ForkError | None:
    """The fork, unless the batch's first `known` lines are the stored ones, byte for byte, with their head."""
    point, first = batch.signed.checkpoint, batch.first_seq
    which = {"device": point.device, "log": point.log, "first": first, "last": first + known - 1}
    rows = connection.execute(_LINES, which).all()
    for row, line in zip(rows, batch.lines, strict=False):
        if bytes(row.line) != line:
            return ForkError(
                f"Bản ghi {row.seq} của nhật ký {point.log} khác với bản máy chủ đang giữ.",
                f"Record {row.seq} of log {point.log} differs from the server's copy.",
                row.seq,
            )
    if known < len(batch.lines):
        return None  # the new lines' chain is checked against the stored head, which covers all before it
    if bytes(rows[-1].head).hex() != point.head:
        return ForkError(
            f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, trước bản ghi {first}.",
            f"The agent's log {point.log} differs from the server's copy, before record {first}.",
        )
    return None


def _add_records(
    connection: Connection, records: tuple[AnyRecord, ...], lines: tuple[bytes, ...], heads: list[bytes]
) -> None:
    """One statement of many rows; a row each costs twice the time."""
    values: list[object] = []
    for record, line, head in zip(records, lines, heads, strict=True):
        learner, start, end = found_by(record)
        kind = kind_of(record)
        values += (record.device, record.log, record.seq, record.session, kind, learner, start, end, line, head)
    connection.exec_driver_sql(_insert(len(records)), tuple(values))


def kind_of(record: AnyRecord) -> str:
    """The kind's name in its line."""
    return str(record.__struct_config__.tag)


def found_by(record: AnyRecord) -> tuple[str | None, int | None, int | None]:
    """Learner, start and end (server time, ms) under which a record is found; None where its kind has none."""
    match record:
        case CheckIn():
            at = record.server_time(record.at)
            return record.learner, at, at
        case Presence():
            return record.learner, record.server_time(record.start), record.server_time(record.end)
        case Coverage() | Link():
            return None, record.server_time(record.start), record.server_time(record.end)
        case _:
            return None, None, None


@lru_cache(maxsize=BATCH_LIMIT)
def _insert(rows: int) -> str:
    marks = "(" + ", ".join("?" * len(_COLUMNS)) + ")"
    columns = ", ".join(f'"{name}"' for name in _COLUMNS)
    return f"INSERT INTO record ({columns}) VALUES {', '.join([marks] * rows)}"  # noqa: S608 - only our own names
