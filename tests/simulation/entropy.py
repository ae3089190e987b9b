"""The system's randomness, given a seed: ids and keys are random in the product, and must repeat for a history to.

This is the one place where the simulation reaches behind the product's back: no code may depend on what is random, so
no product function takes it as an argument.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@contextmanager
def seeded_entropy(seed: str) -> Iterator[None]:
    """While it lasts `secrets`, `random.SystemRandom` and new Ed25519 keys follow from `seed`."""
    source = random.Random(seed)  # before SystemRandom is touched: a Random that is given a seed asks no system
    urandom, generate = random._urandom, Ed25519PrivateKey.generate  # type: ignore[attr-defined]

    def key(_: type[Ed25519PrivateKey]) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(source.randbytes(32))

    random._urandom = source.randbytes  # type: ignore[attr-defined]
    Ed25519PrivateKey.generate = classmethod(key)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        random._urandom = urandom  # type: ignore[attr-defined]
        Ed25519PrivateKey.generate = generate  # type: ignore[method-assign]
