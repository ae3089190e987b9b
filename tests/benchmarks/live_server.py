"""A server with one session of ten thousand bridge points that report: `web` starts it as a process of its own.

The data set is written straight into the tables, with the bytes that agents send. The agents' statuses are put on the
live board by a thread of this process (what signed requests cost is `ledger`'s matter); its share is told apart.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, insert
from sqlmodel import SQLModel

import central_server.tables  # noqa: F401 - all tables
from central_server.database import open_database
from central_server.learners.names import plain
from central_server.participation.live import LiveBoard, LiveReport
from models.participation import Rule
from models.records import GENESIS, Coverage, Presence, chain, encode
from models.wire import LivePresence, LiveStatus
from tests.central_server.running import MINUTE, Clock, Running, running

POINTS = 10_000
LEARNERS = 10
"""At each bridge point."""
RECORDED_MIN = 30
EVERY_S = 5
"""Each bridge point tells its status so often."""
SESSION = "K.1"
DOWN = 50
"""Every so many-th bridge point has no camera."""


def build(folder: Path, start: int, points: int = POINTS) -> None:
    """The tables of one running session: its plan, and records of its first half hour."""
    engine = open_database(folder / "diemdanh.db")
    with engine.begin() as db:
        _plan(db, start, points)
        for first in range(0, points, 500):
            rows = [row for point in range(first, min(first + 500, points)) for row in _records(point, start)]
            _add(db, "record", rows)
    engine.dispose()


def _plan(db: Connection, start: int, points: int) -> None:
    rule = msgspec.json.encode(Rule()).decode()
    _add(db, "course", [{"id": "c", "code": "K", "title": "Lớp toàn quốc"}])
    _add(db, "course_rule", [{"course": "c", "version": 1, "rule": rule, "reason": "", "at": 0}])
    _add(
        db, "session", [{"id": SESSION, "course": "c", "title": "Buổi 1", "start": start, "end": start + 210 * MINUTE}]
    )
    numbers = range(points)
    _add(db, "bridge_point", [{"id": f"p-{n}", "code": f"DC{n:05d}", "name": f"Điểm cầu {n:05d}"} for n in numbers])
    devices = [{"id": f"d-{n}", "bridge_point": f"p-{n}", "public_key": f"{n:064x}", "joined_at": 0} for n in numbers]
    _add(db, "device", devices)
    _add(db, "session_bridge_point", [{"session": SESSION, "bridge_point": f"p-{n}"} for n in numbers])
    rng = random.Random(1)
    learners, enrolments = [], []
    for n in numbers:
        for k in range(LEARNERS):
            called = _name(rng)
            who = {"id": f"l-{n}-{k}", "code": f"HV{n:05d}{k}", "name": called, "name_key": plain(called)}
            learners.append(
                who
                | {
                    "salt": b"",
                    "position": "",
                    "unit": f"UBND xã {rng.randrange(3000)}",
                    "birth_year": rng.randrange(1966, 2003),
                }
            )
            enrolments.append({"course": "c", "learner": who["id"], "bridge_point": f"p-{n}"})
    _add(db, "learner", learners)
    _add(db, "enrolment", enrolments)


def _add(db: Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    db.execute(insert(SQLModel.metadata.tables[table]), rows)


WORDS = (
    ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng"],
    ["Văn", "Thị", "Hữu", "Minh", "Ngọc", "Thanh"],
    ["An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Hoa", "Khánh", "Linh", "Nam"],
)


def _name(rng: random.Random) -> str:
    return " ".join(rng.choice(some) for some in WORDS)


def _records(point: int, start: int) -> Iterator[dict[str, object]]:
    device, seq, head = f"d-{point}", 0, GENESIS
    for cut in range(0, RECORDED_MIN, 10):
        since, until = start + cut * MINUTE, start + (cut + 10) * MINUTE
        same: dict[str, Any] = {"device": device, "log": "log-1", "session": SESSION, "start": since, "end": until}
        clock = {"wall": until, "boot_id": "b", "boot": until, "offset": 0, "uncertainty": 5}
        for learner in (None, *(f"l-{point}-{k}" for k in range(LEARNERS))):
            seq += 1
            fields = same | clock | {"seq": seq, "encoder": "intel"}
            record = (
                Coverage(**fields, ended_by="cut", detector="yunet")
                if learner is None
                else Presence(**fields, learner=learner, sightings=600, best_score=0.71)
            )
            line = encode(record)
            head = chain(head, (line,))
            kind = "coverage" if learner is None else "presence"
            yield same | {"seq": seq, "kind": kind, "learner": learner, "line": line, "head": head}


class Reporting(threading.Thread):
    """Puts every bridge point's status on the board every EVERY_S; a few learners come and go."""

    def __init__(self, board: LiveBoard, start: int, points: int) -> None:
        super().__init__(daemon=True)
        self.board, self.since, self.points = board, start + RECORDED_MIN * MINUTE, points
        self.busy_s = 0.0
        self._rng = random.Random(2)

    def run(self) -> None:
        """Forever."""
        turn = 0
        while True:
            begin, cpu = time.monotonic(), time.thread_time()
            for point in range(turn % EVERY_S, self.points, EVERY_S):
                self.put(point)
            turn += 1
            self.busy_s += time.thread_time() - cpu
            time.sleep(max(0.0, 1 - (time.monotonic() - begin)))

    def put(self, point: int) -> None:
        """One status, as it is now."""
        now = time.time_ns() // 1_000_000
        watching = point % DOWN != 0
        away = self._rng.randrange(LEARNERS) if self._rng.random() < 0.02 else None
        there = tuple(
            LivePresence(learner=f"l-{point}-{k}", start=self.since, last=now) for k in range(LEARNERS) if k != away
        )
        seen: dict[str, Any] = {"watching_from": self.since, "watching_to": now, "present": there}
        blind: dict[str, Any] = {"watching_from": None, "watching_to": None, "present": ()}
        status = LiveStatus(
            session=SESSION, at=now, **(seen if watching else blind),
            unknown=0, waiting=0, detector="yunet", encoder="intel", alarms=(),
        )  # fmt: skip
        self.board.put(LiveReport(f"d-{point}", f"p-{point}", now, status))


class Now(Clock):
    """The clock of this PC."""

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000


def main() -> int:
    """Serve; tells its address, then answers `cpu` on standard input with the reporting thread's share so far."""
    folder, points = Path(sys.argv[1]), int(sys.argv[2])
    start = int(sys.argv[3])
    with running(folder, Now()) as server:
        reporting = Reporting(server.services.live, start, points)
        for point in range(points):
            reporting.put(point)
        reporting.start()
        _tell(address=server.address, cookies=dict(server.manager().cookies))
        for _ in sys.stdin:
            _tell(busy_s=reporting.busy_s, **_deltas(server))
    return 0


def _deltas(server: Running) -> dict[str, object]:
    """How long one refresh takes in this process beside all that goes on."""
    running_feeds = list(server.services.feeds._running.values())
    if not running_feeds:
        return {}
    feed = running_feeds[0][0]
    begin, cpu = time.perf_counter(), time.thread_time()
    feed.view.render({"head", *feed._shown})
    return {"delta_ms": (time.perf_counter() - begin) * 1000, "delta_cpu_ms": (time.thread_time() - cpu) * 1000,
            "unread": len(feed.view._watch._unread)}  # fmt: skip


def _tell(**told: object) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
