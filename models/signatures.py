"""Ed25519 signatures are verified here, by libsodium (PyNaCl).

cryptography makes and keeps the keys, but its verification (OpenSSL) takes twice as long and lets no other thread run
meanwhile; libsodium is also the stricter of the two about keys and signatures that are not in their one proper form.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError


def is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (64 bytes) over `message` was made with the private half of `key`."""
    try:
        crypto_sign_open(signature + message, key.public_bytes_raw())
    except BadSignatureError:
        return False
    return True
