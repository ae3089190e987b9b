"""Whatever comes late, in whatever order, what is settled is what the proof computes from the raw records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text
from sqlmodel import Session

from central_server.database import Writer, open_database
from central_server.ledger.ingest import found_by, kind_of
from central_server.participation.queries import AROUND
from central_server.participation.settling import Settling
from central_server.proof.evidence import Totals
from central_server.proof.stored import StoredEvidence
from central_server.proof.totals import total_of, totals_of
from models.records import AnyRecord, CheckIn, Coverage, Presence, Unobserved, Vouched, decode, encode

SECOND = 1000
START = 1_000_000 * SECOND
DEVICES, LOGS, SESSIONS, LEARNERS, POINTS = ("d1", "d2", "d3"), ("x", "y"), ("s1", "s2"), ("a", "b", "g"), ("p1", "p2")

moments = st.integers(-20, 120)
records = st.tuples(
    st.just("record"), st.sampled_from(DEVICES), st.sampled_from("xxxy"), st.sampled_from(SESSIONS),
    st.sampled_from(["presence", "presence", "coverage", "check_in", "vouched", "unobserved"]),
    st.sampled_from(LEARNERS), moments,
    st.integers(0, 60), st.sampled_from([0, 0, 0, 7 * SECOND, None]), st.sampled_from(["boot-1", "boot-1", "boot-2"]),
)  # fmt: skip
plans = st.one_of(
    st.tuples(st.just("rule"), st.sampled_from([
        '{"version":2,"gap_tolerance_s":0}', '{"version":2,"gap_tolerance_s":20,"not_observed":"present_if_around"}',
        '{"version":2,"before_check_in_counts":false,"share_needed":0.5}',
    ])),
    st.tuples(st.just("move"), st.sampled_from(SESSIONS), moments, st.integers(30, 120)),
    st.tuples(st.just("break"), st.sampled_from(SESSIONS), moments, st.integers(1, 20)),
    st.tuples(st.just("place"), st.sampled_from(SESSIONS), st.sampled_from(POINTS), st.booleans()),
    st.tuples(st.just("transfer"), st.sampled_from("ab"), moments, st.sampled_from(POINTS)),
    st.tuples(st.just("guest"), st.sampled_from(SESSIONS), st.sampled_from(LEARNERS), st.sampled_from(POINTS)),
    st.tuples(st.just("enrol"), st.sampled_from(LEARNERS), st.sampled_from(POINTS)),
    st.tuples(st.just("device"), st.sampled_from(DEVICES), st.sampled_from(POINTS)),
)  # fmt: skip
said = st.one_of(
    st.tuples(st.just("correct"), st.sampled_from(SESSIONS), st.sampled_from(LEARNERS), moments, st.integers(1, 60),
              st.sampled_from(["added", "added", "taken"]), st.booleans()),
    st.tuples(st.sampled_from(["undo", "confirm", "refuse"])),
)  # fmt: skip
acts = st.one_of(records, plans, said)


HELD = [
    ("record", device, "x", session, kind, who, at + 100 * n, length, 0, "boot-1")
    for n, session in enumerate(SESSIONS)
    for device, kind, who, at, length in (
        ("d1", "coverage", "", 0, 80), ("d1", "presence", "a", 0, 25), ("d1", "presence", "a", 40, 30),
        ("d1", "check_in", "b", 20, 0), ("d1", "presence", "b", 10, 60), ("d3", "coverage", "", 0, 60),
        ("d1", "vouched", "a", 28, 8), ("d1", "unobserved", "a", 60, 30), ("d1", "unobserved", "b", 65, 10),
        ("d3", "presence", "b", 20, 30),
    )
]  # fmt: skip
"""The acts by which both sessions were held, before whatever comes late."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Writer, Settling]]:
    engine = open_database(tmp_path_factory.mktemp("office") / "diemdanh.db")
    with Writer(engine) as writer:
        yield engine, writer, Settling(engine, writer)
    engine.dispose()


