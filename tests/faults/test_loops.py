from __future__ import annotations

import importlib
import time
from pathlib import Path

import pytest

from tests.faults.__main__ import main, run_all, tell
from tests.faults.loop import Budget, Found, round_seed
from tests.faults.loops import LOOPS, Loop

BAD = Loop("bad", "tests.faults.test_loops", "a loop that finds something", "1")
BROKEN = Loop("broken", "tests.faults.no_such_module", "a loop that ends with a traceback", "1")


def loop(_folder: Path, seed: int, budget: Budget) -> Found:
    """BAD, in a process of its own."""
    return Found({"tries": sum(1 for _ in budget.rounds(3)), "seed": seed}, ("as wanted",))


def test_every_loop_is_there() -> None:
    assert len({loop.name for loop in LOOPS}) == len(LOOPS)
    for one in LOOPS:
        assert callable(importlib.import_module(one.module).loop)


def test_a_slice_counts_and_is_good(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["decoders", "--seconds", "0.5", "--seed", "5"]) == 0
    out = capfd.readouterr().out
    assert '"loop": "decoders", "seed": 5' in out
    assert out.splitlines()[-1].startswith("decoders  10 min     inputs ")


def test_what_a_loop_finds_is_told_with_the_command_to_see_it_again(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = run_all([BAD, BROKEN], seed=7, seconds=30)
    assert outcomes["bad"] == Found({"tries": 3, "seed": 7}, ("as wanted",))
    assert outcomes["broken"].failures
    assert tell([BAD, BROKEN], outcomes, 7, 30) == 1
    out = capfd.readouterr().out
    assert "FAILED bad: as wanted\n  again: python3 deploy/run.py slices bad --seconds 30 --seed 7\n" in out
    assert "FAILED broken: ended with 1" in out


def test_a_loop_that_does_not_exist_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "there is no loop nothing; there are: kills" in capsys.readouterr().err


def test_a_budget_ends_in_time_but_never_before_the_first_round() -> None:
    assert list(Budget(None).rounds(4)) == [0, 1, 2, 3]
    assert list(Budget(10, begin=time.monotonic() - 11).rounds(4)) == [0]
    assert Budget(10, begin=time.monotonic() - 4).left(99) == pytest.approx(6, abs=1)
    assert Budget(None).left(99) == pytest.approx(99, abs=1)


def test_a_seed_gives_every_round_another_one_and_the_same_again() -> None:
    assert len({round_seed(seed, number) for seed in (1, 2) for number in range(50)}) == 100
    assert round_seed(1, 2) == round_seed(1, 2)
