from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge_agent import log_file
from bridge_agent.entries import Eyes, OpenSession, after_crash, check_in, interval_record, seal
from bridge_agent.errors import DataFolderError, DiskFullError
from bridge_agent.log import DAY_MS, Log
from bridge_agent.server_clock import ClockSample
from models.presence import CoverageInterval, OpenInterval, OpenState, PresenceInterval
from models.receipts import Receipt
from models.records import AnyRecord, Coverage, Presence, Seal, chain, decode, read_lines
from tests.receipts import receipt_of

CLOCK = ClockSample(wall=1_790_000_000_000, boot_id="b", boot=50_000, offset=3, uncertainty=5)
EYES = Eyes("d", "e")


def presence(learner: str = "p1", start: int = 0, end: int = 10) -> AnyRecord:
    return interval_record(PresenceInterval(learner, start, end, 3, 0.7), "s1", CLOCK, EYES)


def open_session(session: str = "s1", to: int = 9_000) -> OpenSession:
    state = OpenState(
        1_000, to, {"p1": OpenInterval(2_000, to - 500, 4, 0.6), "p2": OpenInterval(3_000, 4_000, 2, 0.5)}
    )
    return OpenSession(session, state, CLOCK, EYES)


Begin = Callable[[Path], Log]


@pytest.fixture
def begin() -> Iterator[Begin]:
    logs: list[Log] = []

    def open_log(folder: Path) -> Log:
        logs.append(Log.open(folder / "log.db", "d1", 1))
        return logs[-1]

    yield open_log
    for log in logs:
        log.close()


def power_off(log_folder: Path, to: Path) -> Path:
    """What a killed agent leaves behind: a copy of the files as they are while the log is still open."""
    to.mkdir()
    for file in log_folder.glob("log.db*"):
        shutil.copy(file, to / file.name)
    return to


def verify(log: Log) -> None:
    lines = log.lines(1, log.last_seq)
    assert len(lines) == log.last_seq
    if lines:
        read_lines(log.checkpoint(log.last_seq), lines)
    assert chain(bytes(32), lines).hex() == log.head_at(log.last_seq)


def receipt(log: Log, seq: int, at: int = 7) -> Receipt:
    return receipt_of("d1", log.id, seq, log.head_at(seq) or "0" * 64, at)


def sealed(session: str, count: int) -> list[AnyRecord]:
    records = [msgspec.structs.replace(presence(), session=session)] * (count - 1)
    return [*records, seal(session, records, CLOCK)]


