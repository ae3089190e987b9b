"""A real server on port 0 in a thread, and a small agent that speaks to it over HTTP with its own key and chain."""

from __future__ import annotations

import functools
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from central_server.accounts.giving import NewAccount, account_by_login, new_account
from central_server.accounts.links import SIGN_IN_LIFE_MS, make_link
from central_server.accounts.permission import Grant
from central_server.app import create_app
from central_server.bridge_points.joining import make_token
from central_server.config import Accounts, Config
from central_server.courses.course_file import read_course
from central_server.courses.loading import load
from central_server.database import Job, T, open_database
from central_server.services import Services
from central_server.serving import addresses, listen, server
from models.receipts import Receipt
from models.records import GENESIS, AnyRecord, Batch, Checkpoint, Coverage, Presence, chain, encode, sign_batch
from models.wire import (
    JoinAnswer,
    JoinRequest,
    LivePresence,
    LiveStatus,
    LiveUnobserved,
    Refusal,
    Today,
    request_message,
)

START = 1_795_482_000_000
"""24/11/2026 08:00:00 in Vietnam: when the sessions of the tests begin."""
MINUTE = 60_000
PATIENCE_S = 60.0
"""What ends a wait that will never end; no test asks for it, so a busy machine fails none."""
TLS = httpx.create_ssl_context()
"""For all clients: without it each one reads the machine's certificates, 24 ms, to speak plain HTTP."""


@dataclass
class Clock:
    """The server's clock in tests: stands still until it is moved."""

    ms: int = START

    def __call__(self) -> int:
        return self.ms


@dataclass
class Running:
    """A server that runs, and what a test needs to look inside."""

    address: str
    services: Services
    clock: Clock
    _clients: list[httpx.Client] = field(default_factory=list)
    _manager: str = ""
    _asking: httpx.Client | None = None

    def do(self, job: Job[T]) -> T:
        return self.services.writer.submit(job).result(PATIENCE_S)

    def load(self, course: Path) -> None:
        self.do(load(read_course(course), self.clock()))

    def token(self, bridge_point: str = "TDM") -> str:
        return self.do(make_token(bridge_point, self.clock())).token

    def account(self, login: str, *grants: Grant) -> str:
        """A new account; its id."""
        return self.do(new_account(NewAccount(login, f"Người dùng {login}", grants), None, self.clock()))

    def link(self, login: str, *, new_password: bool = False) -> str:
        """The key of a one-time link for an account."""

        def job(connection: Connection) -> str:
            account = account_by_login(connection, login)
            return make_link(
                connection, account, self.clock(), new_password=new_password, by=None, life_ms=SIGN_IN_LIFE_MS
            ).key

        return self.do(job)

    def client(self, **more: Any) -> httpx.Client:
        """A client that has not signed in."""
        given: dict[str, Any] = {"follow_redirects": True, "timeout": PATIENCE_S, "verify": TLS} | more
        client = httpx.Client(base_url=self.address, **given)
        self._clients.append(client)
        return client

    def signed_in(self, login: str) -> httpx.Client:
        """A client that has signed in with an account."""
        client = self.client(follow_redirects=False)
        assert client.post("/sign-in/link", data={"key": self.link(login)}).status_code == 303
        client.follow_redirects = True
        return client

    def administrator(self) -> httpx.Client:
        """A client signed in as an administrator (where the settings demand no second factor)."""
        self.account("quan-tri-thu", Grant("administrator"))
        return self.signed_in("quan-tri-thu")

    def manager_link(self) -> str:
        """Where a browser signs in (by one button) as the class manager of all courses."""
        return f"{self.address}/sign-in/link?key={self.link(self.manager_login())}"

    def manager_login(self) -> str:
        """The login of the class manager of all courses, whose account is made when it is first asked for."""
        if not self._manager:
            self.account("quan-ly", Grant("class_manager"))
            self._manager = "quan-ly"
        return self._manager

    def get(self, path: str, language: str = "vi") -> httpx.Response:
        """What the class manager of all courses gets there."""
        if self._asking is None:
            self._asking = self.manager()
        return self._asking.get(path, headers={"Accept-Language": language})

    def manager(self) -> httpx.Client:
        """A client signed in as the class manager of all courses."""
        return self.signed_in(self.manager_login())

    def close(self) -> None:
        for client in self._clients:
            client.close()


@functools.cache
def new_database() -> bytes:
    """A database as the migrations make it, which tests of this process start from: once instead of for each test."""
    with tempfile.TemporaryDirectory(prefix="diemdanh-new-") as folder:
        path = Path(folder) / "diemdanh.db"
        open_database(path).dispose()
        return path.read_bytes()


