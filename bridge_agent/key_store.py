"""Where this PC's private keys lie: in the system's key store where there is one, else in a file for this user alone.

A key always has its file. It holds the key itself in hex, or `key-store NAME`: then the key lies in the store (Windows
Credential Manager, macOS Keychain, Linux Secret Service) under that name. A name is never used twice, so a new key
never overwrites the one that the server knows.
"""

from __future__ import annotations

import secrets
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Protocol

import keyring
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from keyring.errors import KeyringError

from bridge_agent.data_folder import write_private
from bridge_agent.errors import IdentityError

SERVICE = "diemdanh"
WAIT_S = 60.0
"""A locked store asks for the user's password; so long it may take before we say what we wait for."""
_MARK = "key-store "


class SystemStore(Protocol):
    """A system's key store (keyring.backend.KeyringBackend)."""

    def get_password(self, service: str, username: str) -> str | None:
        """Raises KeyringError."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Raises KeyringError."""

    def delete_password(self, service: str, username: str) -> None:
        """Raises KeyringError."""


def system_store() -> SystemStore | None:
    """This system's key store; None where there is none that protects anything."""
    found = keyring.get_keyring()
    return found if found.priority >= 1 else None


class KeyStore:
    """Keeps keys and gives them back.

    system: the system's store, or None to keep them in their files.
    """

    def __init__(self, system: SystemStore | None = None) -> None:
        self._system = system

    def new(self, path: Path) -> Ed25519PrivateKey:
        """A new key, kept under the file `path` before anybody hears of it. Raises DataFolderError."""
        key = Ed25519PrivateKey.generate()
        secret = key.private_bytes_raw().hex()
        write_private(path, (self._put(secret) or secret).encode())
        return key

    def read(self, path: Path) -> Ed25519PrivateKey:
        """The key of the file `path`. Raises OSError or ValueError, and IdentityError when the store can't be asked."""
        text = path.read_text(encoding="ascii").strip()
        if text.startswith(_MARK):
            text = self._get(text.removeprefix(_MARK))
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))

    def move(self, source: Path, target: Path, before: Path) -> None:
        """The key of `source` becomes that of `target`, and what was there becomes that of `before`.

        The key that was there until now is forgotten. Raises DataFolderError.
        """
        forgotten = _text(before)
        if target.exists():
            write_private(before, target.read_bytes())
        write_private(target, source.read_bytes())
        source.unlink(missing_ok=True)
        if forgotten.startswith(_MARK) and forgotten not in (_text(target), _text(before)):
            self._forget(forgotten.removeprefix(_MARK))

    def _put(self, secret: str) -> str | None:
        """Keep a secret in the store and read it back: what its file shall hold, or None where it did not work."""
        if self._system is None:
            return None
        name = secrets.token_hex(8)
        try:
            self._system.set_password(SERVICE, name, secret)
            kept = self._system.get_password(SERVICE, name) == secret
        except KeyringError:
            return None
        return f"{_MARK}{name}" if kept else None

    def _get(self, name: str) -> str:
        system = self._system
        if system is None:
            raise _unreachable()
        answer: Future[str | None] = Future()

        def ask() -> None:
            try:
                answer.set_result(system.get_password(SERVICE, name))
            except KeyringError as error:
                answer.set_exception(error)

        Thread(target=ask, daemon=True, name="key-store").start()  # a store that waits for a password answers nobody
        try:
            secret = answer.result(WAIT_S)
        except (KeyringError, TimeoutError) as error:
            raise _unreachable() from error
        if secret is None:
            raise ValueError("the key store has lost the key")
        return secret

    def _forget(self, name: str) -> None:
        if self._system is None:
            return
        try:
            self._system.delete_password(SERVICE, name)
        except KeyringError:
            return  # an old key left behind is good for nothing: the server has ended it


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _unreachable() -> IdentityError:
    return IdentityError(
        "Khóa của máy này nằm trong kho khóa của hệ thống, và kho chưa mở. Hãy đăng nhập máy tính bằng người dùng đã "
        "cài đặt, mở kho khóa khi được hỏi, rồi chạy lại.",
        "This PC's key lies in the system's key store, which is not open. Sign in to the PC as the user who set it up, "
        "unlock the key store when asked, and start again.",
    )
