"""An office of 500 courses, 50,000 learners and 2 M intervals, written straight into the tables for the benchmark.

The records are the bytes that agents write, chained; only the device's signatures over them are left out, for no page
reads those. What is over is settled by the server's own code, as it does within the hour. Built once into a folder for
temporary files and copied from there.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, insert
from sqlmodel import SQLModel

import central_server.tables  # noqa: F401 - all tables
from central_server.database import Writer, open_database
from central_server.learners.names import plain
from central_server.participation.settling import Settling
from deploy.demo.province.names import name
from models.participation import Rule
from models.records import GENESIS, Coverage, Presence, chain, encode

VERSION = 2
"""Another number when another data set is built."""
COURSES, LEARNERS, INTERVALS = 500, 50_000, 2_000_000
EACH = LEARNERS // COURSES
POINTS = 200
"""Bridge points; four take part in each course."""
SESSIONS = 8
"""Of each course; half of them are over."""
MINUTE, DAY = 60_000, 86_400_000


def country(now: int, scale: float = 1.0, needed: str = "") -> Path:
    """A data folder with the office, as it stands on the day of `now`; the caller removes it.

    needed: the one course (id) that must be settled; without one all are, which is most of the time of building.
    """
    courses = max(2, round(COURSES * scale))
    day = now - now % DAY
    kept = Path(tempfile.gettempdir()) / f"diemdanh-bench-{VERSION}-{courses}-{day}.db"
    if needed and not kept.exists():
        kept = kept.with_name(f"{kept.stem}-{needed}.db")
    folder = Path(tempfile.mkdtemp(prefix="diemdanh-bench-"))
    if not kept.exists():
        engine = open_database(folder / "diemdanh.db")
        with engine.begin() as db:
            _build(db, day, courses)
        settle(engine, now, needed)
        engine.dispose()
        (folder / "diemdanh.db").rename(kept)
    shutil.copyfile(kept, folder / "diemdanh.db")
    return folder


def settle(engine: Engine, now: int, needed: str = "") -> None:
    """Let the server settle what is over, without its pauses; only of one course where one is named."""
    with Writer(engine) as writer:
        settling = Settling(engine, writer)
        if needed:
            while not settling.settle(needed, now):
                pass
            return
        course = settling.next("")
        while course is not None:
            while not settling.settle(course, now):
                pass
            course = settling.next(course)


def _add(db: Connection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        db.execute(insert(SQLModel.metadata.tables[table]), rows)


def _build(db: Connection, day: int, courses: int) -> None:
    rng = random.Random(5)
    rule = msgspec.json.encode(Rule()).decode()
    points = [{"id": f"p-{n}", "code": f"DC{n:03d}", "name": f"Xã số {n:03d}"} for n in range(POINTS)]
    _add(db, "bridge_point", points)
    _add(db, "device", [{"id": f"d-{n}", "bridge_point": f"p-{n}", "public_key": f"{n:064x}", "joined_at": 0}
                        for n in range(POINTS)])  # fmt: skip
    for n in range(courses):
        title = f"Bồi dưỡng ngạch chuyên viên, khóa {n}"
        _add(db, "course", [{"id": f"c-{n}", "code": f"K{n:03d}", "title": title, "published": True}])
        _add(db, "course_rule", [{"course": f"c-{n}", "version": 1, "rule": rule, "reason": "", "at": 0}])
        _plan(db, n, day)
        _people(db, rng, n)
    heads = {f"d-{n}": (0, GENESIS) for n in range(POINTS)}
    for n in range(courses):
        rows = list(_records(n, day, heads))
        _add(db, "record", rows)


def places(course: int) -> list[int]:
    """Numbers of the bridge points of a course."""
    return [(course * 4 + k) % POINTS for k in range(4)]


def start_of(course: int, session: int, day: int) -> int:
    """When a session begins. One in ten courses has one today."""
    week = (course // 50) - 5
    offset = (session - SESSIONS // 2) * 7 + week if course % 10 else (session - SESSIONS // 2) * 7
    return day + offset * DAY + (60 + 240 * (course % 2)) * MINUTE


def _plan(db: Connection, n: int, day: int) -> None:
    sessions = []
    for k in range(SESSIONS):
        start = start_of(n, k, day)
        times = {"start": start, "end": start + 210 * MINUTE}
        sessions.append({"id": f"K{n:03d}.{k + 1}", "course": f"c-{n}", "title": f"Buổi {k + 1}"} | times)
    _add(db, "session", sessions)
    _add(db, "session_bridge_point",
         [{"session": one["id"], "bridge_point": f"p-{p}"} for one in sessions for p in places(n)])  # fmt: skip


def _people(db: Connection, rng: random.Random, n: int) -> None:
    people, enrolled = [], []
    for k in range(EACH):
        called = name(rng)
        who = {"id": f"l-{n}-{k}", "code": f"HV{n:03d}{k:03d}", "name": called, "name_key": plain(called), "salt": b""}
        people.append(who | {"unit": f"UBND xã số {k % 37}", "birth_year": rng.randrange(1968, 2002), "position": ""})
        enrolled.append({"course": f"c-{n}", "learner": who["id"], "bridge_point": f"p-{places(n)[k % 4]}"})
    _add(db, "learner", people)
    _add(db, "enrolment", enrolled)


def _records(n: int, day: int, heads: dict[str, tuple[int, bytes]]) -> Iterator[dict[str, object]]:
    """Ten presence intervals of each learner in each of the four sessions that are over."""
    for k in range(SESSIONS // 2):
        start, session = start_of(n, k, day), f"K{n:03d}.{k + 1}"
        for at, point in enumerate(places(n)):
            device = f"d-{point}"
            seq, head = heads[device]
            for cut in range(10):
                since, until = start + cut * 21 * MINUTE, start + (cut + 1) * 21 * MINUTE
                for learner in (None, *(f"l-{n}-{i}" for i in range(at, EACH, 4))):
                    seq += 1
                    line, kind = _line(device, seq, session, learner, since, until)
                    head = chain(head, (line,))
                    yield {"device": device, "log": "log-1", "seq": seq, "session": session, "kind": kind,
                           "learner": learner, "start": since, "end": until, "line": line, "head": head}  # fmt: skip
            heads[device] = seq, head


def _line(device: str, seq: int, session: str, learner: str | None, since: int, until: int) -> tuple[bytes, str]:
    clock = {"wall": until, "boot_id": "b", "boot": until, "offset": 0, "uncertainty": 5}
    same = clock | {"device": device, "log": "log-1", "seq": seq, "session": session, "encoder": "intel"}
    if learner is None:
        return encode(Coverage(**same, start=since, end=until, ended_by="cut", detector="yunet")), "coverage"  # type: ignore[arg-type]
    late = (zlib.crc32(f"{learner} {since}".encode()) % 240) * 1000
    seen = Presence(**same, learner=learner, start=since + late, end=until, sightings=900, best_score=0.7)  # type: ignore[arg-type]
    return encode(seen), "presence"
