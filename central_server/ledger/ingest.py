"""Taking batches in: each checked in form, compared with its log's head, and written by the one writer, many at once.

A batch of a log whose head is (stored seq, stored head):

    starts after stored seq + 1       -> GapError, with the seq that is wanted
    overlaps and differs in a byte    -> ForkError; the log stays, the other version is kept beside it
    overlaps and is the same          -> harmless; what is new behind it is added
    new lines do not lead from the stored head to the checkpoint's head -> ForkError, likewise
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import Connection

from central_server.bridge_points.signature import KnownDevice
from central_server.database import Job
from central_server.errors import ForkError, GapError, InvalidError, KeyRevokedError, RefusedError, SignatureError
from central_server.ledger.forks import close_gap, keep_fork, remember_gap
from central_server.ledger.queries import (
    HeadRow,
    LogState,
    RecordRow,
    SignedRow,
    add_records,
    add_signed,
    log_states,
    set_heads,
    stored_lines,
)
from central_server.own_log.writing import own_head
from models.receipts import Receipt
from models.records import (
    BATCH_LIMIT,
    LINE_LIMIT,
    AnyRecord,
    Batch,
    CheckIn,
    Coverage,
    Headcount,
    Link,
    OnDuty,
    Presence,
    ProfileUsed,
    RecordError,
    Seal,
    SpotCheck,
    Unobserved,
    Vouched,
    chained,
    decode_batch,
    read_lines,
    verify_signature,
)

BODY_LIMIT = (BATCH_LIMIT + 1) * (LINE_LIMIT + 1)
"""Bytes of the largest valid batch."""


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


def decoded(body: bytes) -> Batch:
    """The batch in a request's body, in form only. Raises InvalidError."""
    try:
        batch = decode_batch(body)
    except RecordError as error:
        raise InvalidError(error.vi, error.en) from error
    if batch.first_seq < 1:
        raise InvalidError("Lô có nhiều bản ghi hơn nhật ký.", "The batch holds more records than its log.")
    return batch


def read_batch(batch: Batch, device: KnownDevice) -> ReadBatch:
    """The batch with its records, signed by the device that it names. Raises InvalidError or SignatureError."""
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


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A batch that continues its log, or repeats it."""

    read: ReadBatch
    known: int
    """How many of its lines the server holds already."""
    heads: list[bytes]
    """The chain's head after each new line."""
    seq: int
    head: bytes
    """How the log stands from now on."""


def take_in(group: Sequence[ReadBatch], now: int) -> Job[list[Held | RefusedError]]:
    """The job that adds batches to their logs, each of another log. For each in order what is held now (further than
    the batch, after a late duplicate), or its refusal. Whatever is refused leaves its log as it is and holds no other
    up; a GapError or ForkError is itself kept (ledger.forks). Other refusals: KeyRevokedError, SignatureError.
    """  # fmt: skip

    def job(connection: Connection) -> list[Held | RefusedError]:
        asked = [(read.batch.signed.checkpoint, read.key) for read in group]
        states = log_states(connection, [(point.device, point.log, key) for point, key in asked])
        outcomes = [_accept(connection, *one, now) for one in zip(group, states, strict=True)]
        _add(connection, [one for one in outcomes if isinstance(one, _Accepted) and one.heads], now)
        own = own_head(connection)
        return [one if isinstance(one, RefusedError) else _held(one, own, now) for one in outcomes]

    return job


