"""Verified ingest over HTTP beside the bare database and beside the usual way: pydantic, one insert a request.

Ours: a real server on port 0, batches of 50 records signed and chained, 16 at a time, each acknowledged when it is
durable. The limit: sqlite3's executemany with 1,000 rows a commit at FULL, without HTTP, signatures, chain or decoding.
The usual way: the same records decoded by pydantic and inserted by SQLAlchemy, a commit for each request of 50.
"""

from __future__ import annotations

import http.client
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Engine, create_engine, event, insert

from central_server.database import PRAGMAS
from central_server.ledger.tables import LogRecord
from models.records import GENESIS, Checkpoint, chain, sign_batch
from tests.benchmarks.measure import Measure
from tests.central_server.running import START, Agent, join, running, write_course

BATCH = 50
DEVICES = 16
BATCHES = 60
"""Of each device."""
TURNS = 3


def run() -> Iterator[Measure]:
    """All three in turns; takes about half a minute."""
    ours, bare, usual = [], [], []
    for _ in range(TURNS):
        with tempfile.TemporaryDirectory() as folder:
            rate, lines = _ours(Path(folder))
            ours.append(rate)
        with tempfile.TemporaryDirectory() as folder:
            bare.append(_bare(Path(folder), lines))
        with tempfile.TemporaryDirectory() as folder:
            usual.append(_usual(Path(folder), lines))
    value, limit, other = (sorted(rates)[TURNS // 2] for rates in (ours, bare, usual))
    ratio = value / limit
    yield Measure("ledger.ingest", value, "records/s", baseline=limit, ratio=ratio, goal=0.5, ok=ratio >= 0.5)
    ratio = value / other
    yield Measure("ledger.ingest_beside_orm", value, "records/s", baseline=other, ratio=ratio, goal=4, ok=ratio >= 4)


def _ours(folder: Path) -> tuple[float, list[bytes]]:
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml"))
        agents = [join(server) for _ in range(DEVICES)]
        for agent in agents:
            for n in range(BATCH * BATCHES):
                agent.presence("K1.1", f"l-{n % 30}", START + n * 1000, START + n * 1000 + 15_000)
        bodies = [_bodies(agent) for agent in agents]
        barrier = threading.Barrier(DEVICES + 1)
        with ThreadPoolExecutor(DEVICES) as pool:
            sent = [pool.submit(_send, agent, some, barrier) for agent, some in zip(agents, bodies, strict=True)]
            barrier.wait()
            begin = time.perf_counter()
            for one in sent:
                one.result()
            took = time.perf_counter() - begin
        return DEVICES * BATCHES * BATCH / took, [line for agent in agents for line in agent.lines]


def _bodies(agent: Agent) -> list[bytes]:
    bodies, head = [], GENESIS
    for first in range(0, len(agent.lines), BATCH):
        lines = agent.lines[first : first + BATCH]
        head = chain(head, lines)
        checkpoint = Checkpoint(agent.device, agent.log, first + BATCH, head.hex())
        bodies.append(sign_batch(agent.key, checkpoint, lines).encode())
    return bodies


def _send(agent: Agent, bodies: list[bytes], barrier: threading.Barrier) -> None:
    headers = [agent.headers("POST", "/api/agent/batches", body) for body in bodies]
    address = urlsplit(agent.address)
    with closing(http.client.HTTPConnection(str(address.hostname), address.port or 80)) as client:
        client.connect()
        barrier.wait()
        for body, header in zip(bodies, headers, strict=True):
            client.request("POST", "/api/agent/batches", body, header)
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200, answer.status


_COLUMNS = 'device, log, seq, session, kind, learner, start, "end", line, head'


def _bare(folder: Path, lines: list[bytes]) -> float:
    rows = [
        (f"d-{n // (BATCH * BATCHES)}", "log-1", n, "K1.1", "presence", "l-1", n, n + 1, line, GENESIS)
        for n, line in enumerate(lines)
    ]
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as db:
        for pragma in PRAGMAS:
            db.execute(pragma)
        _make(db.execute)
        begin = time.perf_counter()
        for first in range(0, len(rows), 1000):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                f"INSERT INTO record ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - our own names
                rows[first : first + 1000],
            )
            db.execute("COMMIT")
        return len(rows) / (time.perf_counter() - begin)


def _make(execute: Callable[[str], object]) -> None:
    execute(
        "CREATE TABLE record (device TEXT, log TEXT, seq INTEGER, session TEXT, kind TEXT, learner TEXT, start INTEGER,"
        ' "end" INTEGER, line BLOB, head BLOB, PRIMARY KEY (device, log, seq)) WITHOUT ROWID'
    )
    execute("CREATE INDEX record_of_session ON record (session, device, log, seq)")


class _Presence(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: str
    v: int
    device: str
    log: str
    seq: int
    session: str
    wall: int
    boot_id: str
    boot: int
    offset: int | None
    uncertainty: int | None
    learner: str
    start: int
    end: int
    sightings: int
    best_score: float
    encoder: str


def _usual(folder: Path, lines: list[bytes]) -> float:
    engine: Engine = create_engine(f"sqlite:///{folder / 'usual.db'}")

    def pragmas(connection: Any, _record: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(pragma)

    event.listen(engine, "connect", pragmas)
    with engine.begin() as connection:
        _make(connection.exec_driver_sql)
    some = lines[: len(lines) // 8]
    begin = time.perf_counter()
    for first in range(0, len(some), BATCH):
        read = [_Presence.model_validate_json(line) for line in some[first : first + BATCH]]
        with engine.begin() as connection:
            connection.execute(
                insert(LogRecord),
                [
                    {**one.model_dump(include={"device", "log", "seq", "session", "kind", "learner", "start", "end"}),
                     "line": line, "head": GENESIS}
                    for one, line in zip(read, some[first : first + BATCH], strict=True)
                ],
            )  # fmt: skip
    rate = len(some) / (time.perf_counter() - begin)
    engine.dispose()
    return rate
