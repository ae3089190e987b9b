"""The loop media_line at its shortest, and that it finds what is wrong."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from bridge_agent.entries import stamped
from bridge_agent.server_clock import ClockSample
from models.records import WHOLE_PICTURE, AnyRecord, Coverage, Link, Presence
from tests.faults.loop import Budget
from tests.faults.media_line import HARMS, Harm, loop, order, wrong_in_log

CLOCK = ClockSample(wall=1_795_482_000_000, boot_id="b", boot=1_000_000, offset=0, uncertainty=5)
HARM = Harm("cut", 0.1, 0.2, at=50_000, until=80_000)
EYES = {"detector": "d", "encoder": "e"}


def placed(*made: AnyRecord) -> list[AnyRecord]:
    return [msgspec.structs.replace(one, seq=seq) for seq, one in enumerate(made, 1)]


def link(start: int, end: int, ended_by: str) -> Link:
    return stamped(Link, "K1.1", CLOCK, start=start, end=end, ended_by=ended_by)


def seen(end: int = 100_000) -> list[AnyRecord]:
    present = {"start": 2_000, "end": end, "sightings": 90, "best_score": 0.8, "encoder": "e"}
    return [
        *(stamped(Presence, "K1.1", CLOCK, learner=f"HV{n}", **present) for n in range(3)),
        stamped(Coverage, "K1.1", CLOCK, start=1_500, end=100_500, ended_by="stopped", zones=WHOLE_PICTURE, **EYES),
    ]


BEFORE, AFTER = link(3_000, 49_500, "line_lost"), link(82_000, 100_000, "stopped")


def test_a_complete_log_is_found_so_and_each_fault_is_not() -> None:
    good = placed(BEFORE, *seen(), AFTER)
    assert wrong_in_log(good, [HARM]) == []
    faulty = {
        "a record is missing": good[1:],
        "present from 2000 to 70000": placed(BEFORE, *seen(70_000), AFTER),
        "2 presences of 2 learners": placed(BEFORE, *seen()[1:], AFTER),
        "4 presences of 3 learners": placed(BEFORE, seen()[0], *seen(), AFTER),
        "was watched 2 times": placed(BEFORE, *seen(), *seen()[3:], AFTER),
        "ended 4500 ms after": placed(link(3_000, 54_500, "line_lost"), *seen(), AFTER),
        "ended -10000 ms after": placed(link(3_000, 40_000, "line_lost"), *seen(), AFTER),
        "began 1000 ms before": placed(BEFORE, *seen(), link(79_000, 100_000, "stopped")),
        "links ended by ['stopped']": placed(*seen(), link(3_000, 100_000, "stopped")),
    }
    for words, held in faulty.items():
        assert words in "\n".join(wrong_in_log(held, [HARM]))


@pytest.mark.parametrize("seed", range(3))
def test_all_harm_is_done_in_turn(seed: int) -> None:
    done = order(seed)
    assert sorted(map(repr, done)) == sorted(map(repr, HARMS))
    assert all(before.what != after.what for before, after in pairwise(done))


@pytest.mark.alone
@pytest.mark.timeout(180)
def test_a_relay_that_is_killed_on_a_bad_line_costs_the_log_nothing(tmp_path: Path) -> None:
    found = loop(tmp_path, 1, Budget(0.001))
    assert found.failures == ()
    assert found.counts["kill"] == 1 and found.counts["records"] > 8
