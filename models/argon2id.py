"""Passwords and PINs against their argon2id hashes in PHC form, which the server makes and both sides read."""

from __future__ import annotations

import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id


def plain(secret: str) -> str:
    """The secret as it is hashed: NFKC, so that it is the same from every keyboard (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", secret)


def matches(secret: str, phc: str) -> bool:
    """Whether the secret is the one that was hashed. Takes some 150 ms by design: never on an event loop."""
    try:
        Argon2id.verify_phc_encoded(plain(secret).encode(), phc)
    except InvalidKey:
        return False
    return True
