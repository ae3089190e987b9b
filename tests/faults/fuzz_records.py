"""Rubbish for the decoders of records, batches and receipts: whatever comes, they answer or refuse, and never crash."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from models.receipts import ReceiptError, decode_receipt
from models.records import RecordError, decode, decode_batch, encode, read_lines
from tests.faults.loop import Budget, Found

FULL_S = 600
VECTORS = Path(__file__).parents[1] / "vectors"
_PIECES = (
    b'{"kind":"presence"', b'"kind":"seal",', b"null", b"-0", b"1e999", b"NaN", b"9" * 400, b'"\\ud800"', b"\\u0000",
    b"\xff\xfe", b"[" * 500, b'{"a":' * 200, b"true", b"\n", b"\r\n", b"\x00", b'"end":-9007199254740993', b"1.5",
    b'"zones":[]', b'"v":2', b'"offset":null', "ệ".encode(), b'"', b"}", b",", b":",
)  # fmt: skip


def seeds() -> list[bytes]:
    """Valid bytes to start from: the golden vectors and each of their lines."""
    whole = [path.read_bytes().rstrip(b"\n") for path in sorted(VECTORS.glob("*.ndjson"))]
    return whole + [line for file in whole for line in file.split(b"\n")]


def mutate(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """`data`, spoilt in one to four ways."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((0, 1, 1, 4, 30, len(data))))
        match rng.randrange(6):
            case 0:
                data = data[:at] + rng.choice(_PIECES) + data[to:]
            case 1:
                data = data[:at] + data[to:]
            case 2:
                data = data[:at] + rng.randbytes(rng.randint(1, 8)) + data[to:]
            case 3:
                data = data[:to] + data[at:]
            case 4:
                other = rng.choice(others)
                data = data[:at] + other[rng.randrange(len(other) + 1) :]
            case _:
                if at < len(data):
                    data = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    return data[:200_000]


def feed(data: bytes) -> int:
    """Give `data` to every decoder; how many took it. What it takes it must be able to write again."""
    taken = 0
    try:
        encode(decode(data))
        taken += 1
    except RecordError:
        pass
    try:
        batch = decode_batch(data)
        read_lines(batch.signed.checkpoint, batch.lines)
        batch.encode()
        taken += 1
    except RecordError:
        pass
    try:
        decode_receipt(data)
        taken += 1
    except ReceiptError:
        pass
    return taken


def fuzz(seconds: float, seed: int, into: Callable[[bytes], int] = feed) -> tuple[int, int]:
    """Feed for so long; how many inputs, and how many decoders took one. Any exception but the decoders' own is a crash
    and is raised with the input that made it.
    """  # fmt: skip
    rng, known = random.Random(seed), seeds()
    end, fed, taken = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        for _ in range(200):
            data = mutate(rng, rng.choice(known), known)
            try:
                taken += into(data)
            except Exception as error:
                raise AssertionError(f"seed {seed}, input {fed}: {data!r}") from error
            fed += 1
    return fed, taken


def loop(_folder: Path, seed: int, budget: Budget) -> Found:
    """Feed rubbish until the time is over."""
    try:
        fed, taken = fuzz(budget.left(FULL_S), seed)
    except AssertionError as crash:
        return Found({}, (f"{crash} {crash.__cause__!r}",))
    return Found({"inputs": fed, "taken": taken}, () if taken else ("no decoder took anything: nothing was tried",))
