"""Who is at work in a data folder: servers share it, a restore wants it alone. A lock ends with its process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from central_server.errors import DataFolderError
from models.reasons import reason

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_FILE = "server.lock"


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Hold the folder as its only program. Raises DataFolderError while a server runs on it, or it can't be written."""
    with _locked(folder, alone=True):
        yield


@contextmanager
def held_by_server(folder: Path) -> Iterator[None]:
    """Hold the folder as a server does. Raises DataFolderError while it is being restored, or can't be written."""
    with _locked(folder, alone=False):
        yield


@contextmanager
def held_by_command(folder: Path) -> Iterator[None]:
    """Hold the folder while a command changes its database, beside a server or not; a restore waits until it is done.

    Raises DataFolderError as `held_by_server`. Windows has no lock that programs share: there a command holds none.
    """
    if sys.platform == "win32":
        yield
    else:
        with _locked(folder, alone=False):
            yield


@contextmanager
def _locked(folder: Path, *, alone: bool) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (folder / LOCK_FILE).open("a+b")
    except OSError as error:
        raise DataFolderError(
            f"Không dùng được thư mục dữ liệu {folder} ({reason(error).vi}). Hãy kiểm tra quyền và ổ đĩa.",
            f"The data folder {folder} can't be used ({reason(error).en}). Check permissions and the disk.",
        ) from error
    with file:
        try:
            _lock(file, alone)
        except OSError as error:
            raise DataFolderError(
                f"Một máy chủ đang dùng thư mục dữ liệu {folder}, hoặc nó đang được khôi phục. Hãy dừng trước.",
                f"A server is using the data folder {folder}, or it is being restored. Stop that program first.",
            ) from error
        yield


def _lock(file: IO[bytes], alone: bool) -> None:
    """Take the lock or raise OSError at once."""
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
