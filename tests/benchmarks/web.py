"""The class manager's pages at the size of a country: the live page of ten thousand bridge points.

`live_server.py` serves one running session of 10,000 bridge points with 10 learners each, who all report; we open its
page as browsers do and hold 50 event streams.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil

from tests.benchmarks import live_server
from tests.benchmarks.measure import Measure
from tests.central_server.running import MINUTE

VIEWERS = 50
WATCHING_S = 12.0
FIRST_PAGE_GOAL_S = 3.0
DELTA_GOAL_MS = 250.0


def run() -> Iterator[Measure]:
    """Takes about a minute."""
    yield from live()


def live(points: int = live_server.POINTS) -> Iterator[Measure]:
    """The page of one session."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = int(time.time() * 1000) - (live_server.RECORDED_MIN + 5) * MINUTE
        live_server.build(folder, start, points)
        command = [sys.executable, "-m", "tests.benchmarks.live_server", name, str(points), str(start)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield from _live(process)
            finally:
                process.kill()


def _live(process: subprocess.Popen[str]) -> Iterator[Measure]:
    told = _told(process)
    with httpx.Client(base_url=told["address"], cookies=told["cookies"], timeout=60) as client:
        page = f"/sessions/{live_server.SESSION}"
        begin = time.perf_counter()
        first = client.get(page)
        took = time.perf_counter() - begin
        assert first.status_code == 200
        yield Measure("web.live_first_page", took, "s", goal=FIRST_PAGE_GOAL_S, ok=took <= FIRST_PAGE_GOAL_S)
        while (state := _ask(process)).get("unread", 1):
            time.sleep(0.5)
            client.get(page)
        yield Measure("web.live_all_records_read", time.perf_counter() - begin, "s")
        times = []
        for query in ("", "?page=7", "?trouble=failure", "?text=nguyen+binh", "?text=diem+cau+04321", "") * 4:
            begin = time.perf_counter()
            assert client.get(page + query).status_code == 200
            times.append((time.perf_counter() - begin) * 1000)
        yield Measure("web.live_page_median", statistics.median(times), "ms")
        match = re.search(r'hx-sse:connect="([^"]+)"', client.get(page).text)
        assert match
        cookie = "; ".join(f"{key}={value}" for key, value in client.cookies.items())
        shares = {}
        for viewers in (1, VIEWERS):
            shares[viewers], messages, size = asyncio.run(
                _watch(process, told["address"], unescape(match[1]), cookie, viewers)
            )
        yield Measure("web.live_share_of_a_core", shares[VIEWERS], "cores", baseline=shares[1],
                      ratio=shares[VIEWERS] / shares[1], goal=2, ok=shares[VIEWERS] <= 2 * shares[1])  # fmt: skip
        yield Measure("web.live_messages", messages / VIEWERS / WATCHING_S, "1/s each", goal=0.8, ok=messages > 0)
        yield Measure("web.live_bytes", size / VIEWERS / WATCHING_S, "B/s each")
        times = [_ask(process)["delta_ms"] for _ in range(9) if time.sleep(0.3) is None]
        delta = statistics.median(times)
        yield Measure("web.live_delta", delta, "ms", goal=DELTA_GOAL_MS, ok=delta <= DELTA_GOAL_MS)
        yield Measure("web.live_memory", psutil.Process(process.pid).memory_info().rss / 2**20, "MiB")
    del state


async def _watch(
    process: subprocess.Popen[str], address: str, path: str, cookie: str, viewers: int
) -> tuple[float, int, int]:
    """Hold event streams; the server's share of a core (without the reporting thread), messages and bytes received."""
    where = urlsplit(address)
    streams = [await asyncio.open_connection(where.hostname, where.port, limit=2**22) for _ in range(viewers)]
    for _, writer in streams:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: {cookie}\r\n\r\n".encode())
    for reader, _ in streams:
        assert b"200" in await reader.readline()
    await asyncio.sleep(3)
    counts = [0, 0]
    program = psutil.Process(process.pid)
    before, busy = program.cpu_times(), _ask(process)["busy_s"]

    async def read(reader: asyncio.StreamReader) -> None:
        while block := await reader.read(2**16):
            counts[0] += block.count(b"\n\n")
            counts[1] += len(block)

    tasks = [asyncio.create_task(read(reader)) for reader, _ in streams]
    begin = time.perf_counter()
    await asyncio.sleep(WATCHING_S)
    took = time.perf_counter() - begin
    after, busier = program.cpu_times(), _ask(process)["busy_s"]
    for task in tasks:
        task.cancel()
    for _, writer in streams:
        writer.close()
    used = after.user + after.system - before.user - before.system - (busier - busy)
    return used / took, counts[0], counts[1]


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def _ask(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write("cpu\n")
    process.stdin.flush()
    return _told(process)
