"""The presence record: its fields, its bytes, its hash, its chain and its signed checkpoint.

This is the one wire contract between a bridge point and the central server. A record is one line of JSON, at most
1 KiB, whose raw bytes are hashed and kept as they are: nothing is ever serialised a second time. Golden bytes stand in
tests/vectors; a change that alters them is a new VERSION.

    hash_0 = 32 zero bytes
    hash_i = SHA-256(hash_{i-1} + line_i)          line_i without its newline
    checkpoint = (device, log, seq, head = hash_seq), signed with the device's Ed25519 key
    batch = one line with the signed checkpoint, then consecutive record lines that end at the checkpoint's seq
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import DiemdanhError
from models.reasons import reason
from models.record_kinds import (
    VERSION,
    WHOLE_PICTURE,
    AnyRecord,
    CheckIn,
    CheckInMethod,
    Count,
    Coverage,
    CoverageEnd,
    Flag,
    Headcount,
    Id,
    Link,
    Milliseconds,
    OnDuty,
    Presence,
    ProfileUsed,
    Record,
    Score,
    Seal,
    SpotCheck,
    Unobserved,
    Vouch,
    Vouched,
    Zone,
)
from models.signatures import is_signed

__all__ = [
    "BATCH_LIMIT",
    "GENESIS",
    "LINE_LIMIT",
    "VERSION",
    "WHOLE_PICTURE",
    "AnyRecord",
    "Batch",
    "CheckIn",
    "CheckInMethod",
    "Checkpoint",
    "Count",
    "Coverage",
    "CoverageEnd",
    "Flag",
    "Headcount",
    "Id",
    "Link",
    "Milliseconds",
    "OnDuty",
    "Presence",
    "ProfileUsed",
    "Record",
    "RecordError",
    "Score",
    "Seal",
    "SignedCheckpoint",
    "SpotCheck",
    "Unobserved",
    "Vouch",
    "Vouched",
    "Zone",
    "chain",
    "chained",
    "decode",
    "decode_all",
    "decode_batch",
    "encode",
    "read_lines",
    "sign_batch",
    "verify_signature",
]

LINE_LIMIT = 1024
BATCH_LIMIT = 500
"""Most records in one batch: about 200 KiB, a few seconds on a 512 kbit/s line."""
GENESIS = bytes(32)
_ID = re.compile(r"[A-Za-z0-9_.-]+")


class RecordError(DiemdanhError):
    """Bytes that are no valid record or batch, or that do not continue their chain."""


_INTERVALS = frozenset((Presence, Coverage, Link, Vouched, Unobserved, Headcount))
_PEOPLE: dict[type, tuple[str, ...]] = {
    Presence: ("learner",), Unobserved: ("learner",), SpotCheck: ("learner",), CheckIn: ("learner", "witness"),
    Vouched: ("learner", "witness"), OnDuty: ("witness", "named_by"),
}  # fmt: skip
"""The fields in which the kinds name people."""
_IDS: dict[type, attrgetter[tuple[object, ...]]] = {
    kind: attrgetter("device", "log", "session", "boot_id", *_PEOPLE.get(kind, ())) for kind in get_args(AnyRecord)
}
"""Reads all ids of a record at once."""
_decoder = msgspec.json.Decoder(AnyRecord)
_encoder = msgspec.json.Encoder()


def encode(record: AnyRecord) -> bytes:
    """The record's line, without newline.

    Raises RecordError when a value is outside its range or the line is longer than LINE_LIMIT: what is written is
    always readable.
    """
    line = _encoder.encode(record)
    decode(line)
    return line


def decode(line: bytes) -> AnyRecord:
    """The record in `line` (without newline).

    Raises RecordError when it is too long, no JSON, of an unknown kind or version, or has missing, unknown or
    impossible values.
    """
    return decode_all((line,))[0]


def decode_all(lines: Sequence[bytes]) -> list[AnyRecord]:
    """The records in `lines`, each as `decode` reads it. What can be is asked of all lines at once, for speed.

    Raises RecordError.
    """
    if (longest := max(map(len, lines))) > LINE_LIMIT:
        raise RecordError(
            f"Bản ghi dài {longest} byte, quá giới hạn {LINE_LIMIT}.",
            f"The record is {longest} bytes long, over the limit of {LINE_LIMIT}.",
        )
    if b"\n" in b"".join(lines):
        raise RecordError("Một bản ghi phải nằm trên một dòng.", "A record must be one line.")
    try:
        records = [_decoder.decode(line) for line in lines]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"Bản ghi không hợp lệ: {reason(error).vi}.", f"The record is not valid: {error}.") from error
    ids: set[object] = set()
    for record in records:
        ids.update(_IDS[type(record)](record))
        if type(record) in _INTERVALS and record.end < record.start:
            raise RecordError(
                f"Bản ghi {record.seq} kết thúc trước khi bắt đầu.", f"Record {record.seq} ends before it starts."
            )
    for one in ids:
        if isinstance(one, str) and not _ID.fullmatch(one):  # not what is left out: unset, or None
            raise RecordError(
                f'Bản ghi không hợp lệ: mã "{one}" có ký tự không dùng được.',
                f'The record is not valid: the id "{one}" has a letter that ids may not have.',
            )
    return records


def chain(head: bytes, lines: Iterable[bytes]) -> bytes:
    """The head after `lines` are added to a chain whose head is `head` (32 bytes each)."""
    for line in lines:
        head = hashlib.sha256(head + line).digest()
    return head


def chained(head: bytes, lines: Iterable[bytes]) -> list[bytes]:
    """The head after each of `lines`, added one by one to a chain whose head is `head`."""
    heads = []
    for line in lines:
        head = hashlib.sha256(head + line).digest()
        heads.append(head)
    return heads


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of a log after its record `seq`: `head` is the chain's hash there, in hex."""

    device: Id
    log: Id
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    head: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]

    def message(self) -> bytes:
        """The bytes that are signed."""
        return f"diemdanh checkpoint 1\n{self.device}\n{self.log}\n{self.seq}\n{self.head}".encode()


class SignedCheckpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A checkpoint and its Ed25519 signature in hex: the first line of a batch."""

    checkpoint: Checkpoint
    signature: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]


_checkpoint_decoder = msgspec.json.Decoder(SignedCheckpoint)


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive lines of one log, up to the checkpoint's seq, with one signature for all of them."""

    signed: SignedCheckpoint
    lines: tuple[bytes, ...]

    @property
    def first_seq(self) -> int:
        """Seq of the first line."""
        return self.signed.checkpoint.seq - len(self.lines) + 1

    def encode(self) -> bytes:
        """The batch as it travels (NDJSON): the signed checkpoint's line, then the records' lines."""
        return b"\n".join((_encoder.encode(self.signed), *self.lines))


def sign_batch(key: Ed25519PrivateKey, checkpoint: Checkpoint, lines: Sequence[bytes]) -> Batch:
    """A batch of `lines` that ends at `checkpoint`, signed with the device's key."""
    return Batch(SignedCheckpoint(checkpoint, key.sign(checkpoint.message()).hex()), tuple(lines))


def decode_batch(body: bytes) -> Batch:
    """The batch in `body`, in form only: signature and chain are checked by `verify_batch`.

    Raises RecordError when the first line is no signed checkpoint, or when there are no or too many lines.
    """
    first, *lines = body.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if not 1 <= len(lines) <= BATCH_LIMIT:
        raise RecordError(
            f"Một lô có từ 1 đến {BATCH_LIMIT} bản ghi, ở đây có {len(lines)}.",
            f"A batch has 1 to {BATCH_LIMIT} records, this one has {len(lines)}.",
        )
    try:
        signed = _checkpoint_decoder.decode(first)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(
            f"Dòng đầu của lô không phải là điểm kiểm tra: {reason(error).vi}.",
            f"The batch's first line is no signed checkpoint: {error}.",
        ) from error
    return Batch(signed, tuple(lines))


def verify_signature(key: Ed25519PublicKey, signed: SignedCheckpoint) -> None:
    """Raises RecordError unless `signed` was signed with the private half of `key`."""
    if not is_signed(key, bytes.fromhex(signed.signature), signed.checkpoint.message()):
        raise RecordError("Chữ ký của lô bản ghi không đúng.", "The batch's signature is wrong.")


def read_lines(checkpoint: Checkpoint, lines: Sequence[bytes]) -> list[AnyRecord]:
    """The records in `lines`, which end at the checkpoint's seq.

    Raises RecordError when one is not valid, is of another device or log, or when their seqs are not consecutive.
    """
    first = checkpoint.seq - len(lines) + 1
    records = decode_all(lines)
    for seq, record in enumerate(records, first):
        if (record.device, record.log, record.seq) != (checkpoint.device, checkpoint.log, seq):
            raise RecordError(
                f"Lô bản ghi cần bản ghi {seq} của nhật ký {checkpoint.log}, "
                f"nhưng có bản ghi {record.seq} của nhật ký {record.log}.",
                f"The batch needs record {seq} of log {checkpoint.log}, "
                f"but holds record {record.seq} of log {record.log}.",
            )
    return records
