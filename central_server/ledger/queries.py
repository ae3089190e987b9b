"""The ledger's statements: one for many batches, given to the driver itself.

SQLAlchemy takes as long over a statement as SQLite over 20 rows. What is particular to SQLite here is the mark `?`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

from models.records import GENESIS

ROWS = 50
"""Rows of one statement. Each row for itself takes a third longer, and more than these gain nothing."""

HeadRow = tuple[str, str, int, bytes]
"""Device, log, seq, head."""
SignedRow = tuple[str, str, int, bytes, bytes, int, int]
"""Device, log, seq, head, signature, number of the key, when it was received (server time, ms)."""
RecordRow = tuple[str, str, int, str, str, str | None, int | None, int | None, bytearray, bytearray]
"""Device, log, seq, session, kind, learner, start, end (server time, ms), line, the chain's head after it.

bytearray: for each `bytes` the driver looks for an adapter, which takes ten times as long as copying it.
"""

_STATES = (
    "WITH asked (n, device, log, number) AS (VALUES {values})"
    " SELECT device_key.ended_at, device_key.revoked, log_head.seq, log_head.head, gap.last FROM asked"
    " JOIN device_key ON device_key.device = asked.device AND device_key.number = asked.number"
    " LEFT JOIN log_head ON log_head.device = asked.device AND log_head.log = asked.log"
    " LEFT JOIN gap ON gap.device = asked.device AND gap.log = asked.log ORDER BY asked.n"
)
_LINES = "SELECT seq, line, head FROM record WHERE device = ? AND log = ? AND seq BETWEEN ? AND ? ORDER BY seq"
_SET_HEADS = (
    "INSERT INTO log_head (device, log, seq, head) VALUES {values}"
    " ON CONFLICT (device, log) DO UPDATE SET seq = excluded.seq, head = excluded.head"
)
_ADD_SIGNED = "INSERT INTO signed_head (device, log, seq, head, signature, key, received_at) VALUES {values}"
_ADD_RECORDS = 'INSERT INTO record (device, log, seq, session, kind, learner, start, "end", line, head) VALUES {values}'


@dataclass(frozen=True, slots=True)
class LogState:
    """What must be known of a log, and of the key that signed, before a batch is added to it."""

    ended_at: int | None
    """When the key was followed by another, or revoked."""
    revoked: bool
    seq: int
    """The last record held; 0 where there is none."""
    head: bytes
    gap: int | None
    """The last record of the gap that is remembered, if one is."""


def log_states(connection: Connection, asked: Sequence[tuple[str, str, int]]) -> list[LogState]:
    """The states of the logs (device, log, number of the key), in the order asked. The keys must be there."""
    numbered = [(n, *one) for n, one in enumerate(asked)]
    rows = _execute(connection, _with_values(_STATES, len(numbered), 4), chain.from_iterable(numbered))
    return [
        LogState(ended_at, bool(revoked), seq or 0, GENESIS if head is None else bytes(head), gap)
        for ended_at, revoked, seq, head, gap in rows
    ]


def stored_lines(
    connection: Connection, device: str, log: str, first: int, last: int
) -> list[tuple[int, bytes, bytes]]:
    """Seq, line and head of the records `first` to `last` of a log, as far as they are held."""
    rows = _execute(connection, _LINES, (device, log, first, last))
    return [(seq, bytes(line), bytes(head)) for seq, line, head in rows]


def set_heads(connection: Connection, rows: Sequence[HeadRow]) -> None:
    """Say how far logs are held from now on."""
    _insert(connection, _SET_HEADS, rows)


def add_signed(connection: Connection, rows: Sequence[SignedRow]) -> None:
    """Keep the checkpoints of batches."""
    _insert(connection, _ADD_SIGNED, rows)


def add_records(connection: Connection, rows: Sequence[RecordRow]) -> None:
    """Keep records."""
    _insert(connection, _ADD_RECORDS, rows)


def _insert(connection: Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    for at in range(0, len(rows), ROWS):
        some = rows[at : at + ROWS]
        _execute(connection, _with_values(sql, len(some), len(some[0])), chain.from_iterable(some))


def _execute(connection: Connection, sql: str, values: Any) -> Any:
    """The driver's cursor after the statement."""
    cursor = connection.connection.cursor()
    cursor.execute(sql, tuple(values))
    return cursor


@lru_cache(maxsize=4 * ROWS)
def _with_values(sql: str, rows: int, columns: int) -> str:
    row = "(" + ", ".join("?" * columns) + ")"
    return sql.format(values=", ".join([row] * rows))
