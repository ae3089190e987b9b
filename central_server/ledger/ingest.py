"""Taking batches in: checked in form, compared with the log's head, and written by the one writer.

A batch of a log whose head is (stored seq, stored head):

    starts after stored seq + 1       -> GapError, with the seq that is wanted
    overlaps and differs in a byte    -> ForkError, nothing changes
    overlaps and is the same          -> harmless; what is new behind it is added
    new lines do not lead from the stored head to the checkpoint's head -> ForkError, nothing changes
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, bindparam, text

from central_server.bridge_points.signature import KnownDevice
from central_server.database import Job
from central_server.errors import ForkError, GapError, InvalidError, SignatureError
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
    chain,
    decode_batch,
    read_lines,
    verify_signature,
)
from models.wire import Receipt

BODY_LIMIT = (BATCH_LIMIT + 1) * (LINE_LIMIT + 1)
"""Bytes of the largest valid batch."""

_HEAD = text("SELECT seq, head FROM log_head WHERE device = :device AND log = :log")
_LINES = text(
    "SELECT seq, line FROM record WHERE device = :device AND log = :log AND seq BETWEEN :first AND :last ORDER BY seq"
)
_SIGNED_BELOW = text(
    "SELECT seq, head FROM signed_head WHERE device = :device AND log = :log AND seq <= :seq ORDER BY seq DESC LIMIT 1"
)
_SET_HEAD = text(
    "INSERT INTO log_head (device, log, seq, head) VALUES (:device, :log, :seq, :head)"
    " ON CONFLICT (device, log) DO UPDATE SET seq = excluded.seq, head = excluded.head"
)
_ADD_SIGNED = text(
    "INSERT INTO signed_head (device, log, seq, head, signature, received_at)"
    " VALUES (:device, :log, :seq, :head, :signature, :received_at)"
).bindparams(bindparam("head"), bindparam("signature"))
_COLUMNS = ("device", "log", "seq", "session", "kind", "learner", "start", "end", "line")
_KINDS = {"CheckIn": "check_in", "Presence": "presence", "Coverage": "coverage", "Link": "link", "Seal": "seal"}


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch that is valid in itself and signed by its device."""

    batch: Batch
    records: tuple[AnyRecord, ...]

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
    return ReadBatch(batch, tuple(records))


def take_in(read: ReadBatch, now: int) -> Job[Receipt]:
    """The job that adds a batch to its log. Raises GapError or ForkError, and then nothing has changed.

    The receipt tells how far the server holds the log, which after a late duplicate is further than the batch.
    """

    def job(connection: Connection) -> Receipt:
        point = read.batch.signed.checkpoint
        which = {"device": point.device, "log": point.log}
        row = connection.execute(_HEAD, which).one_or_none()
        seq, head = (row.seq, bytes(row.head)) if row else (0, GENESIS)
        first = read.batch.first_seq
        if first > seq + 1:
            raise GapError(seq + 1, first)
        known = min(seq, point.seq) - first + 1
        """How many of the batch's lines the server holds already."""
        if known > 0:
            _compare(connection, read.batch, known)
        fresh = read.batch.lines[known:]
        if not fresh:
            return Receipt(**which, seq=seq, head=head.hex(), server_time=now)
        new_head = chain(head, fresh)
        if new_head.hex() != point.head:
            raise ForkError(
                f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, ở bản ghi {seq} hoặc trước đó.",
                f"The agent's log {point.log} differs from the server's copy, at record {seq} or before.",
            )
        connection.execute(_SET_HEAD, {**which, "seq": point.seq, "head": new_head})
        signature = bytes.fromhex(read.batch.signed.signature)
        connection.execute(
            _ADD_SIGNED, {**which, "seq": point.seq, "head": new_head, "signature": signature, "received_at": now}
        )
        _add_records(connection, read.records[known:], fresh)
        return Receipt(**which, seq=point.seq, head=new_head.hex(), server_time=now)

    return job


def _compare(connection: Connection, batch: Batch, known: int) -> None:
    """Raises ForkError unless the batch's first `known` lines are the stored ones, byte for byte, with their head."""
    point, first = batch.signed.checkpoint, batch.first_seq
    which = {"device": point.device, "log": point.log}
    rows = connection.execute(_LINES, {**which, "first": first, "last": first + known - 1}).all()
    for row, line in zip(rows, batch.lines, strict=False):
        if bytes(row.line) != line:
            raise ForkError(
                f"Bản ghi {row.seq} của nhật ký {point.log} khác với bản máy chủ đang giữ.",
                f"Record {row.seq} of log {point.log} differs from the server's copy.",
            )
    if known < len(batch.lines):
        return  # the new lines' chain is checked against the stored head, which covers all before it
    below = connection.execute(_SIGNED_BELOW, {**which, "seq": point.seq}).one_or_none()
    seq, head = (below.seq, bytes(below.head)) if below else (0, GENESIS)
    between = connection.execute(_LINES, {**which, "first": seq + 1, "last": point.seq}).all()
    if chain(head, (bytes(row.line) for row in between)).hex() != point.head:
        raise ForkError(
            f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, trước bản ghi {first}.",
            f"The agent's log {point.log} differs from the server's copy, before record {first}.",
        )


def _add_records(connection: Connection, records: tuple[AnyRecord, ...], lines: tuple[bytes, ...]) -> None:
    """One statement of many rows; a row each costs twice the time."""
    values: list[object] = []
    for record, line in zip(records, lines, strict=True):
        learner, start, end = found_by(record)
        kind = _KINDS[type(record).__name__]
        values += (record.device, record.log, record.seq, record.session, kind, learner, start, end, line)
    connection.exec_driver_sql(_insert(len(records)), tuple(values))


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
