"""Passwords: which will do, and argon2id in two threads of its own, so that no page waits behind a sign-in."""

from __future__ import annotations

import asyncio
import os
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from central_server.errors import BusyError, InputError
from models import argon2id

T = TypeVar("T")

SHORTEST, LONGEST = 10, 200
ITERATIONS, LANES, MEMORY_KIB = 3, 1, 64 * 1024
"""RFC 9106's second recommended option but for its four lanes: OpenSSL's pool of threads for them fails, or never comes
back, when two are hashed at once."""
PIN_DIGITS = 6
PIN_ITERATIONS, PIN_MEMORY_KIB = 2, 19 * 1024
"""OWASP's least for argon2id, for PINs: six digits are guessed whatever a hash costs, so what protects them is that the
hash itself is sealed (deploy/decisions/0017)."""
PINS_AT_ONCE = 5
"""PINs hashed in one go: whoever signs in meanwhile waits for no more."""
THREADS, WAITING_LIMIT = 2, 30

_COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split())
"""The commonest passwords of 10 and more characters, here and elsewhere."""


def plain(password: str) -> str:
    """The password as it is hashed: NFKC, so that it is the same from every keyboard (NIST SP 800-63B)."""
    return argon2id.plain(password)


def check_password(password: str, login: str, name: str) -> None:
    """Raises InputError when a new password won't do: too short or long, common, or made of the person's own name.

    No rules of composition and no expiry, as NIST SP 800-63B-4 (3.1.1.2) asks.
    """
    typed = plain(password)
    if not SHORTEST <= len(typed) <= LONGEST:
        raise InputError(
            f"Mật khẩu cần từ {SHORTEST} đến {LONGEST} ký tự. Một câu ngắn dễ nhớ là tốt nhất.",
            f"A password has {SHORTEST} to {LONGEST} characters. A short sentence is best.",
        )
    simple = _simple(typed)
    own = {_simple(login), _simple(login.split("@")[0]), _simple(name)}
    if simple in _COMMON or len(set(simple)) < 4 or simple.strip("0123456789!@#.-_") in own:
        raise InputError(
            "Mật khẩu này quá dễ đoán: nhiều người dùng nó, hoặc nó là tên của đồng chí. Hãy chọn mật khẩu khác.",
            "This password is too easy to guess: many people use it, or it is your own name. Choose another.",
        )


def check_new_password(password: str, again: str, login: str, name: str) -> None:
    """As check_password, and whether it was typed the same twice. Raises InputError."""
    check_password(password, login, name)
    if password != again:
        raise InputError("Hai lần nhập mật khẩu không giống nhau.", "The two passwords are not the same.")


def _simple(text: str) -> str:
    """Small letters without marks and spaces."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter) and not letter.isspace())


def hashed(password: str) -> str:
    """argon2id in PHC form, with a new salt. Takes long (deploy/decisions/0007): never on the event loop."""
    one = Argon2id(salt=os.urandom(16), length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB)
    return one.derive_phc_encoded(plain(password).encode())


def hashed_pin(pin: str) -> str:
    """argon2id in PHC form of a PIN of six digits, with a new salt; a fifth of the time of a password."""
    one = Argon2id(salt=os.urandom(16), length=32, iterations=PIN_ITERATIONS, lanes=LANES, memory_cost=PIN_MEMORY_KIB)
    return one.derive_phc_encoded(pin.encode())


def check_pin(pin: str, again: str) -> None:
    """Raises InputError when a PIN that somebody chose won't do, or was not typed the same twice."""
    if len(pin) != PIN_DIGITS or not (pin.isascii() and pin.isdigit()):
        raise InputError("Mã PIN cần đúng 6 chữ số.", "A PIN has exactly 6 digits.")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(set(pin)) < 3 or steps in ({1}, {9}):
        raise InputError(
            "Mã PIN này quá dễ đoán (như 111111 hoặc 123456). Hãy chọn mã khác.",
            "This PIN is too easy to guess (such as 111111 or 123456). Choose another.",
        )
    if pin != again:
        raise InputError("Hai lần nhập mã PIN không giống nhau.", "The two PINs are not the same.")


def _nobodys(memory_kib: int = MEMORY_KIB, iterations: int = ITERATIONS) -> str:
    """A hash in the same form as all others which is no password's, made without the work."""
    salt, key = (b64encode(os.urandom(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={iterations},p={LANES}${salt}${key}"


def matches(password: str, phc: str) -> bool:
    """Whether the password is the one that was hashed."""
    return argon2id.matches(password, phc)


def _busy() -> BusyError:
    return BusyError(
        "Máy chủ đang bận vì có quá nhiều người đăng nhập cùng lúc. Hãy thử lại sau ít giây.",
        "The server is busy: too many people are signing in at once. Try again in a few seconds.",
    )


def _hash_some(pins: Sequence[str]) -> list[str]:
    return [hashed_pin(pin) for pin in pins]


class Hasher:
    """Hashes in a few threads of its own; when too many wait, the next are told to come back."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "argon2id")
        self._nobodys = _nobodys()
        self._nobodys_pin = _nobodys(PIN_MEMORY_KIB, PIN_ITERATIONS)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The password's hash. Raises BusyError."""
        return await self._run(lambda: hashed(password))

    async def hash_pins(self, pins: Sequence[str]) -> list[str]:
        """The hashes of PINs, some at a time, so that sign-ins come in between. Raises BusyError."""
        hashes: list[str] = []
        for at in range(0, len(pins), PINS_AT_ONCE):
            hashes += await self._run(partial(_hash_some, pins[at : at + PINS_AT_ONCE]))
        return hashes

    async def matches(self, password: str, phc: str | None) -> bool:
        """Whether it is the password; without a hash (no such account) the same work is done for nothing.

        Raises BusyError.
        """
        return await self._run(lambda: matches(password, phc or self._nobodys)) and phc is not None

    async def matches_pin(self, pin: str, phc: str | None) -> bool:
        """Likewise of a PIN. Raises BusyError."""
        return await self._run(lambda: matches(pin, phc or self._nobodys_pin)) and phc is not None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING_LIMIT:
            raise _busy()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except MemoryError as error:
            raise _busy() from error
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()
