"""Files in the data folder that nobody can read without a key that lies elsewhere (key_store). Written whole or not at
all; encrypted and authenticated by libsodium's secretbox (XSalsa20-Poly1305) with a random nonce.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from bridge_agent.data_folder import write_private
from bridge_agent.errors import AgentError, DataFolderError
from bridge_agent.key_store import KeyStore
from models.reasons import reason


class SealedFileError(AgentError):
    """A sealed file can't be opened: its key is lost, or it was changed."""


class SealedFiles:
    """The files that one key seals. The key is made when it is first needed."""

    def __init__(self, keys: KeyStore, key_path: Path) -> None:
        self._keys = keys
        self._key_path = key_path
        self._box: SecretBox | None = None

    def read(self, path: Path) -> bytes | None:
        """What the file holds; None when there is none. Raises SealedFileError, IdentityError (store locked)."""
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(path, reason(error).vi, reason(error).en) from error
        try:
            return self._opened().decrypt(sealed)
        except (CryptoError, ValueError, OSError) as error:
            raise _unreadable(path, "khóa không còn hoặc tệp bị hỏng", "its key is lost, or it is damaged") from error

    def write(self, path: Path, content: bytes) -> None:
        """Put the content in the file's place. Raises DataFolderError, IdentityError, SealedFileError."""
        try:
            box = self._opened()
        except (ValueError, FileNotFoundError):
            self._keys.new(self._key_path)  # what the lost key sealed is lost with it
            box = self._opened()
        except OSError as error:
            raise _unreadable(self._key_path, reason(error).vi, reason(error).en) from error
        write_private(path, bytes(box.encrypt(content)))

    def erase(self, path: Path) -> None:
        """Remove the file. Raises DataFolderError."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise DataFolderError(
                f"Không xóa được {path} ({reason(error).vi}). Hãy kiểm tra quyền ghi của thư mục.",
                f"{path} cannot be erased ({reason(error).en}). Check the folder's permissions.",
            ) from error

    def _opened(self) -> SecretBox:
        """Raises OSError or ValueError when there is no key, IdentityError when the store can't be asked."""
        if self._box is None:
            key = self._keys.read(self._key_path).private_bytes_raw()
            # The store keeps Ed25519 seeds; this one signs nothing, and the box's key is derived from it.
            self._box = SecretBox(hashlib.blake2b(key, digest_size=32, person=b"diemdanh sealed").digest())
        return self._box


def _unreadable(path: Path, vi: str, en: str) -> SealedFileError:
    return SealedFileError(
        f"Không mở được {path.name} ({vi}). Dữ liệu sẽ được lấy lại từ máy chủ.",
        f"{path.name} cannot be opened ({en}). It is fetched from the server again.",
    )