@contextmanager
def running(folder: Path, clock: Clock | None = None, **settings: Any) -> Iterator[Running]:
    """Serve the data folder until the context ends; its end is orderly or the test fails."""
    clock = clock or Clock()
    folder.mkdir(exist_ok=True)
    # Tests move the clock by hours; those about the ends of sign-ins and about second factors say their own settings.
    settings.setdefault("accounts", Accounts(idle_minutes=24 * 60, hours=24 * 31, second_factor=()))
    config = Config(data=str(folder), **({"port": 0} | settings))
    database = folder / "diemdanh.db"
    if not database.exists():
        database.touch(0o600)
        database.write_bytes(new_database())
    app = create_app(config, clock)
    with listen(config) as listener:
        program = server(app)
        thread = threading.Thread(target=program.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while not program.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert program.started
        here = msgspec.structs.replace(config, public_address=None)
        one = Running(addresses(here, listener), app.state.services, clock)
        try:
            yield one
        finally:
            one.close()
            program.should_exit = True
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


@dataclass
class Agent:
    """A bridge point's device: keeps its log and sends it as the real agent does."""

    address: str
    device: str
    bridge_point: str
    key: Ed25519PrivateKey
    clock: Clock
    server_key: Ed25519PublicKey
    log: str = "log-1"
    lines: list[bytes] = field(default_factory=list)

    def headers(self, method: str, path: str, body: bytes, at: int | None = None) -> dict[str, str]:
        at = self.clock() if at is None else at
        signature = self.key.sign(request_message(method, path, at, body)).hex()
        return {"Authorization": f"Diemdanh {self.device} {at} {signature}"}

    def request(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        headers = self.headers(method, path, body)
        return httpx.request(method, self.address + path, content=body, headers=headers, timeout=PATIENCE_S, verify=TLS)

    def today(self) -> Today:
        return msgspec.json.decode(self.request("GET", "/api/agent/today").content, type=Today)

    def send(self, batch: Batch) -> Receipt | Refusal:
        got = self.request("POST", "/api/agent/batches", batch.encode())
        kind: type[Receipt | Refusal] = Receipt if got.status_code == 200 else Refusal
        return msgspec.json.decode(got.content, type=kind)

    def batch(self, first: int, last: int, lines: list[bytes] | None = None) -> Batch:
        """Records first to last (seq from 1), signed at last."""
        lines = self.lines if lines is None else lines
        head = chain(GENESIS, lines[:last]).hex()
        return sign_batch(self.key, Checkpoint(self.device, self.log, last, head), lines[first - 1 : last])

    def send_all(self) -> Receipt | Refusal:
        return self.send(self.batch(1, len(self.lines)))

    def add(self, kind: type[AnyRecord], **fields: Any) -> AnyRecord:
        """Append a record. Its boot-time clock reads as server time does, so start and end are ms of server time."""
        common = {"device": self.device, "log": self.log, "seq": len(self.lines) + 1, "boot_id": "boot-1"}
        wall = fields.pop("wall", self.clock())
        clock = {"boot": wall, "offset": 0, "uncertainty": 5} | {
            name: fields.pop(name) for name in ("boot", "offset", "boot_id", "uncertainty") if name in fields
        }
        record = kind(**common | {"wall": wall} | clock, **fields)  # type: ignore[arg-type]
        self.lines.append(encode(record))
        return record

    def presence(self, session: str, learner: str, start: int, end: int) -> AnyRecord:
        return self.add(
            Presence, session=session, learner=learner, start=start, end=end, sightings=(end - start) // 1000,
            best_score=0.71, encoder="intel",
        )  # fmt: skip

    def coverage(self, session: str, start: int, end: int, ended_by: str = "cut") -> AnyRecord:
        return self.add(
            Coverage, session=session, start=start, end=end, ended_by=ended_by, detector="yunet", encoder="intel"
        )

    def status(
        self,
        session: str,
        present: dict[str, int],
        left: tuple[LivePresence, ...] = (),
        unobserved: dict[str, int] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Send a live status: present learners with the starts of their intervals; left: intervals that have ended;
        unobserved: learners of whom nothing is known, and since when, `unconfirmed` if vouched for."""
        now = self.clock()
        fields: dict[str, Any] = {
            "watching_from": START, "watching_to": now, "unknown": 0, "waiting": 0,
            "detector": "yunet", "encoder": "intel", "alarms": (),
        } | more  # fmt: skip
        there = tuple(LivePresence(learner=who, start=start, last=now) for who, start in present.items())
        blind = tuple(
            LiveUnobserved(
                learner=who,
                start=start,
                last=now,
                why="unconfirmed" if who in fields.get("vouched", ()) else "far_seat",
            )
            for who, start in (unobserved or {}).items()
        )
        told = LiveStatus(session=session, at=now, present=(*left, *there), unobserved=blind, **fields)
        return self.request("POST", "/api/agent/status", msgspec.json.encode(told))


def public_hex(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def join(server: Running, bridge_point: str = "TDM") -> Agent:
    """A new agent at a bridge point."""
    key = Ed25519PrivateKey.generate()
    asked = JoinRequest(token=server.token(bridge_point), public_key=public_hex(key))
    got = httpx.post(f"{server.address}/api/agent/join", content=msgspec.json.encode(asked), verify=TLS)
    assert got.status_code == 200, got.text
    joined = msgspec.json.decode(got.content, type=JoinAnswer)
    server_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(joined.server_key))
    return Agent(server.address, joined.device, joined.bridge_point, key, server.clock, server_key)


def write_course(path: Path, learners: int = 3, code: str = "K1") -> Path:
    """A course file: one session from 08:00 to 11:30 on 24/11/2026, a break, two bridge points."""
    people = "\n".join(
        f'[[learners]]\ncode = "HV{n:03d}"\nname = "Nguyễn Văn {"ABCDEĐGHIKLMNOPQRSTUVXY"[n % 23]}{n}"\n'
        f'unit = "Sở Nội vụ"\nbirth_year = {1970 + n % 30}\nbridge_point = "{"BC" if n % 3 == 2 else "TDM"}"\n'
        for n in range(learners)
    )
    path.write_text(
        f"""[course]
code = "{code}"
title = "Bồi dưỡng ngạch chuyên viên"
[[bridge_points]]
code = "TDM"
name = "Thủ Dầu Một"
[[bridge_points]]
code = "BC"
name = "Bến Cát"
[[sessions]]
code = "1"
title = "Buổi 1"
start = 2026-11-24T08:00:00
end = 2026-11-24T11:30:00
breaks = [[09:30:00, 09:45:00]]
{people}""",
        encoding="utf-8",
    )
    return path
