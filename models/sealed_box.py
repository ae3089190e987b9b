"""Sealed boxes between a device and the server: only the holder of an Ed25519 private key opens what is sealed to it.

libsodium's crypto_box_seal (X25519, XSalsa20-Poly1305) on the keys that both sides have already, converted as libsodium
does it. TLS protects the way; this keeps templates out of a proxy's memory and logs as well.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from nacl.bindings import crypto_sign_ed25519_pk_to_curve25519
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey

from models.errors import DiemdanhError


class SealedBoxError(DiemdanhError):
    """What was sealed does not open with this key, or was changed."""


def seal_to(key: Ed25519PublicKey, content: bytes) -> str:
    """`content` sealed to the holder of `key`, in base64."""
    public = PublicKey(crypto_sign_ed25519_pk_to_curve25519(key.public_bytes_raw()))
    return b64encode(SealedBox(public).encrypt(content)).decode("ascii")


def open_sealed(key: Ed25519PrivateKey, sealed: str) -> bytes:
    """What was sealed to `key`. Raises SealedBoxError."""
    try:
        private: PrivateKey = SigningKey(key.private_bytes_raw()).to_curve25519_private_key()
        return SealedBox(private).decrypt(b64decode(sealed, validate=True))
    except (CryptoError, Error, ValueError, TypeError) as error:
        raise SealedBoxError(
            "Dữ liệu mã hóa không mở được bằng khóa của máy này. Hãy đồng bộ lại danh sách.",
            "Sealed data does not open with this key. Fetch the list again.",
        ) from error
