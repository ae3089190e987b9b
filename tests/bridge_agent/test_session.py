from __future__ import annotations

from pathlib import Path

import pytest

from bridge_agent.log import Log
from bridge_agent.recognition.events import Ready, Sighted, Sweep, Trouble, Unwatched, Watched
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import Recording
from models.records import LINE_LIMIT, AnyRecord, CheckIn, Coverage, Presence, Seal, Zone, encode


class Time:
    def __init__(self) -> None:
        self.boot = 0

    def sample(self) -> ClockSample:
        return ClockSample(1_000_000 + self.boot, "b", self.boot, 500, 5)


def recording(time: Time, earlier: list[AnyRecord] | None = None) -> Recording:
    made = Recording("s1", earlier or [], time.sample)
    made.take(Ready("yunet", "intel", ("p1", "p2")))
    return made


def play(made: Recording, time: Time, start: int, end: int, *learners: str, sweep_ms: int = 1_000) -> None:
    for at in range(start, end, sweep_ms):
        time.boot = at
        made.take(Watched(at))
        for learner in learners:
            made.take(Sighted(learner, at, 0.61234))
        made.take(Sweep(at, 3, 1, 10.0, sweep_ms=sweep_ms))


def spans(made: Recording) -> list[tuple[str, int, int, str]]:
    return [
        ("coverage", r.start, r.end, r.ended_by) if isinstance(r, Coverage) else (r.learner, r.start, r.end, r.encoder)
        for r in made.pending
        if isinstance(r, Coverage | Presence)
    ]


def test_the_first_sighting_of_a_session_checks_in_once() -> None:
    time = Time()
    made = recording(time)
    made.take(Sighted("p1", 0, 0.7))
    assert made.pending == []  # nobody watched: no presence, so no check-in
    play(made, time, 0, 30_000, "p1")
    (only,) = [record for record in made.pending if isinstance(record, CheckIn)]
    assert (only.learner, only.at, only.method, only.score, only.encoder) == ("p1", 0, "room_camera", 0.612, "intel")
    again = recording(time, [only])
    play(again, time, 30_000, 60_000, "p1")
    assert not [record for record in again.pending if isinstance(record, CheckIn)]


def test_watching_that_stops_closes_everything_where_it_was_last_live() -> None:
    time = Time()
    made = recording(time)
    play(made, time, 0, 10_000, "p1")
    made.take(Unwatched(8_000, "frozen"))
    assert spans(made) == [("p1", 0, 8_000, "intel"), ("coverage", 0, 8_000, "frozen")]


def test_a_suspend_is_not_observed() -> None:
    time = Time()
    made = recording(time)
    play(made, time, 0, 10_000, "p1")
    play(made, time, 610_000, 620_000, "p1")
    made.stop("stopped")
    assert spans(made) == [
        ("p1", 0, 9_000, "intel"),
        ("coverage", 0, 9_000, "suspended"),
        ("p1", 610_000, 619_000, "intel"),
        ("coverage", 610_000, 619_000, "stopped"),
    ]


@pytest.mark.parametrize(("sweep_ms", "pause_ms", "watched"), [
    (1_000, 5_000, True), (1_000, 7_000, False), (4_500, 7_000, True), (4_500, 9_500, False),
])  # fmt: skip
def test_a_pc_that_stood_still_is_as_blind_as_one_that_slept(sweep_ms: int, pause_ms: int, watched: bool) -> None:
    time = Time()
    made = recording(time)
    play(made, time, 0, 10 * sweep_ms, "p1", sweep_ms=sweep_ms)
    last = 9 * sweep_ms
    play(made, time, last + pause_ms, last + pause_ms + 1, "p1", sweep_ms=sweep_ms)
    made.stop("stopped")
    ends = [(end, why) for who, _, end, why in spans(made) if who == "coverage"]
    assert ends == [*([] if watched else [(last, "suspended")]), (last + pause_ms, "stopped")]


