"""The drill: a copy is made under load, the server is lost, yesterday's copy is put back, the agents fill the gap."""

from __future__ import annotations

import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from central_server.backup.copying import Contents, back_up, checked
from central_server.backup.restoring import restore
from central_server.commands import database
from central_server.config import Config
from central_server.errors import BackupError, DataFolderError, EvidenceError, OutputError
from models.own_records import GapClosed, Restored
from models.receipts import Receipt
from models.wire import Refusal
from tests.central_server.own_log.test_writing import own_log
from tests.central_server.running import START, Agent, Clock, Running, join, running, write_course
from tests.central_server.test_cli import central_server


def add(agent: Agent, count: int, size: int = 10) -> list[Receipt]:
    receipts = []
    for _ in range(count):
        first = len(agent.lines) + 1
        for n in range(first, first + size):
            agent.presence("K1.1", "l-1", START + n, START + n + 1)
        answer = agent.send(agent.batch(first, first + size - 1))
        assert isinstance(answer, Receipt)
        receipts.append(answer)
    return receipts


def test_a_server_restored_from_an_older_copy_gets_all_back(tmp_path: Path) -> None:
    clock, data, copy = Clock(), tmp_path / "data", tmp_path / "copy.db"
    with running(data, clock) as server:
        server.load(write_course(tmp_path / "course.toml"))
        agents = [join(server, "TDM"), join(server, "BC")]
        receipts = [receipt for agent in agents for receipt in add(agent, 3)]
        held = copy_under_load(server, agents[0], copy, receipts)
        assert held.records >= 60
        receipts += [receipt for agent in agents for receipt in add(agent, 3)]
        lines = {agent.device: list(agent.lines) for agent in agents}
        acts = len(own_log(server))
        with pytest.raises(DataFolderError):
            restore(data / "diemdanh.db", copy, clock(), replace=True)
    with pytest.raises(BackupError, match="--replace"):
        restore(data / "diemdanh.db", copy, clock(), replace=False)
    clock.ms += 60_000
    done = restore(data / "diemdanh.db", copy, clock(), replace=True)
    assert done.set_aside is not None and done.set_aside.exists()
    clock.ms += 60_000
    with running(data, clock) as server:
        for agent in agents:
            agent.address = server.address
            agent.presence("K1.1", "l-1", START, START + 1)
            last = len(agent.lines)
            refused = agent.send(agent.batch(last, last))
            assert isinstance(refused, Refusal) and refused.reason == "gap" and refused.wanted_seq is not None
            answer = agent.send(agent.batch(refused.wanted_seq, last))
            assert isinstance(answer, Receipt)
            assert answer.head == agent.batch(1, last).signed.checkpoint.head
            receipts.append(answer)
        told = own_log(server)
        assert acts == len(told) - 3
        assert [type(one) for one in told[-3:]] == [Restored, GapClosed, GapClosed]
    with closing(sqlite3.connect(data / "diemdanh.db")) as db:
        for device, before in lines.items():
            query = "SELECT line FROM record WHERE device = ? ORDER BY seq"
            assert [line for (line,) in db.execute(query, (device,))][:-1] == before
    (tmp_path / "r.ndjson").write_bytes(b"\n".join(map(msgspec.json.encode, receipts)))
    proved = central_server("verify", "--data", data, "--receipts", tmp_path / "r.ndjson")
    assert (proved.returncode, proved.stderr) == (0, ""), proved.stdout


def copy_under_load(server: Running, agent: Agent, copy: Path, receipts: list[Receipt]) -> Contents:
    """Make the copy while the agent sends one batch after the other."""
    done = threading.Event()

    def send() -> None:
        while not done.is_set():
            receipts.extend(add(agent, 1))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return back_up(server.services.config.database, copy)
    finally:
        done.set()
        sender.join()


def test_a_copy_is_whole_private_and_alone(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml"))
        add(join(server), 2)
        done = central_server("backup", "--data", tmp_path / "data", "--out", tmp_path / "copy.db")
        assert (done.returncode, done.stderr) == (0, "") and "20 bản ghi" in done.stdout
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.db", "course.toml", "data"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o077 == 0
    assert checked(tmp_path / "copy.db").records == 20
    assert b"server-key" not in (tmp_path / "copy.db").read_bytes()
    again = central_server("restore", "--data", tmp_path / "new", "--from", tmp_path / "copy.db")
    assert "Thiếu khóa của máy chủ" in again.stdout
    assert (again.returncode, again.stderr) == (0, "")
    assert checked(tmp_path / "new" / "diemdanh.db").records == 20


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no lock that programs share")
def test_nothing_is_restored_under_a_command_that_changes_the_database(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    with running(data):
        back_up(data / "diemdanh.db", copy)
    with database(Config(data=str(data))), pytest.raises(DataFolderError):
        restore(data / "diemdanh.db", copy, START, replace=True)
    restore(data / "diemdanh.db", copy, START, replace=True)


def test_a_damaged_copy_is_never_put_back(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml"))
        add(join(server), 20)
        back_up(server.services.config.database, tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    before = (tmp_path / "data" / "diemdanh.db").read_bytes()
    for broken in (b"", whole[: len(whole) // 2], whole[:20_000] + bytes(8_192) + whole[28_192:], b"x" * 5000):
        (tmp_path / "copy.db").write_bytes(broken)
        with pytest.raises(BackupError):
            restore(tmp_path / "data" / "diemdanh.db", tmp_path / "copy.db", START, replace=True)
    with pytest.raises(EvidenceError):
        restore(tmp_path / "data" / "diemdanh.db", tmp_path / "no.db", START, replace=True)
    assert (tmp_path / "data" / "diemdanh.db").read_bytes() == before
    with pytest.raises(OutputError):
        back_up(tmp_path / "data" / "diemdanh.db", tmp_path / "nowhere" / "copy.db")
    with pytest.raises(EvidenceError):
        back_up(tmp_path / "no.db", tmp_path / "copy.db")
