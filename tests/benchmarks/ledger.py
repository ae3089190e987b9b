"""Verified ingest over HTTP beside the bare database and beside the usual way: pydantic, one insert a request.

Ours: the real program; batches of 50 records, signed and chained, each acknowledged when it is durable.
The limit: sqlite3's executemany with 1,000 rows a commit at FULL, without HTTP, signatures, chain or decoding.
The usual way: usual_server.py, the same records over as many connections.
Both servers and the bare database write into the same table with the same indexes. Both servers get the same load
(load.py), which takes its share of the same cores and is counted to nobody's CPU time; the bare database shares its
cores with nobody. The session is over, as in a backlog: what settles it must wait until the records have come in.
The slow disk is strace, which delays each fsync and fdatasync of the server's process by 4 ms and stops no other call.
"""

from __future__ import annotations

import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from central_server.database import PRAGMAS
from models.records import GENESIS, Checkpoint, chain, sign_batch
from tests.benchmarks.load import answers_a_second, post
from tests.benchmarks.measure import Measure
from tests.benchmarks.participation import per_record
from tests.benchmarks.usual_server import INDEX, TABLE
from tests.central_server.running import START, Agent, join, running, write_course

BATCH = 50
DEVICES = 64
BATCHES = 24
"""Of each device."""
CONNECTIONS = 64
WARM_UP = 4
"""A device's first batches, sent before the clock runs."""
USUAL_SHARE = 5
"""The usual way is sent one batch in so many: it is slower."""
TURNS = 3
RESTS_PERCENT = 3
"""A server that takes less of a core has started."""
FSYNC_DELAY_US = 4000


def run() -> Iterator[Measure]:
    """All in turns; takes about two minutes. And what a record costs on its way into the totals."""
    if not shutil.which("strace"):
        raise SystemExit("bench ledger needs strace (Debian package strace)")
    yield per_record()
    with tempfile.TemporaryDirectory() as folder:
        agents = _agents(Path(folder))
        turns = [_turn(Path(folder) / "data", agents) for _ in range(TURNS)]
    medians = [statistics.median(figures) for figures in zip(*turns, strict=True)]
    ours, bare, usual, slow, usual_slow, cpu, usual_cpu = medians
    yield _measure("ledger.ingest", ours, bare, 0.5)
    yield _measure("ledger.ingest_beside_orm", ours, usual, 4)
    yield _measure("ledger.ingest_slow_disk_64", slow, usual_slow, 6)
    yield Measure("ledger.ingest_cpu", cpu, "ms/batch", baseline=usual_cpu, ratio=cpu / usual_cpu)


def _measure(name: str, value: float, baseline: float, goal: float) -> Measure:
    ratio = value / baseline
    return Measure(name, value, "records/s", baseline=baseline, ratio=ratio, goal=goal, ok=ratio >= goal)


@dataclass(frozen=True, slots=True)
class _Device:
    """An agent that has joined, and all it will send."""

    agent: Agent
    bodies: list[bytes]

    def requests(self) -> list[bytes]:
        """Its batches, signed now."""
        path, now = "/api/agent/batches", time.time_ns() // 1_000_000
        return [post(path, body, self.agent.headers("POST", path, body, now)) for body in self.bodies]

    def usual_requests(self) -> list[bytes]:
        """The same records as JSON arrays."""
        lines, kind = self.agent.lines, {"Content-Type": "application/json"}
        arrays = (b"[" + b",".join(lines[at : at + BATCH]) + b"]" for at in range(0, len(lines), BATCH))
        return [post("/records", array, kind) for array in arrays]


def _agents(folder: Path) -> list[_Device]:
    """The devices, known to the server whose data lies in `folder`/data."""
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml"))
        agents = [join(server) for _ in range(DEVICES)]
    for agent in agents:
        for n in range(BATCH * BATCHES):
            agent.presence("K1.1", f"l-{n % 30}", START + n * 1000, START + n * 1000 + 15_000)
    return [_Device(agent, _bodies(agent)) for agent in agents]


