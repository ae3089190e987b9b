from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.check_in.vouching import (
    Closed,
    UnobservedInterval,
    VouchedInterval,
    Voucher,
    VouchState,
)

MINUTE = 60_000


def brief(closed: list[Closed] | list[UnobservedInterval]) -> list[tuple[str, float, float]]:
    return [("vouched" if isinstance(i, VouchedInterval) else i.why, i.start / MINUTE, i.end / MINUTE) for i in closed]


def played(*confirmed: int, end: int, vouch: int = 45) -> list[tuple[str, float, float]]:
    voucher, closed = Voucher(vouch_ms=vouch * MINUTE), list[Closed]()
    for minute in range(end + 1):
        closed += voucher.tick(minute * MINUTE)
        if minute in confirmed:
            closed += voucher.confirm("a", minute * MINUTE, "pin", "w")
    return brief([*closed, *voucher.close(end * MINUTE)])


def test_time_between_confirmations_is_vouched_and_the_rest_is_unobserved() -> None:
    assert played(0, 30, 60, end=75) == [("vouched", 0, 30), ("vouched", 30, 60), ("no_face", 60, 75)]


def test_a_confirmation_that_comes_too_late_vouches_for_nothing_and_the_log_was_told_before() -> None:
    assert played(0, 70, end=80) == [("no_face", 0, 46), ("no_face", 46, 56), ("no_face", 56, 66), ("no_face", 66, 70),
                                     ("no_face", 70, 80)]  # fmt: skip
    assert played(0, 45, end=45) == [("vouched", 0, 45)]


def test_after_a_missed_spot_check_nothing_is_written_until_the_next_confirmation() -> None:
    voucher = Voucher()
    assert voucher.confirm("a", 0, "card", "w") == []
    assert brief(voucher.missed("a", 20 * MINUTE)) == [("no_face", 0, 20)]
    assert voucher.tick(90 * MINUTE) == []
    assert voucher.confirm("a", 100 * MINUTE, "pin", "w") == []
    assert brief(voucher.confirm("a", 110 * MINUTE, "pin", "w")) == [("vouched", 100, 110)]


def test_a_break_counts_towards_no_limit() -> None:
    voucher = Voucher(breaks=[(30 * MINUTE, 45 * MINUTE)])
    voucher.confirm("a", 0, "pin", "w")
    assert voucher.tick(58 * MINUTE) == []
    assert brief(voucher.confirm("a", 59 * MINUTE, "pin", "w")) == [("vouched", 0, 59)]


def test_the_clock_of_another_start_of_the_pc_goes_on_unobserved() -> None:
    voucher = Voucher()
    voucher.confirm("a", 10 * MINUTE, "pin", "w")
    assert brief(voucher.pause(20 * MINUTE)) == [("no_face", 10, 20)]
    again = Voucher(msgspec.json.decode(msgspec.json.encode(voucher.state), type=VouchState))
    assert again.unconfirmed("a")
    assert again.tick(1 * MINUTE) == []
    assert brief(again.confirm("a", 5 * MINUTE, "pin", "w")) == [("no_face", 1, 5)]


def test_whom_the_camera_knows_from_now_on_is_let_go() -> None:
    voucher = Voucher()
    voucher.confirm("a", 0, "pin", "w")
    assert brief(voucher.release("a", 5 * MINUTE)) == [("no_face", 0, 5)]
    assert voucher.close(50 * MINUTE) == []


STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(["confirm", "missed", "tick", "crash", "reboot", "none"])),
    min_size=1,
    max_size=60,
)


@given(STEPS)
def test_intervals_never_overlap_and_add_up_to_all_time_but_that_after_a_missed_check(
    steps: list[tuple[int, str]],
) -> None:
    """A crash (the state is decoded again) changes nothing; a reboot costs the time since the last confirmation."""
    voucher, closed = Voucher(), list[Closed]()
    at, dark, expected = 0, True, 0
    for wait, step in steps:
        at += wait * MINUTE
        if not dark:
            expected += wait * MINUTE
        match step:
            case "confirm":
                closed += voucher.confirm("a", at, "pin", "w")
                dark = False
            case "missed" if not dark:
                closed += voucher.missed("a", at)
                dark = True
            case "tick":
                closed += voucher.tick(at)
            case "crash":
                voucher = Voucher(msgspec.json.decode(msgspec.json.encode(voucher.state), type=VouchState))
            case "reboot":
                closed += voucher.pause(at)
                assert voucher.tick(at) == []
            case _:
                pass
    closed += voucher.close(at)
    spans = sorted((i.start, i.end) for i in closed)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert sum(end - start for start, end in spans) == expected
    for interval in closed:
        if isinstance(interval, VouchedInterval):
            assert interval.end - interval.start <= 45 * MINUTE
