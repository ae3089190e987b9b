"""The agent's log against the server's: its chain holds, and its records are byte for byte those at the server."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time

from sqlalchemy import text as sql

from bridge_agent.log_file import DamagedError, connect
from central_server.proof.stored import StoredEvidence
from central_server.proof.verifying import verify
from models.receipts import Receipt, decode_receipt
from tests.faults.hundred.place import Place

SENT_S = 30.0
"""So long records may be under way to the server: the agent writes on while it is looked at."""
_AGENTS = "select seq, line, head from records order by seq"
_SERVERS = sql("select seq, line, head from record where log = :log order by seq")
Rows = dict[int, tuple[bytes, bytes]]
"""By number: a record's line, and the chain's head after it."""


def compare(place: Place) -> int:
    """How many records of the agent's log are the same at the server. Raises AssertionError when any is not, or when
    the log's chain does not hold.
    """  # fmt: skip
    log, agents, _ = agents_log(place)
    end = time.monotonic() + SENT_S
    while max(servers := _servers_log(place, log), default=0) < max(agents, default=0) and time.monotonic() < end:
        time.sleep(0.3)
    missing = sorted(agents.keys() - servers.keys())
    assert not missing, f"records {missing[0]} to {missing[-1]} of {log} are not at the server"
    differing = [seq for seq in agents if agents[seq] != servers[seq]]
    assert not differing, f"records {differing} of {log} differ from the server's"
    more = [seq for seq in servers if agents and min(agents) <= seq <= max(agents) and seq not in agents]
    assert not more, f"the server holds records {more} of {log} that the agent has not"
    return len(agents)


def prove(place: Place) -> list[str]:
    """What `central-server verify` finds in all of the server's logs, with the receipts of the agent's present one."""
    _, _, receipts = agents_log(place)
    with place.server.services.engine.connect() as db, db.begin():
        return [finding.en for finding in verify(StoredEvidence(db), receipts).findings]


def agents_log(place: Place) -> tuple[str, Rows, list[Receipt]]:
    """The agent's log, opened as the agent opens it (its chain and its places are verified), from a copy.

    Raises AssertionError when it is damaged.
    """
    for attempt in range(3):  # the file and its write-ahead file are copied while the agent writes
        try:
            return _read(place)
        except (DamagedError, sqlite3.Error) as error:
            if attempt == 2:
                raise AssertionError(f"the agent's log is damaged: {error}") from None
            time.sleep(0.3)
    raise AssertionError


def _read(place: Place) -> tuple[str, Rows, list[Receipt]]:
    copy = place.folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("log.db", "log.db-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(place.data / name, copy)
    path = copy / "log.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        ((device,),) = db.execute("select device from log").fetchall()
    opened, log = connect(path, device, 0)
    with contextlib.closing(opened) as db:
        rows = {seq: (bytes(line), bytes(head)) for seq, line, head in db.execute(_AGENTS)}
        receipts = [decode_receipt(one) for (one,) in db.execute("select receipt from receipts order by seq")]
    return log, rows, receipts


def _servers_log(place: Place, log: str) -> Rows:
    with place.server.services.engine.connect() as db:
        return {seq: (bytes(line), bytes(head)) for seq, line, head in db.execute(_SERVERS, {"log": log})}