def test_a_record_gets_its_place_and_stays(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    assert log.append([presence(), presence(learner="p2")]) == 2
    assert log.append([check_in("s1", "p1", 5, 0.71234, CLOCK, EYES)]) == 3
    verify(log)
    again = begin(power_off(tmp_path, tmp_path / "copy"))
    assert (again.id, again.last_seq, again.waiting, again.damage) == (log.id, 3, 3, None)
    verify(again)
    assert [record.seq for record in again.of_session("s1")] == [1, 2, 3]
    assert again.of_session("other") == []


def test_a_commit_is_on_the_disk_before_it_is_called_done(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    modes = [
        log._db.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "locking_mode")
    ]
    assert modes == ["wal", 2, "exclusive"]
    other = sqlite3.connect(tmp_path / "log.db", timeout=0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("select * from records")
    other.close()


def test_triggers_refuse_what_must_never_happen(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append([presence(), presence()])
    log.acknowledge(receipt(log, 2))
    log.close()
    db = sqlite3.connect(tmp_path / "log.db")
    for statement in (
        "update records set line = 'x' where seq = 1",
        "delete from records where seq = 2",
        "insert into records values (4, 's', 'presence', x'00', x'00')",
        "insert into records values (2, 's', 'presence', x'00', x'00')",
        "update log set id = 'other'",
        "delete from log",
        "insert into log values ('second', 'd', 1)",
        "update acknowledged set seq = 1",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement)
    db.close()


def test_open_intervals_are_closed_once_after_a_crash_even_with_crashes_in_between(
    tmp_path: Path, begin: Begin
) -> None:
    log = begin(tmp_path)
    log.append([presence()], open_session())
    crashed = power_off(tmp_path, tmp_path / "1")

    # Killed before the recovery's commit: nothing happened yet, for the next start does all of it.
    dying = begin(crashed)
    with pytest.raises(KeyboardInterrupt):
        dying.recover(lambda saved: (_ for _ in ()).throw(KeyboardInterrupt()))
    second = begin(power_off(crashed, tmp_path / "2"))
    assert second.recover(after_crash) == 3

    # Killed right after the commit: nothing is left to do.
    third = begin(power_off(tmp_path / "2", tmp_path / "3"))
    assert third.recover(after_crash) == 0
    verify(third)
    closed = third.of_session("s1")[1:]
    assert [(type(r).__name__, r.start, r.end) for r in closed if isinstance(r, Presence | Coverage)] == [
        ("Presence", 2_000, 8_500),
        ("Presence", 3_000, 4_000),
        ("Coverage", 1_000, 9_000),
    ]
    assert all(r.ended_by == "crashed" for r in closed if isinstance(r, Coverage))


def test_an_interval_that_closes_is_no_longer_saved_as_open(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append([], open_session())
    log.append([presence()], OpenSession("s1", OpenState(), CLOCK, EYES))
    assert begin(power_off(tmp_path, tmp_path / "1")).recover(after_crash) == 0


def test_a_seal_counts_and_adds_up(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    coverage = interval_record(CoverageInterval(0, 700, "stopped"), "s1", CLOCK, EYES)
    other = msgspec.structs.replace(presence(), session="s2")
    log.append([check_in("s1", "p1", 5, 0.7, CLOCK, EYES), presence(start=5, end=300), coverage, other])
    assert sorted(log.unsealed()) == ["s1", "s2"]
    log.append([seal("s1", log.of_session("s1"), CLOCK)])
    assert log.unsealed() == ["s2"]
    last = log.of_session("s1")[-1]
    assert isinstance(last, Seal)
    assert (last.check_ins, last.presences, last.coverages, last.present_ms, last.covered_ms) == (1, 1, 1, 295, 700)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if os.name == "nt" or os.geteuid() != 0:
        pytest.skip("a small disk needs root")
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_recording_goes_on_when_there_is_room(small_disk: Path, begin: Begin) -> None:
    log = begin(small_disk)
    log.append([presence()] * 20, open_session())
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    written = log.last_seq
    with pytest.raises(DiskFullError, match="Đĩa đầy"):
        while True:  # SQLite may have a little room left in files that it made before
            written = log.append([presence()] * 10)
    assert log.last_seq == written
    verify(log)
    with pytest.raises(DiskFullError):
        log.append([presence()] * 100)
    ballast.unlink()
    assert log.append([presence()] * 100) == written + 100
    verify(log)
    log.close()
    again = begin(small_disk)
    assert again.last_seq == written + 100
    again.close()


def test_a_log_over_its_size_is_a_full_disk_too(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append([presence()])
    log._db.execute("pragma max_page_count = 20")
    with pytest.raises(DiskFullError):
        log.append([presence()] * 2000)
    assert log.last_seq == 1
    log._db.execute("pragma max_page_count = 20000")
    assert log.append([presence()] * 2000) == 2001
    verify(log)


@pytest.mark.parametrize("damage", ["zeros", "text", "truncated", "other_record", "other_device", "no_utf8"])
def test_a_damaged_file_is_set_aside_whole_and_a_new_log_begins(tmp_path: Path, begin: Begin, damage: str) -> None:
    log = begin(tmp_path)
    log.append([presence()] * 300)
    log.close()
    path = tmp_path / "log.db"
    data = bytearray(path.read_bytes())
    if damage == "zeros":
        data[8192 : 8192 + 8192] = bytes(8192)
    elif damage == "text":
        data = bytearray(b"this is no database, though it is long enough to look like something" * 20)
    elif damage == "truncated":
        data = data[: len(data) // 2]
    elif damage == "other_record":
        at = data.index(b'"p1"')
        data[at : at + 4] = b'"p9"'
    elif damage == "no_utf8":
        at = data.index(b"presence{")  # the column before the line
        data[at : at + 4] = b"Yh\xff3"
    path.write_bytes(data)
    device = "d2" if damage == "other_device" else "d1"
    new = Log.open(path, device, 123)
    assert new.damage is not None
    assert new.damage.kept_at.read_bytes() == data
    assert new.id != log.id
    assert new.append([presence()]) == 1
    new.close()
    same = Log.open(path, device, 124)
    assert (same.damage, same.id) == (None, new.id)


def test_what_is_set_aside_is_never_overwritten_and_keeps_its_companions(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    kept = []
    for text in ("first", "second"):
        path.write_text(text)
        kept.append(log_file.set_aside(path, 5))
    assert [file.read_text() for file in kept] == ["first", "second"]
    path.with_name("log.db-wal").write_text("left behind by a crash in the middle")
    assert log_file.set_aside(path, 9) == kept[1]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        [kept[0].name, kept[1].name, kept[1].name + "-wal"]
    )


def test_thirty_days_after_their_receipt_records_go_and_the_rest_stays_provable(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    for day in range(40):
        log.append(sealed(f"s{day}", 10))
        log.acknowledge(receipt(log, log.last_seq - 5, day * DAY_MS))
        log.acknowledge(receipt(log, log.last_seq, day * DAY_MS + 1))
    head = log.head_at(400)
    assert log.prune(receipt(log, 400, 39 * DAY_MS)) == 95  # day 9's first receipt is 30 days old
    assert (log.first_seq, log.last_seq, log.acknowledged_seq, log.head_at(400)) == (96, 400, 400, head)
    assert log.head_at(94) is None
    assert log.confirms(receipt(log, 95))
    assert chain(bytes.fromhex(log.head_at(95) or ""), log.lines(96, 400)).hex() == head
    assert len(log.receipts()) == 40 * 2 - 10  # of an old day the last one stays
    assert log.prune(receipt(log, 400, 39 * DAY_MS)) == 0
    again = begin(power_off(tmp_path, tmp_path / "copy"))
    assert (again.damage, again.first_seq, again.last_seq, again.id) == (None, 96, 400, log.id)
    for day in (100, 101):
        while again.prune(receipt(again, 400, day * DAY_MS)):
            pass
    assert (again.first_seq, again.last_seq, again.lines(1, 400)) == (401, 400, [])
    assert again.append([presence()]) == 401
    third = begin(power_off(tmp_path / "copy", tmp_path / "third"))
    assert (third.damage, third.first_seq, third.last_seq) == (None, 401, 401)


def test_a_session_without_a_seal_is_kept_whole(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append([*sealed("s1", 10), *[presence()] * 3, *sealed("s3", 4)])
    log.append([seal("s1", log.of_session("s1"), CLOCK), msgspec.structs.replace(presence(), session="s2")])
    log.acknowledge(receipt(log, log.last_seq))
    assert log.prune(receipt(log, log.last_seq, 31 * DAY_MS)) == log.last_seq - 1
    assert len(log.of_session("s2")) == 1


def test_what_a_restored_server_got_anew_stays_another_thirty_days(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append(sealed("s1", 3_000))
    log.acknowledge(receipt(log, 3_000, 0))
    log.acknowledge(receipt(log, 2_500, 20 * DAY_MS))  # from 2001 on it had lost them
    log.acknowledge(receipt(log, 3_000, 20 * DAY_MS))
    while log.prune(receipt(log, 3_000, 31 * DAY_MS)):
        pass
    assert log.first_seq == 2_001
    while log.prune(receipt(log, 3_000, 50 * DAY_MS)):
        pass
    assert log.first_seq == 3_001


def test_only_what_the_server_holds_can_be_let_go(tmp_path: Path, begin: Begin) -> None:
    log = begin(tmp_path)
    log.append(sealed("s1", 10))
    log.acknowledge(receipt(log, 5, 0))
    assert log.prune(receipt(log, 3, 31 * DAY_MS)) == 3
    log.close()
    db = sqlite3.connect(tmp_path / "log.db")
    head = db.execute("select head from records where seq = 8").fetchone()[0]
    for statement in (
        "delete from records where seq = 4",
        "update pruned set seq = 8, head = ?",
        "update pruned set seq = 4, head = ?",
        "update pruned set seq = 2, head = ?",
        "delete from pruned",
        "update receipts set seq = 9",
        "delete from receipts",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement, (head,) if "?" in statement else ())
    db.close()


def test_a_log_of_the_version_before_is_brought_up_to_date(tmp_path: Path, begin: Begin) -> None:
    db = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.executescript(log_file._STEPS[0])
    db.executescript("insert into log values ('L1', 'd1', 1); pragma user_version = 1;")
    (tmp_path / "new").mkdir()
    made = begin(tmp_path / "new")
    made.id = "L1"
    made.append(sealed("s1", 4))
    for seq, line in enumerate(made.lines(1, 4), 1):
        row = (seq, "s1", decode(line).__struct_config__.tag, line, bytes.fromhex(made.head_at(seq) or ""))
        db.execute("insert into records values (?, ?, ?, ?, ?)", row)
    db.execute("insert into acknowledged values (1, 3, ?)", (msgspec.json.encode(receipt(made, 3, 50)),))
    db.close()
    log = begin(tmp_path)
    assert (log.damage, log.id, log.last_seq, log.acknowledged_seq, len(log.receipts())) == (None, "L1", 4, 3, 1)
    assert log.prune(receipt(log, 4, 50 + 30 * DAY_MS)) == 3
    log.append([presence()])


def test_a_newer_log_is_left_alone(tmp_path: Path, begin: Begin) -> None:
    begin(tmp_path).close()
    db = sqlite3.connect(tmp_path / "log.db")
    db.execute("pragma user_version = 99")
    db.close()
    with pytest.raises(DataFolderError, match="mới hơn"):
        begin(tmp_path)


step = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 6), st.booleans()),
    st.tuples(st.just("acknowledge"), st.floats(0, 1)),
    st.tuples(st.just("crash"), st.integers(0, 2)),
)


@given(steps=st.lists(step, max_size=25))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_verifies_and_keeps_what_it_promised(
    steps: list[tuple[str, int, bool]] | list[tuple[str, float]], tmp_path_factory: pytest.TempPathFactory, begin: Begin
) -> None:
    root = tmp_path_factory.mktemp("log")
    folder = root / "0"
    folder.mkdir()
    log, promised, acknowledged, saved = begin(folder), list[bytes](), 0, 0
    for number, (name, *rest) in enumerate(steps, 1):
        if name == "append":
            count, save = int(rest[0]), bool(rest[1])
            log.append([presence(end=number)] * count, open_session(to=9_000 + number) if save else None)
            promised += log.lines(len(promised) + 1, log.last_seq)
            saved = 3 if save else saved
        elif name == "acknowledge":
            seq = round(float(rest[0]) * log.last_seq)
            log.acknowledge(receipt(log, seq))
            acknowledged = max(acknowledged, seq)
        else:
            for half in range(int(rest[0]) + 1):
                copy = power_off(folder, root / f"{number}-{half}")
                log.close()
                log, folder = begin(copy), copy
            assert log.lines(1, log.last_seq) == promised
            assert log.recover(after_crash) == saved
            promised, saved = log.lines(1, log.last_seq), 0
        assert (log.last_seq, log.acknowledged_seq) == (len(promised), acknowledged)
        verify(log)
    log.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no open file")
def test_a_log_whose_file_was_deleted_or_replaced_knows_it(tmp_path: Path) -> None:
    path, away = tmp_path / "log.db", tmp_path / "away.db"
    log = Log.open(path, "d1", 1)
    before = log.in_place
    path.rename(away)
    gone = log.in_place
    shutil.copy(away, path)
    replaced = log.in_place
    log.close()
    assert (before, gone, replaced) == (True, False, False)
