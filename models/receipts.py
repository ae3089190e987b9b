"""The server's receipt: its signed word that it holds a log up to a record, and how its own log stood at that moment.

An agent keeps its receipts as witnesses: a server that later changes, drops or backdates what it acknowledged, or
rewrites its own log, contradicts them. Receipts travel and are kept as one line of JSON each (NDJSON).

    message   = "diemdanh receipt 1", device, log, seq, head, server_time, server_log_seq, server_log_head
                (ASCII, one to a line, no newline at the end; golden bytes in tests/vectors)
    signature = Ed25519 over the message, with the server's key; `server` names the key by `key_id`
"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from models.errors import DiemdanhError
from models.reasons import reason
from models.records import Count, Id, Milliseconds
from models.signatures import is_signed

Head = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
"""A chain's hash, 32 bytes in hex."""
Signature = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}\Z")]
"""An Ed25519 signature, 64 bytes in hex."""
KeyId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}\Z")]


class ReceiptError(DiemdanhError):
    """Bytes that are no receipt, or a receipt that its server did not sign."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The server holds the log up to `seq`, durably. The answer to a batch."""

    device: Id
    log: Id
    seq: Count
    head: Head
    """The log's head at `seq`."""
    server_time: Milliseconds
    server_log_seq: Count
    """How many records the server's own log had (models.own_records)."""
    server_log_head: Head
    """The head of the server's own log there."""
    server: KeyId
    """Which of the server's keys signed."""
    signature: Signature


def key_id(public_key: Ed25519PublicKey) -> str:
    """The name of a server's key: the first 8 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def receipt_message(receipt: Receipt) -> bytes:
    """The bytes that are signed."""
    return (
        f"diemdanh receipt 1\n{receipt.device}\n{receipt.log}\n{receipt.seq}\n{receipt.head}\n{receipt.server_time}\n"
        f"{receipt.server_log_seq}\n{receipt.server_log_head}"
    ).encode()


def sign_receipt(key: Ed25519PrivateKey, name: str, receipt: Receipt) -> Receipt:
    """The receipt with the server's key and signature filled in (what stood there before is replaced).

    name: the key's `key_id`; working it out takes half as long as signing.
    """
    return msgspec.structs.replace(receipt, server=name, signature=key.sign(receipt_message(receipt)).hex())


def verify_receipt(key: Ed25519PublicKey, receipt: Receipt) -> None:
    """Raises ReceiptError unless `receipt` was signed with the private half of `key`."""
    if not is_signed(key, bytes.fromhex(receipt.signature), receipt_message(receipt)):
        raise ReceiptError(
            f"Biên nhận cho bản ghi {receipt.seq} không có chữ ký đúng của máy chủ.",
            f"The receipt for record {receipt.seq} does not carry the server's signature.",
        )


def decode_receipt(line: bytes) -> Receipt:
    """The receipt in a line of JSON. Raises ReceiptError; the signature is checked by `verify_receipt`."""
    try:
        return msgspec.json.decode(line, type=Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ReceiptError(
            f"Biên nhận không hợp lệ: {reason(error).vi}.", f"The receipt is not valid: {error}."
        ) from error
