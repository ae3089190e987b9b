"""Verified ingest over HTTP beside the bare database and beside the usual way: pydantic, one insert a request.

Ours: the real program, batches of 50 records signed and chained, 16 connections, each acknowledged when it is durable.
The limit: sqlite3's executemany with 1,000 rows a commit at FULL, without HTTP, signatures, chain or decoding.
The usual way: usual_server.py, the same records over as many connections.
"""

from __future__ import annotations

import http.client
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from central_server.database import PRAGMAS
from models.records import GENESIS, Checkpoint, chain, sign_batch
from tests.benchmarks.measure import Measure
from tests.benchmarks.participation import per_record
from tests.benchmarks.usual_server import INDEX, TABLE
from tests.central_server.running import START, Agent, join, running, write_course

BATCH = 50
DEVICES = 16
BATCHES = 60
"""Of each device."""
TURNS = 3


def run() -> Iterator[Measure]:
    """All three in turns, about half a minute; and what a record costs on its way into the totals."""
    yield per_record()
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
    data = folder / "data"
    with running(data) as server:
        server.load(write_course(folder / "course.toml"))
        agents = [join(server) for _ in range(DEVICES)]
    for agent in agents:
        for n in range(BATCH * BATCHES):
            agent.presence("K1.1", f"l-{n % 30}", START + n * 1000, START + n * 1000 + 15_000)
    bodies = [_bodies(agent) for agent in agents]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "central_server.cli", "serve", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(address)
            now = time.time_ns() // 1_000_000
            path = "/api/agent/batches"
            requests = [
                [(path, body, agent.headers("POST", path, body, now)) for body in some]
                for agent, some in zip(agents, bodies, strict=True)
            ]
            return _rate(address, requests), [line for agent in agents for line in agent.lines]
        finally:
            process.kill()


def _usual(folder: Path, lines: list[bytes]) -> float:
    """The same records, a JSON array for each request."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.usual_server", str(folder / "usual.db"), str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command) as process:
        try:
            _wait(address)
            each = len(lines) // DEVICES
            kind = {"Content-Type": "application/json"}
            requests = [
                [
                    ("/records", b"[" + b",".join(lines[at : at + BATCH]) + b"]", kind)
                    for at in range(n, n + each, BATCH)
                ]
                for n in range(0, len(lines), each)
            ]
            return _rate(address, [some[: BATCHES // 4] for some in requests])
        finally:
            process.kill()


Requests = list[list[tuple[str, bytes, dict[str, str]]]]


def _rate(address: str, requests: Requests) -> float:
    """Records a second, all connections at once, each request after the answer to the one before it."""
    barrier = threading.Barrier(len(requests) + 1)
    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [pool.submit(_send, address, some, barrier) for some in requests]
        barrier.wait()
        begin = time.perf_counter()
        for one in sent:
            one.result()
        return sum(map(len, requests)) * BATCH / (time.perf_counter() - begin)


def _send(address: str, requests: list[tuple[str, bytes, dict[str, str]]], barrier: threading.Barrier) -> None:
    where = urlsplit(address)
    with closing(http.client.HTTPConnection(str(where.hostname), where.port or 80)) as client:
        client.connect()
        barrier.wait()
        for path, body, header in requests:
            client.request("POST", path, body, header)
            answer = client.getresponse()
            answer.read()
            assert answer.status == 200, answer.status


def _wait(address: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx.get(f"{address}/health")
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _bodies(agent: Agent) -> list[bytes]:
    bodies, head = [], GENESIS
    for first in range(0, len(agent.lines), BATCH):
        lines = agent.lines[first : first + BATCH]
        head = chain(head, lines)
        checkpoint = Checkpoint(agent.device, agent.log, first + BATCH, head.hex())
        bodies.append(sign_batch(agent.key, checkpoint, lines).encode())
    return bodies


_COLUMNS = 'device, log, seq, session, kind, learner, start, "end", line, head'


def _bare(folder: Path, lines: list[bytes]) -> float:
    rows = [
        (f"d-{n // (BATCH * BATCHES)}", "log-1", n, "K1.1", "presence", "l-1", n, n + 1, line, GENESIS)
        for n, line in enumerate(lines)
    ]
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as db:
        for pragma in PRAGMAS:
            db.execute(pragma)
        db.execute(TABLE)
        db.execute(INDEX)
        begin = time.perf_counter()
        for first in range(0, len(rows), 1000):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                f"INSERT INTO record ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - our own names
                rows[first : first + 1000],
            )
            db.execute("COMMIT")
        return len(rows) / (time.perf_counter() - begin)
