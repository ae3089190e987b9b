"""The log's file: its tables and what they refuse, opening it, checking it, and setting a damaged one aside whole.

    log             one row: log id, device, when it was made
    records         the line as it is hashed and sent, and the chain's head after it; seq 1, 2, 3 …
    pruned          one row at most: up to where records have been let go, and the chain's head there
    acknowledged    one row: up to where the server has held the log, with the receipt
    receipts        every receipt that told something new: the witness against the server's own tables
    open_sessions   what a crash would lose otherwise: saved every few seconds, closed into records at the next start
    salvaged        damaged files whose open sessions were taken over, and the receipt once their records are sent

Durable means write-ahead log and synchronous=FULL: with NORMAL, power cuts lose acknowledged rows (tests/faults shows
both). locking_mode=EXCLUSIVE keeps every other program out, and with it SQLite's WAL-reset bug (before 3.51.3), which
needs a second connection. Triggers refuse what must never happen, whoever asks.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bridge_agent.data_folder import sync_folder
from bridge_agent.entries import OpenSession
from bridge_agent.errors import DataFolderError, DiskFullError, LogUnwritableError
from models.receipts import Receipt
from models.records import GENESIS, chain

_STEPS = (
    """
create table log (id text not null, device text not null, made_at integer not null);
create table records (
    seq integer primary key check (seq >= 1),
    session text not null,
    kind text not null,
    line blob not null,
    head blob not null
);
create index records_by_session on records (session);
create table acknowledged (
    only_row integer primary key check (only_row = 1),
    seq integer not null,
    receipt blob not null
);
create table open_sessions (session text primary key, saved blob not null);
create trigger log_is_made_once before insert on log when (select count(*) from log) > 0
    begin select raise(abort, 'a log has one id'); end;
create trigger log_never_changes before update on log begin select raise(abort, 'a log keeps its id'); end;
create trigger log_stays before delete on log begin select raise(abort, 'a log keeps its id'); end;
create trigger records_come_in_order before insert on records
    when new.seq <> (select coalesce(max(seq), 0) + 1 from records)
    begin select raise(abort, 'records come in order'); end;
create trigger records_never_change before update on records begin select raise(abort, 'records never change'); end;
create trigger records_stay before delete on records begin select raise(abort, 'records stay'); end;
create trigger acknowledged_grows before update on acknowledged when new.seq < old.seq
    begin select raise(abort, 'the server does not forget'); end;
""",
    """
create table pruned (
    only_row integer primary key check (only_row = 1),
    seq integer not null,
    head blob not null
);
create table receipts (
    number integer primary key,
    seq integer not null,
    server_time integer not null,
    receipt blob not null
);
create table salvaged (file text primary key, receipt blob);
insert into receipts (seq, server_time, receipt)
    select seq, json_extract(cast(receipt as text), '$.server_time'), receipt from acknowledged;
drop trigger records_come_in_order;
drop trigger records_stay;
create trigger records_come_in_order before insert on records
    when new.seq <> 1 + max((select coalesce(max(seq), 0) from records), (select coalesce(max(seq), 0) from pruned))
    begin select raise(abort, 'records come in order'); end;
create trigger records_stay before delete on records when old.seq > (select coalesce(max(seq), 0) from pruned)
    begin select raise(abort, 'records stay'); end;
create trigger pruned_was_acknowledged before insert on pruned
    when new.seq > (select coalesce(max(seq), 0) from acknowledged)
        or new.head is not (select head from records where seq = new.seq)
    begin select raise(abort, 'only what the server holds is pruned'); end;
create trigger pruned_grows before update on pruned
    when new.seq <= old.seq or new.seq > (select coalesce(max(seq), 0) from acknowledged)
        or new.head is not (select head from records where seq = new.seq)
    begin select raise(abort, 'only what the server holds is pruned'); end;