def _accept(connection: Connection, read: ReadBatch, state: LogState, now: int) -> _Accepted | RefusedError:
    """Compare a batch with its log; a fork or a gap is kept."""
    batch, point = read.batch, read.batch.signed.checkpoint
    if state.revoked:
        return KeyRevokedError()
    if state.ended_at is not None:  # rotated a moment ago: sign with the new key
        return SignatureError("Khóa này đã được thay.", "This key has been followed by another.")
    first = batch.first_seq
    if first > state.seq + 1:
        remember_gap(connection, point.device, point.log, state.seq + 1, first - 1)
        return GapError(state.seq + 1, first)
    known = min(state.seq, point.seq) - first + 1
    fork = _compare(connection, batch, known) if known > 0 else None
    heads = chained(state.head, batch.lines[known:])
    if fork is None and heads and heads[-1].hex() != point.head:
        fork = ForkError(
            f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, ở bản ghi {state.seq} hoặc trước đó.",
            f"The agent's log {point.log} differs from the server's copy, at record {state.seq} or before.",
        )
    if fork is not None:
        keep_fork(connection, batch, read.records, read.key, fork.seq, now)
        return fork
    if heads and state.gap is not None:
        close_gap(connection, point.device, point.log, point.seq, now)
    return _Accepted(read, known, heads, *((point.seq, heads[-1]) if heads else (state.seq, state.head)))


def _held(accepted: _Accepted, own: tuple[int, bytes], now: int) -> Held:
    point = accepted.read.batch.signed.checkpoint
    own_seq, own_hash = own
    return Held(
        Receipt(
            device=point.device, log=point.log, seq=accepted.seq, head=accepted.head.hex(), server_time=now,
            server_log_seq=own_seq, server_log_head=own_hash.hex(), server="", signature="",
        )
    )  # fmt: skip


def _compare(connection: Connection, batch: Batch, known: int) -> ForkError | None:
    """The fork, unless the batch's first `known` lines are the stored ones, byte for byte, with their head."""
    point, first = batch.signed.checkpoint, batch.first_seq
    rows = stored_lines(connection, point.device, point.log, first, first + known - 1)
    for (seq, stored, _), line in zip(rows, batch.lines, strict=False):
        if stored != line:
            return ForkError(
                f"Bản ghi {seq} của nhật ký {point.log} khác với bản máy chủ đang giữ.",
                f"Record {seq} of log {point.log} differs from the server's copy.",
                seq,
            )
    if known < len(batch.lines):
        return None  # the new lines' chain is checked against the stored head, which covers all before it
    if rows[-1][2].hex() != point.head:
        return ForkError(
            f"Nhật ký {point.log} trên máy khác với bản máy chủ đang giữ, trước bản ghi {first}.",
            f"The agent's log {point.log} differs from the server's copy, before record {first}.",
        )
    return None


def _add(connection: Connection, accepted: Sequence[_Accepted], now: int) -> None:
    """Write what is new: all batches' records, checkpoints and heads."""
    heads: list[HeadRow] = []
    signed: list[SignedRow] = []
    records: list[RecordRow] = []
    for one in accepted:
        batch, point = one.read.batch, one.read.batch.signed.checkpoint
        heads.append((point.device, point.log, one.seq, one.head))
        signature = bytes.fromhex(batch.signed.signature)
        signed.append((point.device, point.log, one.seq, one.head, signature, one.read.key, now))
        new = zip(one.read.records[one.known :], batch.lines[one.known :], one.heads, strict=True)
        records += [
            (
                point.device, point.log, record.seq, record.session, kind_of(record), *found_by(record),
                bytearray(line), bytearray(head),
            )
            for record, line, head in new
        ]  # fmt: skip
    set_heads(connection, heads)
    add_signed(connection, signed)
    add_records(connection, records)


_KINDS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(AnyRecord)}


def kind_of(record: AnyRecord) -> str:
    """The kind's name in its line."""
    return _KINDS[type(record)]


def found_by(record: AnyRecord) -> tuple[str | None, int | None, int | None]:
    """Learner, start and end (server time, ms) under which a record is found; None where its kind has none."""
    moved = record.server_time(0)
    match record:
        case Presence() | Vouched() | Unobserved():
            return record.learner, moved + record.start, moved + record.end
        case SpotCheck():
            return record.learner, moved + record.asked, moved + record.at
        case CheckIn():
            return record.learner, moved + record.at, moved + record.at
        case Coverage() | Link() | Headcount():
            return None, moved + record.start, moved + record.end
        case OnDuty() | ProfileUsed():
            return None, moved + record.at, moved + record.at
        case Seal():
            return None, None, None
