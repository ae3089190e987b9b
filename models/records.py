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
from typing import Annotated, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import DiemdanhError
from models.reasons import reason
from models.signatures import is_signed

VERSION: Literal[1] = 1
LINE_LIMIT = 1024
BATCH_LIMIT = 500
"""Most records in one batch: about 200 KiB, a few seconds on a 512 kbit/s line."""
GENESIS = bytes(32)

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+\Z")]
_ID = re.compile(r"[A-Za-z0-9_.-]+")
_RecordId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""An Id inside a record. `decode_all` looks at its letters: as a pattern that takes three quarters of the decoding."""
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Score = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]

CheckInMethod = Literal["room_camera", "face", "card", "pin"]
"""How a learner was matched: `room_camera` is the first identification at the seat, without a liveness challenge."""
CoverageEnd = Literal["cut", "stopped", "camera_gone", "frozen", "dark", "crashed", "suspended"]
"""Why a coverage record ends: `cut` and the next one goes on at the same moment; all others leave time not observed."""


class RecordError(DiemdanhError):
    """Bytes that are no valid record or batch, or that do not continue their chain."""


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What every record carries.

    The clock fields are one sample, taken when the record was made (after a crash: the last one saved before it).
    `start` and `end` of the kinds below lie on the boot-time clock of that sample, so a wall clock that jumps moves no
    duration. Server time of a boot-clock moment t: wall + (offset or 0) - (boot - t).
    """

    v: Literal[1] = VERSION
    device: _RecordId
    log: _RecordId
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    session: _RecordId
    wall: Milliseconds
    """Milliseconds since 1970-01-01 UTC by this PC's own clock."""
    boot_id: _RecordId
    boot: Milliseconds
    """Milliseconds of the clock that runs from boot on, through suspends, and is never set."""
    offset: Milliseconds | None
    """Server clock minus this PC's wall clock; None when it was never measured."""
    uncertainty: Count | None
    """Half the width of the interval in which the true offset lies; None with offset None."""

    def server_time(self, boot: int) -> int:
        """Server wall time, in ms since 1970 UTC, of the moment `boot` on this record's boot-time clock."""
        return self.wall + (self.offset or 0) - (self.boot - boot)


class CheckIn(Record, frozen=True, kw_only=True, tag="check_in"):
    """A learner was matched for the first time in a session at this bridge point."""

    learner: _RecordId
    at: Milliseconds
    method: CheckInMethod
    score: Score | None
    encoder: str


class Presence(Record, frozen=True, kw_only=True, tag="presence"):
    """A closed presence interval of one learner: seen from `start` to `end`."""

    learner: _RecordId
    start: Milliseconds
    end: Milliseconds
    sightings: Count
    best_score: Score
    encoder: str


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the picture, in shares of its width and height, in which a face could be identified."""

    x: float
    y: float
    width: float
    height: float


WHOLE_PICTURE = (Zone(0.0, 0.0, 1.0, 1.0),)


class Coverage(Record, frozen=True, kw_only=True, tag="coverage"):
    """From when to when the room was really watched, in which zones, and why it ended."""

    start: Milliseconds
    end: Milliseconds
    ended_by: CoverageEnd
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    detector: str
    encoder: str


class Link(Record, frozen=True, kw_only=True, tag="link"):
    """From when to when the room's stream was up."""

    start: Milliseconds
    end: Milliseconds
    ended_by: str


class Seal(Record, frozen=True, kw_only=True, tag="seal"):
    """Closes a session's part of the log: how many records of each kind it holds and what they add up to."""

    check_ins: Count
    presences: Count
    coverages: Count
    present_ms: Count
    """Sum of all presence intervals of the session in this log."""
    covered_ms: Count
    """Sum of all coverage of the session in this log."""


AnyRecord = CheckIn | Presence | Coverage | Link | Seal

_INTERVALS = (Presence, Coverage, Link)
_OF_LEARNERS = (Presence, CheckIn)
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
    if any(b"\n" in line for line in lines):
        raise RecordError("Một bản ghi phải nằm trên một dòng.", "A record must be one line.")
    try:
        records = [_decoder.decode(line) for line in lines]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"Bản ghi không hợp lệ: {reason(error).vi}.", f"The record is not valid: {error}.") from error
    ids = {one for record in records for one in (record.device, record.log, record.session, record.boot_id)}
    ids.update(record.learner for record in records if isinstance(record, _OF_LEARNERS))
    for one in ids:
        if not _ID.fullmatch(one):
            raise RecordError(
                f'Bản ghi không hợp lệ: mã "{one}" có ký tự không dùng được.',
                f'The record is not valid: the id "{one}" has a letter that ids may not have.',
            )
    for record in records:
        if isinstance(record, _INTERVALS) and record.end < record.start:
            raise RecordError(
                f"Bản ghi {record.seq} kết thúc trước khi bắt đầu.", f"Record {record.seq} ends before it starts."
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
