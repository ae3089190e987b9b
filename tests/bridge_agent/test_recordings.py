"""What has been recorded reaches the log, whatever the disk does meanwhile."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random

import pytest

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.spot_checks import SpotChecks
from bridge_agent.errors import DiskFullError
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.recognition.events import Watched
from bridge_agent.recordings import Recordings
from bridge_agent.server_clock import Clocks, ServerClock
from models.records import CheckIn, Unobserved

MINUTE = 60_000


def test_of_a_session_that_is_moved_while_the_disk_is_full_nothing_is_lost(tmp_path: Path) -> None:
    boot = 0
    clock = ServerClock(Clocks(lambda: 1_000_000 + boot, lambda: boot, "b"))
    log, journal = Log.open(tmp_path / "log.db", "d", 0), Journal(tmp_path / "agent.log", lambda: 0, io.StringIO())
    alarms = Alarms(journal)
    recordings = Recordings(
        log, clock, alarms, journal, lambda: None, lambda again: SpotChecks(0, Random(1), again)
    )  # fmt: skip
    recording = recordings.begin("s")
    recording.attendance.admit("p1", "card", at=0, witness="w")
    for boot in range(0, 5 * MINUTE, 1_000):
        recording.take(Watched(boot))
    recordings.flush()
    recording.stop("stopped")
    recordings.flush()
    boot += MINUTE
    (pages,) = log._db.execute("pragma page_count").fetchone()
    log._db.execute(f"pragma max_page_count = {pages}")  # the disk is full
    filler = recordings.begin("other").attendance
    with pytest.raises(DiskFullError):
        while True:
            filler.admit(f"p{len(filler.admitted)}", "pin", at=boot, witness="w")
            log.append(filler.pending[-1:])
    written = log.last_seq
    recordings.end(recording, moved=True)
    recordings.flush()
    assert alarms.standing() and log.last_seq == written
    log._db.execute("pragma max_page_count = 20000")  # there is room again
    recordings.flush()
    kept = log.of_session("s")
    assert sum(isinstance(one, CheckIn) for one in kept) == 1
    assert [(one.start, one.end) for one in kept if isinstance(one, Unobserved)] == [(0, 299_000), (299_000, 359_000)]
    assert alarms.standing() == ()
    journal.close()
    log.close()
