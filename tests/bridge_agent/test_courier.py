from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from bridge_agent.entries import OpenSession, seal
from bridge_agent.identity import Identity
from bridge_agent.log import DAY_MS, Log
from bridge_agent.log_file import set_aside_files
from bridge_agent.sync import ASK_AGAIN_MS
from models.presence import OpenInterval, OpenState
from models.records import Coverage, Presence, decode
from tests.central_server.running import START, Running, running, write_course
from tests.faults.making import EYES, presence
from tests.faults.sending import Parts, client, clock_of, held, joined
from tests.receipts import PUBLIC_HEX


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=3))
        yield one


def forget_after(server: Running, seq: int) -> None:
    """The server is restored from a backup of the time when its logs ended at `seq`."""

    def job(connection: object) -> None:
        for table in ("record", "signed_head"):
            connection.execute(text(f"delete from {table} where seq > {seq}"))  # type: ignore[attr-defined]  # noqa: S608
        rows = connection.execute(text("select head from signed_head")).all()  # type: ignore[attr-defined]
        connection.execute(text("update log_head set seq = :seq, head = :head"), {"seq": seq, "head": rows[-1][0]})  # type: ignore[attr-defined]

    server.do(job)


async def test_a_restored_server_gets_all_back_although_nothing_new_is_recorded(
    tmp_path: Path, server: Running
) -> None:
    who = joined(server)
    log = Log.open(tmp_path / "log.db", who.membership.device, 1)
    async with client(server, who) as to:
        parts = Parts(tmp_path, log, who, to)
        for end in (30, 60, 90):
            log.append([presence(n) for n in range(end - 29, end + 1)])
            parts.now += 2_000
            await parts.drain()
        lines = log.lines(1, 90)
        assert held(server, who.membership.device, log.id) == lines
        assert len(log.receipts()) == 3

        forget_after(server, 30)
        parts.now += ASK_AGAIN_MS
        await parts.courier.once(parts.now)
        assert parts.courier.waiting == 60
        await parts.drain()
        assert held(server, who.membership.device, log.id) == lines
        assert len(log.receipts()) == 4  # the restored server's own receipt is a witness too
        assert parts.alarms.here() == ()

        forget_after(server, 30)
        parts.courier.server_is_back()  # it was away: no need to wait
        await parts.courier.once(parts.now + 1)
        assert parts.courier.waiting == 60
        await parts.drain()
        assert held(server, who.membership.device, log.id) == lines
        parts.close()
    log.close()


@pytest.mark.parametrize("sent", [0, 200, 900])
async def test_what_is_intact_of_a_damaged_log_reaches_the_server_under_its_old_id(
    tmp_path: Path, server: Running, sent: int
) -> None:
    who = joined(server)
    path = tmp_path / "agent" / "log.db"
    path.parent.mkdir()
    log = Log.open(path, who.membership.device, 1)
    async with client(server, who) as to:
        log.append([presence(n) for n in range(1, sent + 1)])
        parts = Parts(tmp_path, log, who, to)
        await parts.drain()
        parts.close()
        log.append([presence(n) for n in range(sent + 1, 901)])
        state = OpenState(1_000, 9_000, {"p1": OpenInterval(2_000, 8_500, 4, 0.6)})
        log.append([], OpenSession("K1.1", state, clock_of(server).sample(), EYES))
        old, lines = log.id, log.lines(1, 900)
        log.close()
        data = path.read_bytes()
        at = data.index(lines[600])
        path.write_bytes(data[:at] + b"?" + data[at + 1 :])

        log = Log.open(path, who.membership.device, 2)
        assert log.damage is not None
        log.append([presence(1_000)])
        whole = log.damage.kept_at.read_bytes()
        for _ in range(2):  # the second start finds nothing to do
            parts = Parts(tmp_path, log, who, to, set_aside_files(path))
            await parts.drain()
            parts.close()
            assert held(server, who.membership.device, old) == lines[: max(sent, 600)]
            last = [decode(line) for line in log.lines(1, log.last_seq)]
            assert [(type(r), r.end) for r in last if isinstance(r, Presence | Coverage)] == [
                (Presence, 1_000),
                (Presence, 8_500),  # what was open when the file was damaged, closed once
                (Coverage, 9_000),
            ]
            assert held(server, who.membership.device, log.id) == log.lines(1, log.last_seq)
        assert parts.courier.damaged == ()
        assert log.damage.kept_at.read_bytes() == whole
        assert not list(path.parent.glob("salvage-*"))
        log.close()


async def test_a_damaged_file_without_anything_intact_is_kept_and_done_with(tmp_path: Path, server: Running) -> None:
    who = joined(server)
    path = tmp_path / "log.db"
    for number, rubbish in enumerate((b"no database at all " * 500, b"", b"SQLite format 3\0" + bytes(9_000))):
        path.with_name(f"log-damaged-{number}.db").write_bytes(rubbish)
    other = Log.open(path, "another-device", 1)
    other.append([presence(1)])
    other.close()
    log = Log.open(path, who.membership.device, 2)
    log.append([presence(1)])
    async with client(server, who) as to:
        parts = Parts(tmp_path, log, who, to, set_aside_files(path))
        assert len(parts.courier.damaged) == 4
        await parts.drain()
        parts.close()
    assert len(set_aside_files(path)) == 4
    assert held(server, who.membership.device, log.id) == log.lines(1, 1)
    log.close()


async def test_the_courier_lets_go_of_records_thirty_days_after_their_receipt(tmp_path: Path, server: Running) -> None:
    who = joined(server)
    log = Log.open(tmp_path / "log.db", who.membership.device, 1)
    async with client(server, who) as to:
        parts = Parts(tmp_path, log, who, to)
        records = [presence(n, "K1.0") for n in range(1, 100)]
        log.append([*records, seal("K1.0", records, clock_of(server).sample())])
        await parts.drain()
        lines = log.lines(1, 100)
        for days, number in ((15, 101), (31, 102)):
            server.clock.ms = START + days * DAY_MS
            parts.now = days * DAY_MS
            log.append([presence(number)])
            await parts.drain()
        assert (log.first_seq, log.last_seq) == (101, 102)
        assert held(server, who.membership.device, log.id) == lines + log.lines(101, 102)
        parts.close()
    log.close()


async def test_a_receipt_that_the_joined_server_did_not_sign_acknowledges_nothing(
    tmp_path: Path, server: Running
) -> None:
    who = joined(server)
    who = Identity(msgspec.structs.replace(who.membership, server_key=PUBLIC_HEX), who.key)
    log = Log.open(tmp_path / "log.db", who.membership.device, 1)
    log.append([presence(1)])
    async with client(server, who) as to:
        parts = Parts(tmp_path, log, who, to)
        assert not await parts.courier.once(0)
        assert (log.acknowledged_seq, log.receipts(), parts.courier.waiting) == (0, [], 1)
        assert "chữ ký" in parts.alarms.for_manager()[0]
        parts.close()
    log.close()
