"""Making a copy of the database while a server runs on it, and comparing it before it is called good."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from central_server.errors import BackupError, EvidenceError, OutputError
from models.reasons import reason

PAGES_A_STEP = 4096
"""A step of the copy: 16 MiB, between which the server's commits go on."""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, for comparing: rows of each table, and the ends of all logs."""

    counts: tuple[tuple[str, int], ...]
    heads: tuple[tuple[str, str, int, bytes], ...]
    own: tuple[int, bytes] | None

    @property
    def records(self) -> int:
        """Records of all logs."""
        return dict(self.counts).get("record", 0)


def contents(db: sqlite3.Connection) -> Contents:
    """What a database holds. The caller holds a transaction where others write."""
    names = [name for (name,) in db.execute(_TABLES)]
    counts = tuple((name, int(db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])) for name in names)  # noqa: S608
    heads = tuple(db.execute("SELECT device, log, seq, head FROM log_head ORDER BY device, log").fetchall())
    own = db.execute("SELECT seq, head FROM own_record ORDER BY seq DESC LIMIT 1").fetchone()
    return Contents(counts, heads, own)


def back_up(database: Path, to: Path) -> Contents:
    """Copy the database to the file `to`, whole or not at all: the copy is opened, checked and compared first.

    Raises EvidenceError when the database can't be read, OutputError when `to` can't be written, BackupError when the
    copy is not what the database was.
    """
    if not database.exists():
        raise EvidenceError(f"Không có cơ sở dữ liệu {database}.", f"There is no database {database}.")
    new = to.with_name(f"{to.name}.new")
    try:
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(database, isolation_level=None)) as source:
            source.execute("PRAGMA busy_timeout = 10000")
            source.execute("BEGIN")  # one state: what is committed meanwhile is not in it
            held = contents(source)
            with closing(sqlite3.connect(new, isolation_level=None)) as copy:
                source.backup(copy, pages=PAGES_A_STEP)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
            source.execute("ROLLBACK")
        if checked(new) != held:
            raise BackupError(
                "Bản sao khác với cơ sở dữ liệu nên đã bị bỏ. Hãy kiểm tra ổ đĩa rồi sao lưu lại.",
                "The copy differs from the database and was dropped. Check the disk, then back up again.",
            )
        _last(new)
        new.replace(to)
        _last(to.parent)
    except sqlite3.Error as error:
        raise EvidenceError(
            f"Không sao chép được {database} ({reason(error).vi}).", f"{database} can't be copied ({error})."
        ) from error
    except OSError as error:
        raise OutputError(
            f"Không ghi được {to} ({reason(error).vi}).", f"{to} can't be written ({reason(error).en})."
        ) from error
    finally:
        new.unlink(missing_ok=True)
    return held


def checked(copy: Path) -> Contents:
    """What a copy holds, after its own integrity was checked. Raises BackupError when it is damaged or no copy."""
    try:
        with closing(sqlite3.connect(f"{copy.resolve().as_uri()}?mode=ro", uri=True)) as db:
            said = [row[0] for row in db.execute("PRAGMA integrity_check(5)")]
            broken = db.execute("PRAGMA foreign_key_check").fetchall()
            held = contents(db)
    except sqlite3.Error as error:
        raise BackupError(
            f"{copy} không phải là bản sao dùng được ({reason(error).vi}).", f"{copy} is no usable copy ({error})."
        ) from error
    if said != ["ok"] or broken:
        raise BackupError(
            f"Bản sao {copy} bị hỏng ({said[0]}). Hãy dùng bản sao khác.",
            f"The copy {copy} is damaged ({said[0]}). Use another copy.",
        )
    return held


def _last(path: Path) -> None:
    """Make a file or folder last through a power cut."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
