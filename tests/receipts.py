"""Receipts for tests of what is done with them, signed by a server's key that every test knows."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.receipts import Receipt, key_id, sign_receipt

SERVER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
PUBLIC_HEX = SERVER_KEY.public_key().public_bytes_raw().hex()


def receipt_of(device: str, log: str, seq: int, head: str, server_time: int = 7) -> Receipt:
    unsigned = Receipt(
        device=device, log=log, seq=seq, head=head, server_time=server_time, server_log_seq=3,
        server_log_head="5" * 64, server="", signature="",
    )  # fmt: skip
    return sign_receipt(SERVER_KEY, key_id(SERVER_KEY.public_key()), unsigned)