create trigger pruned_stays before delete on pruned begin select raise(abort, 'what is pruned stays so'); end;
create trigger receipts_never_change before update on receipts begin select raise(abort, 'receipts never change'); end;
create trigger receipts_stay before delete on receipts when old.seq = (select coalesce(max(seq), 0) from acknowledged)
    begin select raise(abort, 'the last receipt stays'); end;
""",
)


class DamagedError(Exception):
    """The file is no log or contradicts itself."""


def connect(path: Path, device: str, now: int) -> tuple[sqlite3.Connection, str]:
    """The log's file, open, whole and ours, and its log id; begun when there is none. `now`: wall clock, ms.

    Raises DamagedError, and DiskFullError or LogUnwritableError when it is the disk's fault and not the file's.
    """
    try:
        db = sqlite3.connect(path, isolation_level=None, timeout=2.0)
    except sqlite3.OperationalError as error:
        raise _unwritable(error) from error
    try:
        db.execute("pragma locking_mode = exclusive")
        db.execute("pragma journal_mode = wal")
        db.execute("pragma synchronous = full")
        version = db.execute("pragma user_version").fetchone()[0]
        if version > len(_STEPS):
            raise DataFolderError(
                f"Nhật ký {path} do một bản bridge-agent mới hơn ghi. Hãy cài lại bản mới đó.",
                f"The log {path} was written by a newer bridge-agent. Install that newer version again.",
            )
        _bring_up_to_date(db, version, device, now)
        return db, _check(db, device)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError) and _name(error) != "SQLITE_ERROR":
            raise _unwritable(error) from error  # the disk, not the file: nothing is set aside for that
        if isinstance(error, sqlite3.DatabaseError):
            raise DamagedError(str(error)) from error
        raise


def _bring_up_to_date(db: sqlite3.Connection, version: int, device: str, now: int) -> None:
    """Make what the tables lack, and give a new log its id, in one transaction."""
    if version == len(_STEPS):
        return
    with transaction(db):
        for step in _STEPS[version:]:
            for statement in _statements(step):
                db.execute(statement)
        if version == 0:
            db.execute("insert into log values (?, ?, ?)", (f"L{secrets.token_hex(8)}", device, now))
        db.execute(f"pragma user_version = {len(_STEPS)}")


def _statements(script: str) -> Iterator[str]:
    """The single statements of a script: executescript would commit on its own."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _check(db: sqlite3.Connection, device: str) -> str:
    """The id of a log that is whole. Raises DamagedError when it is not, or when it is another device's."""
    problem = db.execute("pragma quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise DamagedError(problem)
    rows: list[tuple[str, str]] = db.execute("select id, device from log").fetchall()
    if len(rows) != 1:
        raise DamagedError("no log id")
    log, owner = rows[0]
    if owner != device:
        raise DamagedError(f"it belongs to device {owner}")
    last = _check_records(db, device, log)
    _check_receipts(db, log, last)
    try:
        open_sessions(db)
    except msgspec.MsgspecError as error:
        raise DamagedError(str(error)) from error
    return log


class _Place(msgspec.Struct):
    """What a line says of its place in the log."""

    kind: str
    device: str
    log: str
    seq: int
    session: str


def _check_records(db: sqlite3.Connection, device: str, log: str) -> int:
    """The last record's seq, when all are in their places and hang together. Raises DamagedError, with the number."""
    seq, head = pruned(db)
    place = msgspec.json.Decoder(_Place)
    for number, session, kind, line, kept in db.execute(
        "select seq, session, kind, line, head from records order by seq"
    ):
        seq += 1
        if number != seq:
            raise DamagedError(f"record {seq} is missing")
        try:
            said = place.decode(line)
            head = chain(head, [line])
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            raise DamagedError(f"record {seq} was changed") from None
        if (kept, said) != (head, _Place(kind, device, log, seq, session)):
            raise DamagedError(f"record {seq} was changed")
    return seq


def _check_receipts(db: sqlite3.Connection, log: str, last: int) -> None:
    """Whether the records are those that the server gave receipts for. Raises DamagedError, with the numbers.

    That the receipts are the server's own is not asked here (100 µs each, of some ten thousand): verify does.
    """
    good, receipt = pruned(db)[0], msgspec.json.Decoder(Receipt)
    rows = db.execute(
        "select receipts.seq, server_time, receipt, records.head from receipts left join records using (seq) "
        "order by receipts.seq, number"
    )
    for seq, server_time, encoded, head in rows:
        try:
            said = receipt.decode(encoded)
        except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
            raise DamagedError(f"the receipt for record {seq} was changed") from None
        if (said.log, said.seq, said.server_time) != (log, seq, server_time):
            raise DamagedError(f"the receipt for record {seq} was changed")
        if seq > last or (head is not None and head.hex() != said.head):
            raise DamagedError(f"records {good + 1} to {seq} are not those that the server acknowledged")
        good = max(good, seq)
    acknowledged = db.execute("select seq, receipt from acknowledged").fetchone()
    if acknowledged is None:
        return
    if not db.execute("select count(*) from receipts where (seq, receipt) = (?, ?)", acknowledged).fetchone()[0]:
        raise DamagedError(f"the receipt for record {acknowledged[0]} is missing")


def pruned(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Up to where records have been let go, and the chain's head there."""
    row: tuple[int, bytes] | None = db.execute("select seq, head from pruned").fetchone()
    return row or (0, GENESIS)


def open_sessions(db: sqlite3.Connection) -> list[OpenSession]:
    """What was saved of sessions that ran."""
    rows = db.execute("select saved from open_sessions order by session").fetchall()
    return [msgspec.json.decode(row[0], type=OpenSession) for row in rows]


def set_aside(path: Path, now: int) -> Path:
    """Move the file, then its companions, out of the way, whole and durably; where it is now.

    In this order, for a log without its write-ahead file would look like an older log that is whole. When a crash came
    in between, the companions follow their file at the next start.
    """
    earlier = set_aside_files(path)
    if not path.exists() and earlier and not _companion(earlier[-1], "-wal").exists():
        kept = earlier[-1]
    else:
        while (kept := path.with_name(f"{path.stem}-damaged-{now:015}{path.suffix}")).exists():
            now += 1  # a clock that was set back must not overwrite evidence
    for ending in ("", "-wal", "-shm"):
        part = _companion(path, ending)
        if part.exists():
            part.rename(_companion(kept, ending))
    sync_folder(path.parent)
    return kept


def _companion(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def set_aside_files(path: Path) -> list[Path]:
    """The damaged files that were once at `path`, oldest first."""
    return sorted(path.parent.glob(f"{path.stem}-damaged-*{path.suffix}"))


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, durable at the end; what the disk refuses comes as a sentence."""
    try:
        db.execute("begin immediate")
        try:
            yield
            db.execute("commit")
        finally:
            if db.in_transaction:  # SQLite has rolled back by itself after some errors
                db.execute("rollback")
    except sqlite3.OperationalError as error:
        raise _unwritable(error) from error


def _name(error: sqlite3.OperationalError) -> str:
    """SQLite's name for the error. Text that is no UTF-8 is told by Python's module, which knows none."""
    return getattr(error, "sqlite_errorname", "SQLITE_ERROR")


def _unwritable(error: sqlite3.OperationalError) -> DiskFullError | LogUnwritableError:
    name = _name(error)
    if name == "SQLITE_FULL":
        return DiskFullError(
            "Đĩa đầy: chưa ghi được bản ghi mới. Các bản ghi cũ vẫn an toàn; hãy giải phóng chỗ trống, "
            "hệ thống sẽ tự ghi tiếp.",
            "The disk is full: new records are not written yet. The old ones are safe; make room, "
            "and recording goes on by itself.",
        )
    return LogUnwritableError(
        f"Không ghi được nhật ký ({name}). Các bản ghi cũ vẫn an toàn; hãy kiểm tra đĩa và quyền ghi.",
        f"The log cannot be written ({name}). The old records are safe; check the disk and its permissions.",
    )