def test_the_live_status_tells_what_the_log_does_not() -> None:
    time = Time()
    made = recording(time)
    play(made, time, 0, 10_000, "p1")
    time.boot = 20_000
    status = made.status(waiting=3, alarms=("x",))
    assert (status.at, status.watching_from, status.watching_to) == (1_020_500, 1_000_500, 1_009_500)
    assert [(p.learner, p.start, p.last) for p in status.present] == [("p1", 1_000_500, 1_009_500)]
    assert (status.unknown, status.waiting, status.detector, status.alarms) == (1, 4, "yunet", ("x",))
    made.stop("crashed")
    status = made.status(0, ())
    assert (status.watching_from, status.watching_to, status.present, status.unknown) == (None, None, (), 0)


def test_the_live_status_tells_of_who_has_left_until_the_server_has_the_record(tmp_path: Path) -> None:
    time = Time()
    log = Log.open(tmp_path / "log.db", "d1", 1)
    made = recording(time)
    play(made, time, 0, 10_000, "p1", "p2")
    play(made, time, 10_000, 40_000, "p2")
    left = ("p1", 1_000_500, 1_009_500)

    def told(held: int) -> list[tuple[str, int, int]]:
        status = made.status(0, (), held=held)
        return [(p.learner, p.start, p.last) for p in status.present if p.learner == "p1"]

    assert told(0) == [left]
    made.flush(log)
    assert told(log.last_seq - 1) == [left]
    assert told(log.last_seq) == []
    play(made, time, 40_000, 50_000, "p1")
    play(made, time, 50_000, 80_000)
    assert told(log.last_seq) == [("p1", 1_040_500, 1_049_500)]
    made.take(Unwatched(79_000, "dark"))
    play(made, time, 90_000, 100_000)
    assert told(log.last_seq) == []  # of a watch that ended the status claims nothing
    log.close()


def test_watching_from_reaches_back_over_a_cut() -> None:
    time = Time()
    made = recording(time)
    play(made, time, 0, 700_000, "p1")
    assert made.status(0, ()).watching_from == 1_000_500
    assert ("coverage", 0, 600_000, "cut") in spans(made)


def test_what_closes_is_in_the_log_with_what_is_open_and_a_seal_closes_the_session(tmp_path: Path) -> None:
    time = Time()
    log = Log.open(tmp_path / "log.db", "d1", 1)
    made = recording(time)
    made.flush(log)
    assert log.last_seq == 0
    play(made, time, 0, 10_000, "p1", "p2")
    made.flush(log)
    assert [type(record) for record in log.of_session("s1")] == [CheckIn, CheckIn]
    made.stop("stopped")
    made.flush(log)
    assert log.last_seq == 6  # two check-ins, two intervals, the coverage and a headcount
    made.close(log)
    last = log.of_session("s1")[-1]
    assert isinstance(last, Seal)
    assert (last.check_ins, last.presences, last.coverages, last.present_ms, last.covered_ms) == (
        2,
        2,
        1,
        18_000,
        9_000,
    )
    assert log.recover(lambda saved: []) == 0
    log.close()


def test_troubles_stand_until_they_pass() -> None:
    made = recording(Time())
    assert made.take(Trouble("dark", "tối", "dark"))
    assert not made.take(Trouble("dark", "tối", "dark"))
    made.take(Trouble("portraits", "A", "A"))
    made.take(Trouble("portraits", "B", "B"))
    assert len(made.troubles) == 3
    assert made.take(Trouble("dark", "", "", passed=True))
    assert "dark" not in made.troubles


def test_coverage_tells_where_a_face_could_be_identified_and_fits_its_line() -> None:
    time = Time()
    made = recording(time)
    zones = tuple(Zone(n / 7, 1 / 3, 1 / 7, (n + 1) / 30) for n in range(30))
    made.take(Ready("face_detection_yunet", "face-reidentification-retail-0095", (), zones))
    play(made, time, 0, 10_000)
    made.stop("stopped")
    (coverage,) = [record for record in made.pending if isinstance(record, Coverage)]
    assert len(coverage.zones) == 8
    assert coverage.zones[0] == Zone(round(29 / 7, 3), 0.333, 0.143, 1.0)
    assert len(encode(coverage)) < LINE_LIMIT - 200
