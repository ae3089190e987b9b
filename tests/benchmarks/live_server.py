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
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import Connection, text

from central_server.database import open_database
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
            db.execute(_RECORD, rows)
    engine.dispose()


def _plan(db: Connection, start: int, points: int) -> None:
    rule = msgspec.json.encode(Rule()).decode()
    db.execute(
        text("INSERT INTO course (id, code, title, rule) VALUES ('c', 'K', 'Lớp toàn quốc', :rule)"), {"rule": rule}
    )
    db.execute(text('INSERT INTO session (id, course, title, start, "end") VALUES (:id, \'c\', \'Buổi 1\', :start, :end)'),
               {"id": SESSION, "start": start, "end": start + 210 * MINUTE})  # fmt: skip
    numbers = range(points)
    db.execute(text("INSERT INTO bridge_point (id, code, name) VALUES (:id, :code, :name)"),
               [{"id": f"p-{n}", "code": f"DC{n:05d}", "name": f"Điểm cầu {n:05d}"} for n in numbers])  # fmt: skip
    db.execute(text("INSERT INTO device (id, bridge_point, public_key, joined_at) VALUES (:id, :point, :key, 0)"),
               [{"id": f"d-{n}", "point": f"p-{n}", "key": f"{n:064x}"} for n in numbers])  # fmt: skip
    db.execute(text("INSERT INTO session_bridge_point (session, bridge_point) VALUES (:session, :point)"),
               [{"session": SESSION, "point": f"p-{n}"} for n in numbers])  # fmt: skip
    rng = random.Random(1)
    people = [(f"l-{n}-{k}", f"HV{n:05d}{k}", f"p-{n}") for n in numbers for k in range(LEARNERS)]
    db.execute(text("INSERT INTO learner (id, code, name, unit, birth_year) VALUES (:id, :code, :name, :unit, :born)"),
               [{"id": id_, "code": code, "name": _name(rng), "unit": f"UBND xã {rng.randrange(3000)}",
                 "born": rng.randrange(1966, 2003)} for id_, code, _ in people])  # fmt: skip
    db.execute(text("INSERT INTO enrolment (course, learner, bridge_point) VALUES ('c', :learner, :point)"),
               [{"learner": id_, "point": point} for id_, _, point in people])  # fmt: skip


def _name(rng: random.Random) -> str:
    return " ".join(rng.choice(words.split()) for words in (
        "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng", "Văn Thị Hữu Minh Ngọc Thanh", "An Bình Châu Dũng Giang Hà Hoa Khánh Linh Nam"
    ))  # fmt: skip


_RECORD = text(
    'INSERT INTO record (device, log, seq, session, kind, learner, start, "end", line, head)'
    " VALUES (:device, 'log-1', :seq, :session, :kind, :learner, :start, :end, :line, :head)"
)


def _records(point: int, start: int) -> Iterator[dict[str, object]]:
    seq, head = 0, GENESIS
    for cut in range(0, RECORDED_MIN, 10):
        since, until = start + cut * MINUTE, start + (cut + 10) * MINUTE
        common = {"device": f"d-{point}", "log": "log-1", "session": SESSION, "wall": until, "boot_id": "b", "boot": until,
                  "offset": 0, "uncertainty": 5}  # fmt: skip
        for learner in [None, *(f"l-{point}-{k}" for k in range(LEARNERS))]:
            seq += 1
            record: Coverage | Presence
            if learner is None:
                record = Coverage(
                    **common, seq=seq, start=since, end=until, ended_by="cut", detector="yunet", encoder="intel"
                )  # type: ignore[arg-type]
            else:
                record = Presence(**common, seq=seq, learner=learner, start=since, end=until, sightings=600,
                                  best_score=0.71, encoder="intel")  # type: ignore[arg-type]  # fmt: skip
            line = encode(record)
            head = chain(head, (line,))
            yield {"device": f"d-{point}", "seq": seq, "session": SESSION, "kind": "coverage" if learner is None else "presence",
                   "learner": learner, "start": since, "end": until, "line": line, "head": head}  # fmt: skip


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
        status = LiveStatus(
            session=SESSION, at=now, watching_from=self.since if watching else None, watching_to=now if watching else None,
            present=there if watching else (), unknown=0, waiting=0, detector="yunet", encoder="intel", alarms=(),
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
