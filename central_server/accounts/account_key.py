"""The key for what the database must not tell by itself: second factors, recovery codes, browsers known by a cookie.

One file in the data folder, never in the database: who has a copy of the database alone has none of these.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central_server.errors import DataFolderError
from central_server.key_file import key_file
from models.reasons import reason

KEY_FILE = "account-key"
Use = Literal["second factor", "new second factor", "recovery code", "known browser", "sign-on"]
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class AccountKey:
    """32 random bytes, from which each use has a key of its own."""

    key: bytes

    def _for(self, use: Use) -> bytes:
        return HKDF(SHA256(), 32, None, f"diemdanh account key 1: {use}".encode()).derive(self.key)

    def seal(self, use: Use, owner: str, secret: bytes) -> bytes:
        """The secret, encrypted (AES-256-GCM) so that it opens for this use and owner only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._for(use)).encrypt(nonce, secret, owner.encode())

    def open(self, use: Use, owner: str, sealed: bytes) -> bytes | None:
        """What was sealed; None when it was not sealed by this key for this use and owner."""
        try:
            return AESGCM(self._for(use)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to be anything
            return None

    def mac(self, use: Use, text: str) -> str:
        """HMAC-SHA256 of a text, in hex."""
        return hmac.digest(self._for(use), text.encode(), "sha256").hex()


def account_key(folder: Path) -> AccountKey:
    """The key in the data folder, generated the first time. Raises DataFolderError when it can't be read or written."""
    path = folder / KEY_FILE
    try:
        key = bytes.fromhex(key_file(path, lambda: secrets.token_hex(32)))
        if len(key) != 32:
            raise ValueError("the key is cut")
    except (OSError, ValueError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được khóa tài khoản {path} ({why.vi}). Hãy chép lại tệp này từ bản lưu; nếu không còn, xóa tệp "
            "thì máy chủ tạo khóa mới và mọi người phải thiết lập lại bước xác thực thứ hai.",
            f"The account key {path} can't be read ({why.en}). Put the file back from its copy; if there is none, "
            "delete it: the server makes a new one and everybody sets the second factor up again.",
        ) from error
    return AccountKey(key)
