"""The server through eight hours of class: forty bridge points tell and send, people open pages and leave them open.

The server is a process of its own, with its work beside requests. Its event streams and that work go by real time: of
eight hours they live through the minutes that the soak takes.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.health import Health, Light, Machine, Restarts
from models.records import GENESIS, AnyRecord, Checkpoint, Coverage, Presence, chain, encode, sign_batch
from models.wire import (
    JoinAnswer,
    JoinRequest,
    LivePresence,
    LiveStatus,
    LiveUnobserved,
    Today,
    request_message,
)
from tests.central_server.running import PATIENCE_S, public_hex
from tests.soak import course
from tests.soak.central import Told, central
from tests.soak.fast_time import SharedTime
from tests.soak.gauge import Sample, read
from tests.soak.room import here

POINTS, LEARNERS = 40, 10
STATUS_S, HEALTH_S, BATCH_S, PLAN_S, PAGE_S, VIEW_S = 30, 30, 60, 300, 120, 600
"""How often each bridge point tells and sends, a page is opened, and a page left open is closed again. Real agents tell
their status every 2 s and ask for the plan every 15."""
VIEWERS: Final = 6


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    """The answer's status and content; asked anew where the server has closed a connection that nobody used."""
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
    except (http.client.HTTPException, ConnectionError):
        connection.close()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
    return answer.status, answer.read()


