"""Access to the pages, until there are accounts: one generated manager's key, known to whoever started the server."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from central_server.errors import DataFolderError
from models.reasons import reason

COOKIE = "diemdanh_manager"
KEY_FILE = "manager-key"


@dataclass(frozen=True, slots=True)
class ManagerKey:
    """The key, and the cookie's value that stands for it (so that a copied cookie is not the key)."""

    key: str

    @property
    def cookie(self) -> str:
        """The value of the cookie of a browser that signed in."""
        return hmac.new(self.key.encode(), b"diemdanh manager cookie 1", hashlib.sha256).hexdigest()

    def opens(self, presented: str) -> bool:
        """Whether somebody presented the key (compared in constant time)."""
        return secrets.compare_digest(self.key.encode(), presented.encode("utf-8", "surrogateescape"))

    def made(self, cookie: str) -> bool:
        """Whether a cookie's value is ours (compared in constant time)."""
        return secrets.compare_digest(self.cookie.encode(), cookie.encode("utf-8", "surrogateescape"))


def manager_key(folder: Path) -> ManagerKey:
    """The key in the data folder, generated the first time, readable by its owner only.

    Raises DataFolderError when it can't be read or written.
    """
    path = folder / KEY_FILE
    try:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_text(encoding="ascii").strip()
        else:
            key = secrets.token_urlsafe(24)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key + "\n")
                file.flush()
                os.fsync(file.fileno())
    except (OSError, UnicodeDecodeError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được khóa quản lý {path} ({why.vi}). Xóa tệp này thì máy chủ sẽ tạo khóa mới.",
            f"The manager's key {path} can't be read ({why.en}). Without that file the server makes a new one.",
        ) from error
    if len(key) < 20:
        raise DataFolderError(
            f"Khóa quản lý trong {path} quá ngắn. Hãy xóa tệp này để máy chủ tạo khóa mới.",
            f"The manager's key in {path} is too short. Delete that file and the server makes a new one.",
        )
    return ManagerKey(key)
