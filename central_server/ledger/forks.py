"""What a refused batch leaves behind: a fork is kept with both its versions, a gap is remembered until it is closed.

Of one log so many versions are kept (FORKS_KEPT), then they are counted by session, and the own log tells it as often
as the number doubles: whoever sends thousands fills no disk, and hides nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, text

from central_server.own_log.writing import append
from models.own_records import ForksDropped, ForkSeen, GapClosed
from models.records import AnyRecord, Batch

FORKS_KEPT = 20
"""Most forks kept of one log: enough to prove it, too few to fill the disk."""

_COUNT = text("SELECT count(*) FROM fork WHERE device = :device AND log = :log")
_KNOWN = text("SELECT 1 FROM fork WHERE device = :device AND log = :log AND ends = :ends AND head = :head")
_ADD = text(
    "INSERT INTO fork (device, log, ends, head, seq, key, batch, sessions, seen_at)"
    " VALUES (:device, :log, :ends, :head, :seq, :key, :batch, :sessions, :seen_at)"
)
_THERE = text("SELECT id FROM session WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
_DROP = text(
    "INSERT INTO forks_dropped (device, log, session, count, seen_at) VALUES (:device, :log, :session, 1, :seen_at)"
    " ON CONFLICT (device, log, session) DO UPDATE SET count = count + 1, seen_at = excluded.seen_at RETURNING count"
)
_GAP = text("SELECT first, last FROM gap WHERE device = :device AND log = :log")
_SET_GAP = text(
    "INSERT INTO gap (device, log, first, last) VALUES (:device, :log, :first, :last)"
    " ON CONFLICT (device, log) DO UPDATE SET last = max(last, excluded.last)"
)
_END_GAP = text("DELETE FROM gap WHERE device = :device AND log = :log")


def keep_fork(
    connection: Connection, batch: Batch, records: tuple[AnyRecord, ...], key: int, differs: int, now: int
) -> None:
    """Keep a refused version beside ours, or count it, and tell the own log. Sent again it is not kept again.

    differs: seq of the first record known to differ, 0 where only the heads tell.
    """
    point = batch.signed.checkpoint
    head = bytes.fromhex(point.head)
    which = {"device": point.device, "log": point.log}
    if connection.execute(_KNOWN, {**which, "ends": point.seq, "head": head}).first():
        return
    named = sorted({record.session for record in records})
    if connection.execute(_COUNT, which).scalar_one() >= FORKS_KEPT:
        _drop(connection, point.device, point.log, named, now)
        return
    sessions = "\n".join(named)
    values = {"ends": point.seq, "head": head, "seq": differs, "key": key, "batch": batch.encode(), "seen_at": now}
    connection.execute(_ADD, {**which, **values, "sessions": sessions})
    append(
        connection,
        ForkSeen(at=now, device=point.device, log=point.log, differs=differs, ends=point.seq, head=point.head),
    )


def _drop(connection: Connection, device: str, log: str, named: list[str], now: int) -> None:
    """Count a version for each session that it speaks of."""
    for session in connection.execute(_THERE, {"ids": named}).scalars().all() or [""]:
        values = {"device": device, "log": log, "session": session, "seen_at": now}
        count = connection.execute(_DROP, values).scalar_one()
        if count == doubled(count):
            append(connection, ForksDropped(at=now, device=device, log=log, session=session or None, count=count))


def doubled(count: int) -> int:
    """The number at which the own log told last of a count (1 or more): the greatest power of 2 in it."""
    return 1 << count.bit_length() - 1


def remember_gap(connection: Connection, device: str, log: str, first: int, last: int) -> None:
    """Records `first` to `last` are missing: later ones came before them."""
    connection.execute(_SET_GAP, {"device": device, "log": log, "first": first, "last": last})


def close_gap(connection: Connection, device: str, log: str, seq: int, now: int) -> None:
    """The log is held up to `seq`: if that closes a gap, the own log tells it."""
    which = {"device": device, "log": log}
    gap = connection.execute(_GAP, which).one_or_none()
    if gap is not None and seq >= gap.last:
        connection.execute(_END_GAP, which)
        append(connection, GapClosed(at=now, device=device, log=log, first=gap.first, last=gap.last))
