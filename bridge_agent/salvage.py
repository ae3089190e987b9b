"""What is intact of a log that may be damaged or in use: read from a copy, so that the file stays as it is.

Intact are the records from the first one on, as long as each is where it belongs and the chain holds. They are sent
under their old log id like any others; what lies behind the damage stays in the file for a person to look at.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bridge_agent.entries import OpenSession
from bridge_agent.errors import LogUnwritableError
from bridge_agent.log_file import open_sessions, pruned
from models.receipts import Receipt
from models.records import GENESIS, Checkpoint, RecordError, chain, decode

ENDINGS = ("", "-wal")
COPIES = 50
"""An agent writes a few times a second and a copy takes milliseconds: the second try nearly always does."""


@dataclass(frozen=True, slots=True)
class Intact:
    """The intact part of the damaged file `name`; without records when there is none, or none of this device."""

    name: str
    device: str
    log: str
    first_seq: int
    kept: tuple[bytes, ...]
    heads: tuple[bytes, ...]
    """The chain's head before the first record, then after each."""
    open_sessions: tuple[OpenSession, ...]
    receipts: tuple[bytes, ...]

    @property
    def last_seq(self) -> int:
        """Seq of the last intact record."""
        return self.first_seq + len(self.kept) - 1

    def checkpoint(self, seq: int) -> Checkpoint:
        """The checkpoint at record `seq`, which must be here."""
        head = self.heads[seq - self.first_seq + 1].hex()
        return Checkpoint(device=self.device, log=self.log, seq=seq, head=head)

    def lines(self, first: int, last: int) -> list[bytes]:
        """The lines of the records `first` to `last`, both included."""
        return list(self.kept[first - self.first_seq : last - self.first_seq + 1])

    def confirms(self, receipt: Receipt) -> bool:
        """The server holds what is here. More of the log than that can't be compared: the server compared our part."""
        if receipt.seq > self.last_seq:
            return True
        place = receipt.seq - self.first_seq + 1
        return place >= 0 and self.heads[place].hex() == receipt.head


def read(path: Path, device: str) -> Intact:
    """What is intact in the damaged file at `path`, of this device. Raises LogUnwritableError: no room for a copy."""
    try:
        with tempfile.TemporaryDirectory(prefix="salvage-", dir=path.parent) as folder:
            copy = Path(folder) / "log.db"
            _copy(path, copy)
            with closing(sqlite3.connect(copy, isolation_level=None)) as db:
                db.execute("pragma locking_mode = exclusive")
                return _read(db, path.name, device)
    except OSError as error:
        raise LogUnwritableError(
            f"Chưa đọc được phần còn nguyên của nhật ký hỏng {path.name} ({error.strerror}). Tệp vẫn được giữ, máy "
            "sẽ thử lại; hãy kiểm tra chỗ trống trên đĩa.",
            f"What is intact of the damaged log {path.name} cannot be read yet ({error.strerror}). The file is kept, "
            "and it is tried again; check the room on the disk.",
        ) from error


def _copy(path: Path, copy: Path) -> None:
    """Copy a database with its write-ahead log, as they stand together: a running agent may be writing them."""
    for _ in range(COPIES):
        before = _state(path)
        for ending in ENDINGS:
            copied = copy.with_name(copy.name + ending)
            copied.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(path.name + ending), copied)
        if _state(path) == before:
            return
    raise OSError(errno.EBUSY, "it is being written all the time")


def _state(path: Path) -> list[tuple[int, int] | None]:
    parts = [path.with_name(path.name + ending) for ending in ENDINGS]
    return [(part.stat().st_size, part.stat().st_mtime_ns) if part.exists() else None for part in parts]


def _read(db: sqlite3.Connection, name: str, device: str) -> Intact:
    before, head = 0, GENESIS
    with contextlib.suppress(sqlite3.DatabaseError):  # made by an older version, or damaged there
        seq, known = pruned(db)
        if isinstance(seq, int) and isinstance(known, bytes):
            before, head = seq, known
    log, lines, heads = "", list[bytes](), [head]
    with contextlib.suppress(sqlite3.DatabaseError, RecordError):  # this far and no further
        for seq, line, kept in db.execute("select seq, line, head from records order by seq"):
            if not isinstance(line, bytes):
                break
            record = decode(line)
            log = log or record.log
            head = chain(head, [line])
            place = (record.device, record.log, record.seq)
            if place != (device, log, before + len(lines) + 1) or (seq, kept) != (record.seq, head):
                break
            lines.append(line)
            heads.append(head)
    opened, receipts = tuple[OpenSession, ...](), tuple[bytes, ...]()
    if lines or _owner(db) == device:
        with contextlib.suppress(sqlite3.DatabaseError, msgspec.MsgspecError):
            opened = tuple(open_sessions(db))
        with contextlib.suppress(sqlite3.DatabaseError):
            receipts = tuple(row[0] for row in db.execute("select receipt from receipts order by number"))
    return Intact(name, device, log, before + 1, tuple(lines), tuple(heads), opened, receipts)


def _owner(db: sqlite3.Connection) -> str | None:
    with contextlib.suppress(sqlite3.DatabaseError):
        row = db.execute("select device from log").fetchone()
        return str(row[0]) if row else None
    return None
