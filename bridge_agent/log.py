"""The log: this device's records in order, durable before anybody hears of them. SQLite, one writer, append-only.

Records stay 30 days after the server's receipt for them, so that a server restored from yesterday's backup gets all
back; then they are let go from the front, and the chain's head before the first kept record keeps the rest provable.
The file itself, what it holds and what it refuses: bridge_agent.log_file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bridge_agent import log_file
from bridge_agent.entries import OpenSession, still_open
from bridge_agent.log_file import DamagedError, transaction
from models.receipts import Receipt
from models.records import BATCH_LIMIT, AnyRecord, Checkpoint, chain, decode, encode

DAY_MS = 86_400_000
KEPT_MS = 30 * DAY_MS
PRUNED_AT_ONCE = 2_000
"""Records let go in one transaction: some 10 ms, so that recording does not wait."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A log file that could not be read: it now lies whole at `kept_at`, and a new log was begun."""

    kept_at: Path
    reason: str


class Log:
    """One device's log. Not for several threads; close it when done."""

    def __init__(self, db: sqlite3.Connection, log: str, device: str, damage: Damage | None) -> None:
        self._db = db
        self.id = log
        self._path = Path(db.execute("pragma database_list").fetchone()[2])
        self._inode = self._path.stat().st_ino
        self.device = device
        self.damage = damage
        """Set when an earlier file was set aside as this log was opened: for an alarm."""
        row = db.execute("select seq, head from records order by seq desc limit 1").fetchone()
        self._pruned, self._pruned_head = log_file.pruned(db)
        self._seq: int = row[0] if row else self._pruned
        self._head: bytes = row[1] if row else self._pruned_head
        row = db.execute("select seq from acknowledged").fetchone()
        self._acknowledged: int = row[0] if row else 0
        self._unsealed: tuple[int, list[str]] | None = None
        """The unsealed sessions as of a last seq."""

    @classmethod
    def open(cls, path: Path, device: str, now: int) -> Log:
        """Open the log at `path`, or begin one; `now`: wall clock, ms.

        A file that is damaged or belongs to another device is set aside whole and a new log begins (see `damage`).
        Raises DiskFullError or LogUnwritableError.
        """
        damage = None
        try:
            if path.exists():
                return cls(*log_file.connect(path, device, now), device, None)
            log_file.set_aside(path, now)  # what a crash in the middle of setting aside left behind
        except DamagedError as error:
            damage = Damage(log_file.set_aside(path, now), str(error))
        return cls(*log_file.connect(path, device, now), device, damage)

    @property
    def in_place(self) -> bool:
        """Its file still has its name: a system that lets open files be deleted says nothing when one is."""
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    @property
    def first_seq(self) -> int:
        """Seq of the first record that is still here, or will be."""
        return self._pruned + 1

    @property
    def last_seq(self) -> int:
        """Seq of the last record, 0 when there was none yet."""
        return self._seq

    @property
    def acknowledged_seq(self) -> int:
        """The server has held the log up to here, 0 when it never held anything."""
        return self._acknowledged

    @property
    def waiting(self) -> int:
        """Records that the server has never acknowledged."""
        return self._seq - self._acknowledged

    def append(self, records: Sequence[AnyRecord], saved: OpenSession | None = None) -> int:
        """Give the records their place, durably, all or none; with them save what is still open. Returns the last seq.

        One transaction for both, or a crash between them would close an interval twice or never.
        Raises DiskFullError or LogUnwritableError: nothing was written then, and it may be tried again.
        """
        with transaction(self._db):
            seq, head = self._insert(records)
            if saved is not None:
                self._save(saved)
        self._seq, self._head = seq, head
        return seq

    def recover(self, close: Callable[[OpenSession], Sequence[AnyRecord]]) -> int:
        """Turn what was watched in every saved open session into the records that `close` makes of it; how many.

        What confirmations keep open stays saved, for `left_open` to resume. All in one transaction: a crash in the
        middle leaves it to the next start, exactly once. Raises DiskFullError or LogUnwritableError.
        """
        opened = log_file.open_sessions(self._db)
        records = [record for saved in opened for record in close(saved)]
        with transaction(self._db):
            self._db.execute("delete from open_sessions")
            for saved in opened:
                self._save(still_open(saved))
            seq, head = self._insert(records)
        self._seq, self._head = seq, head
        return len(records)

    def left_open(self, session: str) -> OpenSession | None:
        """What is saved of a session that did not end; None when nothing is open."""
        return next((saved for saved in log_file.open_sessions(self._db) if saved.session == session), None)

    def salvaged(self) -> dict[str, bool]:
        """The damaged files whose open sessions are recorded here, by name: whether the server has all their rest."""
        rows = self._db.execute("select file, receipt is not null from salvaged")
        return {file: bool(sent) for file, sent in rows}

    def take_over(self, file: str, records: Sequence[AnyRecord]) -> None:
        """Record what was open in a damaged file, once: in one transaction with the note that it was done.

        Raises DiskFullError or LogUnwritableError; it may be tried again then.
        """
        with transaction(self._db):
            self._db.execute("insert into salvaged values (?, null)", (file,))
            seq, head = self._insert(records)
        self._seq, self._head = seq, head

    def salvage_sent(self, file: str, receipt: Receipt | None) -> None:
        """Note that the server holds all that was intact in a damaged file (None: nothing was)."""
        encoded = msgspec.json.encode(receipt)
        with transaction(self._db):
            self._db.execute("update salvaged set receipt = ? where file = ?", (encoded, file))

    def acknowledge(self, receipt: Receipt) -> None:
        """Keep the server's receipt for what it holds. The caller has compared its head with `head_at`.

        A restored server acknowledges anew what it had acknowledged before: such receipts are kept too.
        Raises DiskFullError or LogUnwritableError; nothing is lost then but a resend.
        """
        encoded = msgspec.json.encode(receipt)
        with transaction(self._db):
            self._db.execute(
                "insert into receipts (seq, server_time, receipt) values (?, ?, ?)",
                (receipt.seq, receipt.server_time, encoded),
            )
            if receipt.seq > self._acknowledged:
                self._db.execute(
                    "insert into acknowledged values (1, ?, ?) "
                    "on conflict do update set seq = excluded.seq, receipt = excluded.receipt",
                    (receipt.seq, encoded),
                )
        self._acknowledged = max(self._acknowledged, receipt.seq)

    def receipts(self) -> list[bytes]:
        """The receipts that are kept, in the order in which they came: JSON."""
        return [row[0] for row in self._db.execute("select receipt from receipts order by number")]

    def prune(self, latest: Receipt) -> int:
        """Let go of records whose receipt is older than 30 days, some at a time; how many records went.

        `latest` is a receipt that came now: its server's clock is the only one that counts, and only what that server
        still holds is let go. Sessions without a seal stay whole. Of old receipts the last of each day stays.
        Raises DiskFullError or LogUnwritableError; nothing is lost then.
        """
        before = latest.server_time - KEPT_MS
        row = self._db.execute("select max(seq) from receipts where server_time <= ?", (before,)).fetchone()
        to = min(row[0] or 0, latest.seq, self._acknowledged, self._pruned + PRUNED_AT_ONCE)
        # A receipt lower than one before it: a restored server got these records anew, and 30 days begin anew.
        row = self._db.execute(
            "select min(seq) from (select seq, server_time, max(seq) over (order by number) as most from receipts) "
            "where server_time > ? and seq < most",
            (before,),
        ).fetchone()
        if row[0] is not None:
            to = min(to, row[0] - BATCH_LIMIT)
        for session in self.unsealed():
            first = self._db.execute("select min(seq) from records where session = ?", (session,)).fetchone()[0]
            to = min(to, first - 1)
        if to <= self._pruned:
            return 0
        with transaction(self._db):
            self._db.execute(
                "insert into pruned select 1, seq, head from records where seq = ? "
                "on conflict do update set seq = excluded.seq, head = excluded.head",
                (to,),
            )
            self._db.execute("delete from records where seq <= ?", (to,))
            self._db.execute(
                "delete from receipts where server_time <= ? and seq < ? "
                "and number not in (select max(number) from receipts group by server_time / ?)",
                (before, self._acknowledged, DAY_MS),
            )
        count = to - self._pruned
        self._pruned, self._pruned_head = log_file.pruned(self._db)
        return count

    def head_at(self, seq: int) -> str | None:
        """The chain's head after record `seq`, in hex; None when there is no such record any more or yet."""
        if seq == self._pruned:
            return self._pruned_head.hex()
        row = self._db.execute("select head from records where seq = ?", (seq,)).fetchone()
        return row[0].hex() if row else None

    def confirms(self, receipt: Receipt) -> bool:
        """The server holds what this log holds."""
        return self.head_at(receipt.seq) == receipt.head

    def checkpoint(self, seq: int) -> Checkpoint:
        """The checkpoint at record `seq`, which must exist."""
        head = self.head_at(seq)
        if head is None:
            raise ValueError(f"no record {seq}")
        return Checkpoint(device=self.device, log=self.id, seq=seq, head=head)

    def lines(self, first: int, last: int) -> list[bytes]:
        """The lines of the records `first` to `last`, both included."""
        rows = self._db.execute("select line from records where seq between ? and ? order by seq", (first, last))
        return [row[0] for row in rows]

    def of_session(self, session: str) -> list[AnyRecord]:
        """The records of one session, in order."""
        rows = self._db.execute("select line from records where session = ? order by seq", (session,))
        return [decode(row[0]) for row in rows]

    def unsealed(self) -> list[str]:
        """The sessions whose last record is no seal."""
        if self._unsealed is None or self._unsealed[0] != self._seq:  # asked twice a second, of a month of records
            rows = self._db.execute(
                "select session from (select session, kind, max(seq) from records group by session) "
                "where kind <> 'seal'"
            )
            self._unsealed = self._seq, [row[0] for row in rows]
        return self._unsealed[1]

    def _insert(self, records: Sequence[AnyRecord]) -> tuple[int, bytes]:
        """Add the records within a transaction; the new last seq and head, which hold once it is committed."""
        seq, head = self._seq, self._head
        for record in records:
            seq += 1
            placed = msgspec.structs.replace(record, device=self.device, log=self.id, seq=seq)
            line = encode(placed)
            head = chain(head, [line])
            kind = str(placed.__struct_config__.tag)
            self._db.execute("insert into records values (?, ?, ?, ?, ?)", (seq, record.session, kind, line, head))
        return seq, head

    def _save(self, saved: OpenSession) -> None:
        if saved.empty:
            self._db.execute("delete from open_sessions where session = ?", (saved.session,))
            return
        self._db.execute(
            "insert into open_sessions values (?, ?) on conflict do update set saved = excluded.saved",
            (saved.session, msgspec.json.encode(saved)),
        )

    def close(self) -> None:
        """Close the file; the log is whole with or without it."""
        self._db.close()
