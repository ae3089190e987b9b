"""What is open in a session outlives the agent: through the real log, with a crash at any moment."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from bridge_agent.check_in.spot_checks import SpotChecks
from bridge_agent.entries import OpenSession, after_crash
from bridge_agent.headcount import Headcount
from bridge_agent.log import Log
from bridge_agent.recognition.events import Ready, SeatLost, Sighted, Sweep, Watched
from bridge_agent.server_clock import ClockSample
from bridge_agent.session import Recording, write_seal
from models.records import (
    AnyRecord,
    CheckIn,
    CheckInMethod,
    Coverage,
    Flag,
    Seal,
    SpotCheck,
    Unobserved,
    Vouched,
    decode,
)
from models.spans import spans, subtract, total, united

MINUTE = 60_000
END = 400 * MINUTE
STEP_MS = 4_000


class Pc:
    """A PC whose agent records one session into a real log; `at`: server time, ms."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at, self.boots, self.booted = 0, 1, 0
        self.log = Log.open(folder / "log.db", "d1", 1)
        self.recording = self._begin()

    def sample(self) -> ClockSample:
        return ClockSample(self.at, f"b{self.boots}", self.at - self.booted, 0, 5)

    def _begin(self) -> Recording:
        made = Recording(
            "s1", self.log.of_session("s1"), self.sample, self.log.left_open("s1"),
            lambda again: SpotChecks(0, Random(1), again),
        )  # fmt: skip
        made.take(Ready("yunet", "intel", ()))
        return made

    @property
    def boot(self) -> int:
        return self.sample().boot

    def live(self, ms: int) -> None:
        """Time passes, some seconds at a time, and is saved at its end."""
        end = self.at + ms
        while self.at < end:
            self.at = min(end, self.at + STEP_MS)
            self.recording.take(Watched(self.boot))
            self.recording.tick(self.boot, (), END - self.booted, True)
        self.recording.flush(self.log)

    def restart(self, *, reboot: bool, off_ms: int) -> None:
        """The agent dies and is started again."""
        self.log.close()
        self.at += off_ms
        if reboot:
            self.boots, self.booted = self.boots + 1, self.at - 1_000
        self.log = Log.open(self.folder / "log.db", "d1", 1)
        self.log.recover(after_crash)
        self.recording = self._begin()

    def records(self) -> list[AnyRecord]:
        return [decode(line) for line in self.log.lines(1, self.log.last_seq)]

    def spans(self, kind: type[Vouched] | type[Unobserved]) -> list[tuple[int, int]]:
        found = [r for r in self.records() if isinstance(r, kind)]
        return sorted((r.server_time(r.start), r.server_time(r.end)) for r in found)


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return Pc(tmp_path)


def test_a_crash_costs_a_vouched_learner_nothing(pc: Pc) -> None:
    pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w")
    pc.live(10 * MINUTE)
    pc.restart(reboot=False, off_ms=5 * MINUTE)
    assert pc.recording.attendance.vouched() == ["a"]
    pc.live(10 * MINUTE)
    pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w")  # nobody asked: changes nothing
    pc.recording.over(pc.boot)
    pc.recording.stop("stopped")
    pc.recording.close(pc.log)
    assert pc.spans(Vouched) == []
    assert pc.spans(Unobserved) == [(0, 10 * MINUTE), (10 * MINUTE, 25 * MINUTE)]  # told when the coverage was
    assert sum(isinstance(r, CheckIn) for r in pc.records()) == 1
    assert [r.ended_by for r in pc.records() if isinstance(r, Coverage)] == ["crashed", "stopped"]
    assert pc.log.left_open("s1") is None