@dataclass
class Pc:
    """A bridge point's PC: signs what it tells and keeps its chain."""

    number: int
    connection: http.client.HTTPConnection
    time: SharedTime
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    device: str = ""
    plan: Today | None = None
    seq: int = 0
    head: bytes = GENESIS

    def join(self, token: str) -> None:
        asked = JoinRequest(token=token, public_key=public_hex(self.key))
        self.device = msgspec.json.decode(
            self._sent("POST", "/api/agent/join", msgspec.json.encode(asked), {}), type=JoinAnswer
        ).device

    def ask_plan(self) -> None:
        self.plan = msgspec.json.decode(self.tell("GET", "/api/agent/today", b""), type=Today)

    def tell(self, method: str, path: str, body: bytes) -> bytes:
        at = self.time()
        signature = self.key.sign(request_message(method, path, at, body)).hex()
        return self._sent(method, path, body, {"Authorization": f"Diemdanh {self.device} {at} {signature}"})

    def _sent(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        status, content = _asked(self.connection, method, path, body, headers)
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {content[:300]!r}")
        return content

    def second(self, second: int, session: str | None) -> None:
        """What it does in this second of the soak."""
        turn = second + self.number
        if turn % PLAN_S == 0 or self.plan is None:
            self.ask_plan()
        if turn % HEALTH_S == 0:
            self.tell("POST", "/api/agent/health", msgspec.json.encode(self._health(second, session)))
        if session is None:
            return
        if turn % STATUS_S == 0:
            self.tell("POST", "/api/agent/status", msgspec.json.encode(self._status(second, session)))
        if turn % BATCH_S == 0:
            self._send(second, session)

    @property
    def _learners(self) -> list[str]:
        sessions = self.plan.sessions if self.plan else ()
        return sorted(one.id for one in sessions[0].learners) if sessions else []

    def _health(self, second: int, session: str | None) -> Health:
        bad = (second // 600 + self.number) % 17 == 0
        light = Light(part="camera", state="bad", vi="Camera mất tín hiệu.", en="No signal.") if bad else None
        machine = Machine(
            disk_free=10**11, cpu=0.4, pc_cpu=0.3, memory=4 * 10**8, memory_free=10**9, memory_total=8 * 10**9
        )
        return Health(
            at=self.time(), version="0.1.0", system="Linux 6.1", up_ms=second * 1000, session=session,
            lights=(light,) if light else (Light(part="camera", state="good"),), waiting=second % 7, oldest_ms=0,
            machine=machine,
            restarts=(Restarts(process="recognition", count=1 + second // 3600, last_at=self.time(), reason="silent"),),
        )  # fmt: skip

    def _status(self, second: int, session: str) -> LiveStatus:
        now, who = self.time(), self._learners
        there = [one for n, one in enumerate(who) if here(n + self.number, second * 1000)]
        return LiveStatus(
            session=session, at=now, watching_from=now - 60_000, watching_to=now,
            present=tuple(LivePresence(learner=one, start=now - 60_000, last=now) for one in there),
            unobserved=(LiveUnobserved(learner=who[-1], start=now - 30_000, last=now, why="far_seat"),),
            unknown=0, waiting=0, detector="yunet", encoder="intel",
            alarms=("Camera mất tín hiệu.",) if second % 900 < 60 else (),
        )  # fmt: skip

    def _send(self, second: int, session: str) -> None:
        now, start = self.time(), self.time() - BATCH_S * 1000
        clock: dict[str, Any] = {"wall": now, "boot_id": "b", "boot": now, "offset": 0, "uncertainty": 5}
        same: dict[str, Any] = {
            "device": self.device,
            "log": "log-1",
            "session": session,
            "start": start,
            "end": now,
        } | clock
        who = self._learners[(second // BATCH_S) % len(self._learners)]
        records: list[AnyRecord] = [
            Coverage(seq=self.seq + 1, ended_by="cut", detector="yunet", encoder="intel", **same),
            Presence(seq=self.seq + 2, learner=who, sightings=60, best_score=0.7, encoder="intel", **same),
        ]
        lines = [encode(one) for one in records]
        self.seq, self.head = self.seq + 2, chain(self.head, lines)
        batch = sign_batch(self.key, Checkpoint(self.device, "log-1", self.seq, self.head.hex()), lines)
        self._sent("POST", "/api/agent/batches", batch.encode(), {})


class Viewer:
    """Somebody who has a session's page open, and then closes it."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._socket: socket.socket | None = None

    def open(self, path: str) -> None:
        """Listen to a page's events."""
        self.close()
        parts = urlsplit(self._told.address)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=PATIENCE_S)
        cookies = "; ".join(f"{name}={value}" for name, value in self._told.manager.items())
        request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nCookie: {cookies}\r\n\r\n"
        self._socket.sendall(request.encode())
        if not (got := self._socket.recv(65_536)).startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {got[:200]!r}")
        self._socket.setblocking(False)

    def hear(self) -> None:
        """Read what has come."""
        with contextlib.suppress(BlockingIOError):
            while self._socket is not None and self._socket.recv(65_536):
                pass

    def close(self) -> None:
        """Close the page."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None


class Pages:
    """A browser that opens pages, as a class manager and as an administrator."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._connection = http.client.HTTPConnection(urlsplit(told.address).netloc, timeout=PATIENCE_S)
        self._turns = cycle(
            ("/", "session", "/admin/health", "classroom", "/health", "/metrics", "/reports", "/admin/audit")
        )

    def next(self, session: str | None) -> None:
        """Open the next one."""
        path = next(self._turns)
        if path in ("session", "classroom"):
            if session is None:
                return
            path = f"/sessions/{session}" + ("/classroom" if path == "classroom" else "")
        self.get(path)

    def get(self, path: str) -> str:
        """A page. Raises RuntimeError when it does not come."""
        who = self._told.administrator if path.startswith("/admin") else self._told.manager
        cookies = "; ".join(f"{name}={value}" for name, value in who.items())
        status, content = _asked(self._connection, "GET", path, b"", {"Cookie": cookies})
        if status != 200:
            raise RuntimeError(f"{path}: {status} {content[:300]!r}")
        return content.decode()

    def events(self, session: str) -> str:
        """The address of a session page's events, which the page names."""
        found = re.search(r'"(/sessions/[^"]+/events\?[^"]*)"', self.get(f"/sessions/{session}"))
        if found is None:
            raise RuntimeError("the session's page names no events")
        return found[1].replace("&amp;", "&")


def server_day(folder: Path, seconds: float = course.WHOLE_S, every_s: float = 180.0) -> Iterator[Sample]:
    """The server through a day of classes."""
    time = SharedTime(folder / "time", course.BEGIN)
    with central(folder / "server", time, POINTS, LEARNERS) as (told, inside):
        pcs = [
            Pc(n, http.client.HTTPConnection(urlsplit(told.address).netloc, timeout=PATIENCE_S), time)
            for n in range(POINTS)
        ]
        for pc in pcs:
            pc.join(told.tokens[course.point(pc.number)])
            pc.ask_plan()
        sessions = [(one.start, one.end, one.session) for one in (pcs[0].plan.sessions if pcs[0].plan else ())]
        pages, viewers, process = Pages(told), [Viewer(told) for _ in range(VIEWERS)], psutil.Process(told.pid)
        for second in range(int(seconds)):
            time.set(course.BEGIN + second * 1000)
            session = _held(sessions, time())
            for pc in pcs:
                pc.second(second, session)
            _looked(second, session, pages, viewers)
            if second % every_s == every_s - 1:
                held = inside()
                found = read(process, "server", float(second), held.objects, folder / "server")
                yield msgspec.structs.replace(found, sqlite=held.sqlite)
        for viewer in viewers:
            viewer.close()


def _looked(second: int, session: str | None, pages: Pages, viewers: Sequence[Viewer]) -> None:
    if second % PAGE_S == 0:
        pages.next(session)
    for number, viewer in enumerate(viewers):
        viewer.hear()
        if (second + number * VIEW_S // VIEWERS) % VIEW_S == 0:
            viewer.close()
            if session is not None:
                viewer.open(pages.events(session))


def _held(sessions: Sequence[tuple[int, int, str]], now: int) -> str | None:
    return next((session for start, end, session in sessions if start - 600_000 <= now < end), None)