def begin(db: Connection) -> None:
    """A course of two sessions, two bridge points, three devices; g is nobody's learner yet."""
    for table in ("correction_answer", "correction_part", "correction", "settled_point", "record", "device", "guest",
                  "transfer", "enrolment", "session_break", "session_bridge_point", "session", "course_rule", "course",
                  "learner", "bridge_point"):  # fmt: skip
        db.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own words
    for point in POINTS:
        db.exec_driver_sql("INSERT INTO bridge_point (id, code, name) VALUES (?, ?, ?)", (point, point, point))
    for device in DEVICES:
        db.exec_driver_sql(
            "INSERT INTO device (id, bridge_point, public_key, joined_at) VALUES (?, ?, ?, 0)",
            (device, "p2" if device == "d3" else "p1", device),
        )
    db.exec_driver_sql("INSERT INTO course (id, code, title) VALUES ('c', 'C', 'C')")
    db.exec_driver_sql("INSERT INTO course_rule (course, version, rule, reason, at) VALUES ('c', 1, '{}', '', 0)")
    for n, session in enumerate(SESSIONS):
        start = START + n * 100 * SECOND
        db.exec_driver_sql(
            "INSERT INTO session (id, course, title, start, \"end\") VALUES (?, 'c', '', ?, ?)",
            (session, start, start + 100 * SECOND),
        )
        for point in POINTS:
            db.exec_driver_sql("INSERT INTO session_bridge_point VALUES (?, ?)", (session, point))
    for who in LEARNERS:
        db.exec_driver_sql("INSERT INTO learner (id, code, name, unit) VALUES (?, ?, ?, '')", (who, who, who))
    for who in "ab":
        db.exec_driver_sql("INSERT INTO enrolment VALUES ('c', ?, 'p1')", (who,))


def do(db: Connection, act: tuple[object, ...], number: int) -> None:
    """One thing that somebody does, or a record that comes. Moments are seconds from the first session's start."""
    match act:
        case ("record", str(device), str(log), str(session), str(kind), str(who), int(at), int(length), offset, boot):
            add_record(db, device, log, session, kind, who, START + at * SECOND, length * SECOND, offset, str(boot))
        case ("rule", str(rule)):
            version = rule.replace('"version":2', f'"version":{number}')
            db.exec_driver_sql("INSERT INTO course_rule (course, version, rule, reason, at) VALUES ('c', ?, ?, '', 0)",
                               (number, version))  # fmt: skip
        case ("move", session, int(at), int(length)):
            start = START + at * SECOND
            db.exec_driver_sql('UPDATE session SET start = ?, "end" = ? WHERE id = ?',
                               (start, start + length * SECOND, session))  # fmt: skip
        case ("break", session, int(at), int(length)):
            start = START + at * SECOND
            db.exec_driver_sql("INSERT OR REPLACE INTO session_break VALUES (?, ?, ?)",
                               (session, start, start + length * SECOND))  # fmt: skip
        case ("place", session, point, True):
            db.exec_driver_sql("INSERT OR IGNORE INTO session_bridge_point VALUES (?, ?)", (session, point))
        case ("place", session, point, False):
            db.exec_driver_sql("DELETE FROM session_bridge_point WHERE session = ? AND bridge_point = ?",
                               (session, point))  # fmt: skip
        case ("transfer", who, int(at), point):
            db.execute(text("INSERT OR REPLACE INTO transfer (course, learner, since, bridge_point)"
                            " VALUES ('c', :who, :since, :point)"),
                       {"who": who, "since": START + at * SECOND, "point": point})  # fmt: skip
        case ("guest", session, who, point):
            db.exec_driver_sql("INSERT OR REPLACE INTO guest (session, learner, bridge_point) VALUES (?, ?, ?)",
                               (session, who, point))  # fmt: skip
        case ("enrol", who, point):
            db.exec_driver_sql("INSERT OR REPLACE INTO enrolment VALUES ('c', ?, ?)", (who, point))
        case ("device", device, point):
            db.exec_driver_sql("UPDATE device SET bridge_point = ? WHERE id = ?", (point, device))
        case ("correct", session, who, int(at), int(length), change, bool(second)):
            new = {
                "id": f"d{number:03d}",
                "session": session,
                "change": change,
                "second": second,
                "of": None,
                "at": number,
            }
            db.execute(_CORRECT, new)
            start = START + at * SECOND
            db.exec_driver_sql("INSERT INTO correction_part VALUES (?, ?, ?, ?)",
                               (new["id"], who, start, start + length * SECOND))  # fmt: skip
        case ("undo",):
            for one in db.execute(_LAST).all():
                undone = {"change": "undone", "second": False, "of": one.id, "at": number}
                db.execute(_CORRECT, {"id": f"d{number:03d}", "session": one.session} | undone)
        case ("confirm" | "refuse",):
            for one in db.execute(_WAITING).all():
                db.exec_driver_sql("INSERT INTO correction_answer VALUES (?, ?, '', 'a-2', ?)",
                                   (one.id, act[0] == "confirm", number))  # fmt: skip
        case _:
            raise AssertionError(act)