def test_another_start_of_the_pc_leaves_the_time_around_it_unobserved(pc: Pc) -> None:
    pc.recording.attendance.admit("a", "card", at=pc.boot, witness="w")
    pc.live(10 * MINUTE)
    pc.restart(reboot=True, off_ms=5 * MINUTE)
    assert pc.recording.attendance.vouched() == []
    pc.live(5 * MINUTE)
    assert pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w") is False
    pc.live(MINUTE)
    assert pc.recording.attendance.vouched() == ["a"]
    pc.recording.over(pc.boot)
    pc.recording.close(pc.log)
    # Five minutes off: no coverage then, so nothing need be said. Since the watch began again nothing is known.
    assert pc.spans(Unobserved) == [(0, 10 * MINUTE), (15 * MINUTE + STEP_MS, 20 * MINUTE), (20 * MINUTE, 21 * MINUTE)]
    assert pc.spans(Vouched) == [(20 * MINUTE, 20 * MINUTE)]


def test_what_is_odd_when_a_learner_checks_in_again_is_on_record_once_and_the_first_check_in_counts(pc: Pc) -> None:
    def comes(method: CheckInMethod, *flags: Flag) -> bool:
        pc.at += MINUTE
        return pc.recording.attendance.admit("a", method, at=pc.boot, alike=0.7, encoder="e", flags=flags)

    def on_record() -> list[tuple[str, object]]:
        pc.recording.flush(pc.log)
        return [(r.method, r.flags) for r in pc.records() if isinstance(r, CheckIn)]

    assert comes("face") and not comes("face")
    assert on_record() == [("face", UNSET)]
    assert not comes("face", "moving_background")
    assert not comes("face", "moving_background")
    wanted = [("face", UNSET), ("face", ("moving_background",))]
    assert on_record() == wanted
    pc.restart(reboot=False, off_ms=MINUTE)
    admitted = pc.recording.attendance.admitted["a"]
    assert (admitted.at, admitted.method) == (MINUTE, "face")
    assert not comes("face", "moving_background") and on_record() == wanted
    assert not comes("pin", "second_factor")
    assert on_record() == [*wanted, ("pin", ("second_factor",))]
    assert pc.recording.attendance.admitted["a"].method == "face"


def test_a_session_that_ended_while_the_agent_was_dead_is_closed_with_its_seal(pc: Pc) -> None:
    pc.recording.attendance.admit("a", "card", at=pc.boot, witness="w")
    pc.recording.attendance.name_deputy("a", "w")
    pc.live(10 * MINUTE)
    pc.log.close()
    pc.at += 300 * MINUTE
    pc.log = Log.open(pc.folder / "log.db", "d1", 1)
    pc.log.recover(after_crash)
    write_seal(pc.log, "s1", pc.sample)
    assert pc.spans(Unobserved) == [(0, 10 * MINUTE)]
    assert isinstance(pc.records()[-1], Seal)
    assert pc.log.left_open("s1") is None
    assert pc.log.unsealed() == []


def test_whose_face_was_matched_within_a_minute_before_a_crash_is_not_observed_since(pc: Pc) -> None:
    pc.recording.attendance.knows(frozenset({"a", "b"}))
    pc.live(MINUTE)
    pc.recording.attendance.admit("b", "face", at=pc.boot, alike=0.7, encoder="e")
    pc.recording.take(Sighted("b", pc.boot + 1, 0.7))
    pc.recording.attendance.admit("a", "face", at=pc.boot, alike=0.7, encoder="e")
    pc.live(40_000)
    pc.restart(reboot=True, off_ms=5 * MINUTE)
    assert [(r.learner, r.why) for r in pc.records() if isinstance(r, Unobserved)] == [("a", "far_seat")]
    assert pc.spans(Unobserved) == [(MINUTE, MINUTE + 40_000)]


def test_a_lost_seat_is_closed_by_a_crash_where_coverage_is(pc: Pc) -> None:
    pc.live(MINUTE)
    pc.recording.take(Sighted("a", pc.boot, 0.7))
    pc.recording.take(SeatLost("a", pc.boot))
    pc.live(2 * MINUTE)
    pc.restart(reboot=False, off_ms=MINUTE)
    assert pc.spans(Unobserved) == [(MINUTE, 3 * MINUTE)]
    pc.live(STEP_MS)  # watched again: nobody is named anew in such a seat
    assert pc.recording.far_seats == {"a": 4 * MINUTE + STEP_MS}


