"""Sealing what must not be read from a copy of the database: face templates, sensitive details, rosters, evidence.

ChaCha20-Poly1305 (RFC 8439) with a key in a file of the data folder, never in the database. What a sealed value is and
whose it is are authenticated with it, so that a value moved to another learner's row opens for nobody.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from central_server.errors import DataFolderError, ServerError
from models.reasons import reason

KEY_FILE = "sealing-key"
NONCE_BYTES = 12
Purpose = Literal["template", "ethnicity", "roster", "card", "pin", "witness_pin", "evidence", "portrait"]


class SealError(ServerError):
    """A sealed value does not open: the key is another, or the value was changed or moved."""


@dataclass(frozen=True, slots=True, repr=False)
class SealingKey:
    """The key."""

    key: bytes

    def seal(self, purpose: Purpose, owner: str, content: bytes) -> bytes:
        """Seal a value of its owner."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + ChaCha20Poly1305(self.key).encrypt(nonce, content, f"{purpose}\n{owner}".encode())

    def open(self, purpose: Purpose, owner: str, sealed: bytes) -> bytes:
        """The value again. Raises SealError."""
        try:
            nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return ChaCha20Poly1305(self.key).decrypt(nonce, rest, f"{purpose}\n{owner}".encode())
        except (InvalidTag, ValueError) as error:
            raise SealError(
                f"Không mở được dữ liệu mã hóa: tệp khóa {KEY_FILE} không phải khóa đã dùng, hoặc dữ liệu bị sửa. Hãy "
                "chép lại tệp khóa từ bản lưu.",
                f"Sealed data does not open: the key file {KEY_FILE} is not the one that sealed it, or the data was "
                "changed. Put the key file back from its copy.",
            ) from error

    def mac(self, purpose: Purpose, text: str) -> str:
        """HMAC-SHA256 of a text in hex, under a key derived for this purpose: what is sealed is found by it."""
        derived = HKDF(SHA256(), 32, None, f"diemdanh sealing key 1: {purpose}".encode()).derive(self.key)
        return hmac.digest(derived, text.encode(), "sha256").hex()


def sealing_key(folder: Path) -> SealingKey:
    """The key in the data folder, generated the first time, readable by its owner only.

    Raises DataFolderError when it can't be read or written.
    """
    path = folder / KEY_FILE
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = bytes.fromhex(path.read_text(encoding="ascii"))
            if len(key) != 32:
                raise ValueError("not 32 bytes") from None
            return SealingKey(key)
        key = ChaCha20Poly1305.generate_key()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được khóa mã hóa {path} ({why.vi}). Hãy chép lại tệp này từ bản lưu; không có nó thì dữ liệu "
            "khuôn mặt và dân tộc không mở được nữa.",
            f"The sealing key {path} can't be read ({why.en}). Put the file back from its copy; without it face "
            "templates and ethnicity can't be opened any more.",
        ) from error
    return SealingKey(key)