_CORRECT = text(
    "INSERT INTO correction (id, session, change, way, why, words, second_needed, of, by, at)"
    " VALUES (:id, :session, :change, 'single', 'other', '', :second, :of, 'a-1', :at)"
)
_LAST = text(
    "SELECT id, session FROM correction AS c WHERE of IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM correction AS u WHERE u.of = c.id) ORDER BY at DESC LIMIT 1"
)
_WAITING = text(
    "SELECT id FROM correction AS c WHERE second_needed AND NOT EXISTS"
    " (SELECT 1 FROM correction_answer AS a WHERE a.correction = c.id) ORDER BY at LIMIT 1"
)


def add_record(
    db: Connection, device: str, log: str, session: str, kind: str, who: str, at: int, length: int, offset: object,
    boot_id: str,
) -> None:  # fmt: skip
    seq = db.exec_driver_sql("SELECT count(*) + 1 FROM record WHERE device = ? AND log = ?", (device, log)).scalar_one()
    known = None if offset is None else int(str(offset))
    same = {"device": device, "log": log, "seq": seq, "session": session, "wall": at + length, "boot_id": boot_id,
            "boot": at + length, "offset": known, "uncertainty": None if known is None else 5}  # fmt: skip
    record: AnyRecord
    if kind == "presence":
        record = Presence(**same, learner=who, start=at, end=at + length, sightings=1, best_score=0.5, encoder="intel")
    elif kind == "coverage":
        record = Coverage(**same, start=at, end=at + length, ended_by="cut", detector="yunet", encoder="intel")
    elif kind == "vouched":
        record = Vouched(**same, learner=who, start=at, end=at + length, method="pin", witness="a-1")
    elif kind == "unobserved":
        record = Unobserved(**same, learner=who, start=at, end=at + length, why="far_seat")
    else:
        record = CheckIn(**same, learner=who, at=at, method="card", score=None, encoder="")
    row = (device, log, seq, session, kind_of(record), *found_by(record), encode(record), b"")
    db.exec_driver_sql("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def from_raw_records(engine: Engine) -> Totals:
    """As the proof has it, by models.participation."""
    with engine.connect() as db:
        evidence = StoredEvidence(db)
        plan, raw, placed = evidence.plan(), dict[str, list[tuple[str, AnyRecord]]](), {}
        for log in evidence.logs():
            for row in log.rows:
                record = decode(row.line)
                raw.setdefault(record.session, []).append((log.device, record))
                placed[log.device, log.log, row.seq] = record

    def around(one: AnyRecord) -> Iterator[AnyRecord]:
        places = ((one.device, one.log, seq) for seq in range(one.seq - AROUND, one.seq + AROUND + 1))
        return (placed[place] for place in places if place in placed)

    return totals_of(plan, raw, around)


def shown(engine: Engine, settling: Settling) -> Totals:
    """As a course's page has it."""
    with Session(engine) as db:
        parts = settling.figures(db, "c", frozenset(SESSIONS)).parts
    return {(session, who): total_of(part.totals) for session, some in parts.items() for who, part in some.items()}


@given(st.lists(acts, min_size=4, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_settled_is_what_the_records_give(
    office: tuple[Engine, Writer, Settling], some: list[tuple[object, ...]]
) -> None:
    engine, writer, settling = office
    writer.submit(begin).result()
    for number, act in enumerate([*HELD, *some], 2):
        writer.submit(partial(do, act=act, number=number)).result()
        if number > len(HELD):
            wanted = from_raw_records(engine)
            assert shown(engine, settling) == wanted
            writer.submit(lambda _: None).result()  # what the page gave to the writer is kept
            with engine.connect() as db:
                assert StoredEvidence(db).settled().items() <= wanted.items()