def test_who_is_followed_in_a_far_seat_when_recognition_dies_was_there_until_then(pc: Pc) -> None:
    pc.live(MINUTE)
    attendance = pc.recording.attendance
    attendance.knows(frozenset({"a"}))
    attendance.seen("a", pc.boot)
    pc.recording.take(Sweep(pc.boot, 1, 0, 9.0, 1, 1_000, 0, ("a",)))
    pc.recording.stop("crashed")
    assert attendance.far.hides("a")
    assert attendance.voucher.ago("a", pc.boot) < STEP_MS  # no spot check at once, as of somebody never confirmed


def test_a_stranger_is_not_whoever_was_admitted_by_face_or_enrolled_whatever_confirms_them_later(pc: Pc) -> None:
    attendance = pc.recording.attendance
    attendance.checks = SpotChecks(MINUTE, Random(3))
    attendance.knows(frozenset({"face", "enrolled", "pin"}))
    attendance.admit("face", "face", at=pc.boot)
    attendance.admit("pin", "pin", at=pc.boot, witness="w")
    attendance.admit("enrolled", "pin", at=pc.boot, witness="w")
    attendance.enrolled("enrolled", pc.boot, "w")
    asked: set[str] = set()
    while "face" not in asked:
        pc.live(MINUTE // 2)
        for learner in [*attendance.checks.asked]:
            assert attendance.answered(learner, pc.boot, "pin", "w")
            asked.add(learner)
    for _ in range(30):
        pc.live(STEP_MS)
        pc.recording.take(Sweep(pc.boot, 1, 1, 9.0, 0, 1_000, 0, ()))
    assert pc.recording.far_seats.keys() == {"pin"}


def test_who_was_being_asked_is_asked_anew_and_who_missed_a_check_stays_away(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    attendance = pc.recording.attendance
    attendance.checks = SpotChecks(MINUTE, Random(3))
    attendance.admit("a", "pin", at=pc.boot, witness="w")
    while not attendance.checks.asked:
        pc.live(MINUTE // 2)
    assert pc.log.left_open("s1").attendance.asked == ["a"]  # type: ignore[union-attr]  # something is open
    while attendance.checks.asked:
        pc.live(MINUTE // 2)
    (check,) = [r for r in pc.records() if isinstance(r, SpotCheck)]
    assert (check.answered, check.at - check.asked) == (False, 3 * MINUTE)
    pc.restart(reboot=False, off_ms=MINUTE)
    assert pc.recording.attendance.missing == {"a": check.server_time(check.asked)}
    pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w")
    pc.live(MINUTE)
    pc.restart(reboot=False, off_ms=MINUTE)
    assert pc.recording.attendance.missing == {}


def test_what_was_saved_before_there_were_desks_is_still_read() -> None:
    saved = (
        b'{"session":"s1","state":{"covered_from":1,"covered_to":9,"present":{}},'
        b'"clock":{"wall":5,"boot_id":"b","boot":5,"offset":null,"uncertainty":null},'
        b'"eyes":{"detector":"d","encoder":"e"}}'
    )
    opened = msgspec.json.decode(saved, type=OpenSession)
    assert opened.attendance.empty
    (coverage,) = after_crash(opened)
    assert isinstance(coverage, Coverage)


STEP = st.tuples(st.integers(1, 25), st.sampled_from(["confirm", "restart", "reboot", "wait"]), st.integers(0, 10))


@settings(max_examples=15, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=8))
def test_a_crash_at_any_moment_loses_no_more_than_it_may(steps: list[tuple[int, str, int]]) -> None:
    """From the check-in on every watched moment is vouched for or told to be unobserved before its coverage is; only
    another start of the PC undoes what the next confirmation would have vouched for: its time is unobserved then."""
    with tempfile.TemporaryDirectory() as folder:
        pc = Pc(Path(folder))
        pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w")
        since, may_vouch, vouched = 0, True, 0
        for minutes, step, off in steps:
            pc.live(minutes * MINUTE)
            match step:
                case "confirm":
                    pc.recording.attendance._confirm("a", pc.boot, "pin", "w")
                    if may_vouch and pc.at - since <= 45 * MINUTE:
                        vouched += pc.at - since
                    since, may_vouch = pc.at, True
                case "restart":
                    pc.recording.flush(pc.log)
                    pc.restart(reboot=False, off_ms=off * MINUTE)
                case "reboot":
                    pc.recording.flush(pc.log)
                    pc.restart(reboot=True, off_ms=off * MINUTE)
                    may_vouch = False
        pc.live(MINUTE)
        pc.recording.stop("stopped")
        pc.recording.over(pc.boot)
        pc.recording.close(pc.log)
        seen, unknown = pc.spans(Vouched), pc.spans(Unobserved)
        for some in (seen, unknown):
            assert all(before[1] <= after[0] for before, after in pairwise(some)), some
        assert sum(end - start for start, end in seen) == vouched
        told = spans([])
        for record in pc.records():
            if isinstance(record, Vouched | Unobserved | Coverage):
                span = spans([(record.server_time(record.start), record.server_time(record.end))])
                if not isinstance(record, Coverage):
                    told = united(told, span)
                assert not total(subtract(span, told)), "who has the log only to here takes it for absence"
        pc.log.close()


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(STEP, st.floats(0, 1)), min_size=1, max_size=6))
def test_whatever_of_the_log_the_server_has_with_the_status_nobody_is_absent_who_may_be_there(
    steps: list[tuple[tuple[int, str, int], float]],
) -> None:
    """One learner is known by confirmations, one sits where no face can be told. The PC may be gone after each step."""
    with tempfile.TemporaryDirectory() as folder:
        pc = Pc(Path(folder))
        pc.recording.attendance.admit("a", "pin", at=pc.boot, witness="w")
        pc.recording.take(Watched(pc.boot))
        pc.recording.take(SeatLost("b", pc.boot))
        held = 0
        for (minutes, step, off), share in steps:
            pc.live(minutes * MINUTE)
            if step == "confirm":
                pc.recording.attendance._confirm("a", pc.boot, "pin", "w")
            held = max(held, round(share * pc.log.last_seq))
            status = pc.recording.status(0, (), held=held)
            assert status.watching_from is not None and status.watching_to is not None
            covered = [(status.watching_from, status.watching_to)]
            told: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
            for one in status.unobserved:
                told[one.learner].append((one.start, one.last))
            for record in pc.records()[:held]:
                if isinstance(record, Vouched | Unobserved):
                    told[record.learner].append((record.server_time(record.start), record.server_time(record.end)))
                elif isinstance(record, Coverage):
                    covered.append((record.server_time(record.start), record.server_time(record.end)))
            for learner, some in told.items():
                assert not total(subtract(spans(covered), spans(some))), learner
            if step in ("restart", "reboot"):
                pc.recording.flush(pc.log)
                pc.restart(reboot=step == "reboot", off_ms=off * MINUTE)
        pc.log.close()


def test_a_headcount_is_the_fullest_look_of_each_minute() -> None:
    count = Headcount()
    told = []
    for second in range(130):
        faces = 5 if second in (10, 70) else 4
        minute = count.sweep(Sweep(second * 1_000, faces, 1, 9.0, known=faces - 1))
        told += [minute] if minute else []
    last = count.end()
    assert last is not None
    assert [(one.start, one.end, one.people, one.known, one.unknown) for one in (*told, last)] == [
        (0, 59_000, 5, 4, 1), (59_000, 118_000, 5, 4, 1), (118_000, 129_000, 4, 3, 1),
    ]  # fmt: skip
    assert count.end() is None
    assert count.people == 0
