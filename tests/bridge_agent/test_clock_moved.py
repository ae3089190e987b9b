"""The wall clock is moved, or the PC sleeps, in the middle of a class: durations hold within 1 s, and it is flagged."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge_agent.alarms import Alarms
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.recognition.events import Ready, Sighted, Sweep, Watched
from bridge_agent.server_clock import Clocks, ServerClock
from bridge_agent.session import Recording
from models.clock_trust import clock_trust
from models.records import AnyRecord, CheckIn, Coverage, Presence, Seal
from models.spans import spans, total

SERVER = 1_795_482_000_000
"""Server time when the PC starts."""
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
MOVES = {
    "an hour on": HOUR, "an hour back": -HOUR, "a day on": 24 * HOUR, "a day back": -24 * HOUR,
    "to 1970": -SERVER,
}  # fmt: skip


@dataclass
class Pc:
    """A PC's clocks. True time is what the server's clock shows."""

    boot: int = 0
    wrong: int = 0

    def wall(self) -> int:
        return SERVER + self.boot + self.wrong

    def server(self) -> int:
        return SERVER + self.boot


@dataclass(frozen=True)
class Whose:
    """Whose log it is, and who is seen in which session."""

    device: str = "d1"
    session: str = "s1"
    learner: str = "p1"


def hold_class(
    folder: Path, wrong: int = 0, asleep: int = 0, measured: bool = True, whose: Whose = Whose()
) -> tuple[list[AnyRecord], str]:
    """Two hours with one learner; after one the clock is moved by `wrong` or the PC sleeps. The records, the alarms."""
    pc = Pc()
    clock = ServerClock(Clocks(pc.wall, lambda: pc.boot, "b"))
    out = io.StringIO()
    journal = Journal(folder / "agent.log", pc.wall, out)
    alarms = Alarms(journal)
    log = Log.open(folder / "log.db", whose.device, pc.wall())
    recording = Recording(whose.session, [], clock.sample)
    recording.take(Ready("yunet", "intel", (whose.learner,)))
    for number in range(2 * 3_600 - asleep // SECOND):
        if number == 3_600:
            pc.wrong = wrong
            pc.boot += asleep
        if measured and number % 15 == 0:
            clock.measured(pc.boot - 20, pc.boot, pc.server() - 10)
        recording.take(Watched(pc.boot))
        recording.take(Sighted(whose.learner, pc.boot, 0.7))
        recording.take(Sweep(pc.boot, 1, 0, 9.0))
        if number % 60 == 59:
            recording.flush(log)
        alarms.clock(clock.sample())
        pc.boot += SECOND
    recording.stop("stopped")
    recording.close(log)
    records = log.of_session(whose.session)
    log.close()
    journal.close()
    return records, out.getvalue()


def present(records: list[AnyRecord], kind: type[Presence] | type[Coverage]) -> list[tuple[int, int]]:
    """Server time spans, as the server finds them."""
    rows = [(r.server_time(r.start), r.server_time(r.end)) for r in records if isinstance(r, kind)]
    return [(int(a), int(b)) for a, b in spans(rows)]


@pytest.mark.parametrize("move", MOVES)
def test_a_wall_clock_that_is_moved_moves_no_duration_and_is_flagged(tmp_path: Path, move: str) -> None:
    records, alarms = hold_class(tmp_path, wrong=MOVES[move])
    for kind in (Presence, Coverage):
        ((start, end),) = present(records, kind)
        assert abs((end - start) - 2 * HOUR) <= SECOND
        assert abs(start - SERVER) <= SECOND
    assert isinstance(records[-1], Seal)
    assert abs(records[-1].present_ms - 2 * HOUR) <= SECOND
    trusts = [(r.boot >= HOUR, clock_trust(r.offset, r.uncertainty)) for r in records if not isinstance(r, CheckIn)]
    assert set(trusts) == {(False, "good"), (True, "untrusted")}
    assert "cần người kiểm tra" in alarms


@pytest.mark.parametrize("move", MOVES)
def test_without_a_server_durations_hold_too_and_the_times_say_that_nobody_measured_them(
    tmp_path: Path, move: str
) -> None:
    records, _ = hold_class(tmp_path, wrong=MOVES[move], measured=False)
    seen = [(r.start, r.end) for r in records if isinstance(r, Presence)]
    assert abs(total(spans(seen)) - 2 * HOUR) <= SECOND
    assert {clock_trust(r.offset, r.uncertainty) for r in records} == {"unmeasured"}


def test_a_few_seconds_are_told_and_trusted(tmp_path: Path) -> None:
    records, alarms = hold_class(tmp_path, wrong=-5 * SECOND)
    assert {clock_trust(r.offset, r.uncertainty) for r in records} == {"good", "skewed"}
    assert alarms.count("chậm 0 phút 5 giây") == 1
    assert "cần người kiểm tra" not in alarms


def test_ten_minutes_of_sleep_are_not_observed(tmp_path: Path) -> None:
    records, _ = hold_class(tmp_path, asleep=10 * MINUTE)
    for kind in (Presence, Coverage):
        first, second = present(records, kind)
        assert abs(first[1] - (SERVER + HOUR)) <= SECOND
        assert abs(second[0] - (SERVER + HOUR + 10 * MINUTE)) <= SECOND
        assert abs((first[1] - first[0]) - HOUR) <= SECOND
        assert abs((second[1] - second[0]) - 50 * MINUTE) <= SECOND
    ends = [r.ended_by for r in records if isinstance(r, Coverage) and r.ended_by != "cut"]
    assert ends == ["suspended", "stopped"]
