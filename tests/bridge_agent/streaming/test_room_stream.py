"""The streaming process's owner: real processes that die or tell what they are scripted to, a real log."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge_agent.alarms import Alarms
from bridge_agent.config import StreamingConfig
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.recordings import Recordings
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock, this_pc
from bridge_agent.session import asks_nobody
from bridge_agent.streaming.room_stream import RoomStream
from models.records import Link
from tests.bridge_agent.streaming.dying import dies_once
from tests.central_server.media.peers import until


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    with_log = Log.open(tmp_path / "log.db", "d", 0)
    yield with_log
    with_log.close()


async def test_a_process_that_dies_or_is_asked_for_anew_is_replaced_and_the_link_records_say_so(
    log: Log, tmp_path: Path
) -> None:
    clock, said = ServerClock(this_pc()), io.StringIO()
    journal = Journal(tmp_path / "agent.log", this_pc().wall, said)
    alarms = Alarms(journal)
    recordings = Recordings(log, clock, alarms, journal, lambda: None, asks_nobody)
    wrote: list[int] = []
    async with Server("http://127.0.0.1:9", clock, None) as server:
        stream = RoomStream(StreamingConfig(), dies_once, server, recordings, alarms, journal, lambda: wrote.append(1))
        recording = recordings.begin("s")

        def up() -> bool:
            live = stream.live()
            return live is not None and live.up_since is not None and live.kbit_s == 7

        def started() -> int:
            return (tmp_path / "agent.log").read_text(encoding="utf-8").count('"streaming_started"')

        assert not stream.anew()
        running = asyncio.ensure_future(stream.run())
        try:
            await until(lambda: alarms.standing())
            ((_, alarm),) = alarms.standing()
            assert alarm == "Streaming ended unexpectedly; it is being restarted. Attendance goes on."
            assert not up()
            await until(up)
            assert alarms.standing() == ()
            assert stream.anew()
            await until(lambda: started() == 3 and up(), 60)
            assert alarms.standing() == ()  # what was asked for is no fault
            recordings.end(recording, moved=False)
            await until(lambda: stream.view() is None)
        finally:
            running.cancel()
            await asyncio.wait([running])
            stream.close()
    links = [one for one in log.of_session("s") if isinstance(one, Link)]
    assert [one.ended_by for one in links] == ["crashed", "stopped", "stopped"]
    assert "exit 3" in (tmp_path / "agent.log").read_text(encoding="utf-8")
    assert wrote
    journal.close()