def _bodies(agent: Agent) -> list[bytes]:
    bodies, head = [], GENESIS
    for first in range(0, len(agent.lines), BATCH):
        lines = agent.lines[first : first + BATCH]
        head = chain(head, lines)
        checkpoint = Checkpoint(agent.device, agent.log, first + BATCH, head.hex())
        bodies.append(sign_batch(agent.key, checkpoint, lines).encode())
    return bodies


def _turn(data: Path, devices: list[_Device]) -> tuple[float, ...]:
    """Records a second of ours, the bare database, the usual way, ours and the usual way on the slow disk; CPU ms a
    batch of ours and of the usual way.
    """  # fmt: skip
    each = [device.usual_requests()[: WARM_UP + BATCHES // USUAL_SHARE] for device in devices]
    ours, cpu = _ours(data, devices, CONNECTIONS)
    bare = _bare([line for device in devices for line in device.agent.lines])
    usual, usual_cpu = _usual(each, CONNECTIONS)
    slow, _ = _ours(data, devices, DEVICES, slow_disk=True)
    usual_slow, _ = _usual(each, DEVICES, slow_disk=True)
    return ours, bare, usual, slow, usual_slow, cpu, usual_cpu


def _ours(joined: Path, devices: list[_Device], connections: int, slow_disk: bool = False) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        data = shutil.copytree(joined, Path(folder) / "data")
        with _serving("central_server.cli", "serve", "--data", str(data), "--port", slow_disk=slow_disk) as server:
            return server.rate([device.requests() for device in devices], connections)


def _usual(requests: list[list[bytes]], connections: int, slow_disk: bool = False) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        program = ("tests.benchmarks.usual_server", str(Path(folder) / "usual.db"))
        with _serving(*program, slow_disk=slow_disk) as server:
            return server.rate(requests, connections)


@dataclass(frozen=True, slots=True)
class _Serving:
    """A server that runs."""

    port: int
    process: psutil.Process

    def rate(self, devices: Sequence[list[bytes]], connections: int) -> tuple[float, float]:
        """Records a second, and the server's CPU time for each request, ms."""
        answers_a_second(self.port, _spread([some[:WARM_UP] for some in devices], connections))
        before = self._cpu()
        rate = answers_a_second(self.port, _spread([some[WARM_UP:] for some in devices], connections))
        requests = sum(len(some) - WARM_UP for some in devices)
        return rate * BATCH, (self._cpu() - before) * 1000 / requests

    def _cpu(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def _spread(devices: Sequence[list[bytes]], connections: int) -> list[list[bytes]]:
    """The devices' requests on so many connections: a connection serves its devices one after the other."""
    return [[request for some in devices[n::connections] for request in some] for n in range(connections)]


@contextmanager
def _serving(*program: str, slow_disk: bool) -> Iterator[_Serving]:
    """Run `python -m program PORT`, on a free port, until the context ends."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    calls = "fsync,fdatasync"
    slow = [
        "strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "signal=none", "-e", f"trace={calls}",
        "-e", f"inject={calls}:delay_enter={FSYNC_DELAY_US}",
    ]  # fmt: skip
    command = [*(slow if slow_disk else []), sys.executable, "-m", *program, str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        inner = psutil.Process(process.pid)
        try:
            _wait(f"http://127.0.0.1:{port}/health")
            inner = inner.children()[0] if slow_disk else inner
            _rest(inner)
            yield _Serving(port, inner)
        finally:
            inner.kill()  # strace ends with it
            process.wait(10)


def _wait(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(address)
            return
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _rest(process: psutil.Process) -> None:
    """Wait until a server has done what it does once after its start (ours compiles the pages meanwhile)."""
    deadline = time.monotonic() + 60
    while process.cpu_percent(0.5) > RESTS_PERCENT:
        if time.monotonic() > deadline:
            raise TimeoutError("the server never rests")


_COLUMNS = 'device, log, seq, session, kind, learner, start, "end", line, head'


def _bare(lines: list[bytes]) -> float:
    """The rows come as a server gets them: a batch of each device, then the next of each."""
    size = BATCH * BATCHES
    rows = [
        (f"d-{n // size}", "log-1", n, "K1.1", "presence", "l-1", n, n + 1, line, GENESIS)
        for n, line in enumerate(lines)
    ]
    rows.sort(key=lambda row: row[2] % size // BATCH)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)) as db,
    ):
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
