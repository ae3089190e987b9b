"""Putting a copy back: never over a running server, never over a database without being told to; that one is kept."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from central_server.backup.copying import Contents, checked
from central_server.courses.series import VIETNAM
from central_server.data_lock import held_alone
from central_server.database import Writer, open_database
from central_server.errors import BackupError, EvidenceError, OutputError
from central_server.own_log.writing import append
from models.own_records import Restored
from models.reasons import reason


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a restore did."""

    held: Contents
    set_aside: Path | None
    """Where the database that was there before is kept."""


def restore(database: Path, copy: Path, now: int, *, replace: bool) -> Replaced:
    """Put the copy in the database's place and tell its own log.

    Raises EvidenceError or BackupError when the copy is none, BackupError when there is a database and `replace` is
    not said, DataFolderError while a server runs, OutputError.
    """
    if not copy.is_file():
        raise EvidenceError(f"Không có bản sao {copy}.", f"There is no copy {copy}.")
    held = checked(copy)
    set_aside: Path | None = None
    new = database.with_name(f"{database.name}.new")
    with held_alone(database.parent):
        if database.exists() and not replace:
            raise BackupError(
                f"Đã có cơ sở dữ liệu {database}. Thêm --replace để thay; cơ sở dữ liệu cũ vẫn được giữ bên cạnh.",
                f"There is a database {database}. Say --replace to replace it; the old one is kept beside it.",
            )
        try:
            digest = _copy(copy, new)
            if database.exists():
                moment = datetime.fromtimestamp(now / 1000, VIETNAM).strftime("%Y%m%d-%H%M%S")
                set_aside = database.with_name(f"{database.name}.before-{moment}")
                for tail in ("-wal", "-shm", ""):  # the log of what is not yet in the file goes with it
                    part = database.with_name(database.name + tail)
                    if part.exists():
                        part.rename(set_aside.with_name(set_aside.name + tail))
            new.replace(database)
        except OSError as error:
            raise OutputError(
                f"Không ghi được {database} ({reason(error).vi}).", f"{database} can't be written ({reason(error).en})."
            ) from error
        engine = open_database(database)
        try:
            with Writer(engine) as writer:
                told = Restored(at=now, copy=digest)
                writer.submit(lambda connection: append(connection, told)).result()
        finally:
            engine.dispose()
    return Replaced(held, set_aside)


def _copy(copy: Path, to: Path) -> str:
    """Copy a file so that it lasts; its SHA-256 in hex."""
    to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    to.unlink(missing_ok=True)
    with copy.open("rb") as source, os.fdopen(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()
