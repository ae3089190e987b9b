"""The agent's data folder: where each thing lies in it, who may read it, and that one agent at a time holds it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bridge_agent.errors import DataFolderError
from models.reasons import reason

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class DataFolder:
    """Paths inside one data folder; makes nothing by itself."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "agent.lock"
        self.log = path / "log.db"
        self.key = path / "identity.key"
        self.next_key = path / "identity.next.key"
        self.previous_key = path / "identity.previous.key"
        self.identity = path / "identity.json"
        self.plan = path / "today.json"
        self.gallery = path / "gallery.sealed"
        self.outbox = path / "enrolments.sealed"
        self.gallery_key = path / "gallery.key"
        self.journal = path / "agent.log"
        self.hung = path / "agent.hung"
        self.profile = path / "profile.json"
        self.room_picture = path / "room.jpg"
        self.calibration_report = path / "calibration.html"
        self.doctor = path / "doctor.json"
        self.setup = path / "setup.json"
        self.choices = path / "choices.json"

    def make(self) -> None:
        """Make the folder, for this user alone, also where it was there before. Raises DataFolderError if it can't."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.chmod(0o700)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the folder as its only agent. The system lets go of the lock when the process ends, however it ends.

        Raises DataFolderError when another agent holds it or it can't be written.
        """
        self.make()
        try:
            file = self.lock.open("a+b")
        except OSError as error:
            raise _unwritable(self.path, error) from error
        with file:
            try:
                _lock(file)
            except OSError as error:
                raise DataFolderError(
                    f"Một bridge-agent khác đang dùng thư mục dữ liệu {self.path}. Hãy tắt nó trước, "
                    "hoặc chọn thư mục khác.",
                    f"Another bridge-agent is using the data folder {self.path}. Stop it first, "
                    "or choose another folder.",
                ) from error
            yield


def _lock(file: IO[bytes]) -> None:
    """Take the lock or raise OSError at once. flock, not lockf: closing another handle does not lose it."""
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: files made, renamed or gone. Raises OSError."""
    if sys.platform != "win32":
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_private(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, durably, readable by this user alone (mode 0600).

    Raises DataFolderError when it can't be written.
    """
    new = path.with_name(f"{path.name}.new")
    try:
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> DataFolderError:
    return DataFolderError(
        f"Không ghi được vào {path} ({reason(error).vi}). Hãy kiểm tra quyền ghi và chỗ trống trên đĩa.",
        f"Cannot write to {path} ({reason(error).en}). Check its permissions and the room on the disk.",
    )
