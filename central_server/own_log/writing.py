"""Adding to the server's own log, inside the transaction of the act that is told."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, text

from models.own_records import AnyOwnRecord, encode_own
from models.records import GENESIS, chain

_LAST = "SELECT seq, head FROM own_record ORDER BY seq DESC LIMIT 1"
_ADD = text("INSERT INTO own_record (seq, kind, line, head) VALUES (:seq, :kind, :line, :head)")


def own_head(connection: Connection) -> tuple[int, bytes]:
    """Seq and head of the own log's last record."""
    row = connection.exec_driver_sql(_LAST).one_or_none()
    return (row.seq, bytes(row.head)) if row else (0, GENESIS)


def append(connection: Connection, *records: AnyOwnRecord) -> None:
    """Add records to the own log, in order; their seq is given here."""
    seq, head = own_head(connection)
    rows = []
    for record in records:
        seq += 1
        line = encode_own(msgspec.structs.replace(record, seq=seq))
        head = chain(head, (line,))
        rows.append({"seq": seq, "kind": record.__struct_config__.tag, "line": line, "head": head})
    if rows:
        connection.execute(_ADD, rows)
