from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.power_cuts import run, simulate
from tests.faults.trace import Said, Sync, Write

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="needs strace (Debian package strace)")
STEPS = 120


@pytest.mark.timeout(300)
def test_no_power_cut_takes_what_the_log_has_promised(tmp_path: Path) -> None:
    ops = run(STEPS, tmp_path)
    said = [op.words[0] for op in ops if isinstance(op, Said)]
    assert said.count("RECORDS") == STEPS
    assert {"RECEIPT", "FIRST"} <= set(said)
    files = {op.name for op in ops if isinstance(op, Write)}
    assert files == {"log.db", "log.db-wal"}  # checkpoints are among it
    assert sum(isinstance(op, Sync) for op in ops) > STEPS
    outcome = simulate(ops, 1_500, seed=20261124)
    assert (outcome.broken, outcome.example) == (0, "")


@pytest.mark.timeout(300)
def test_the_same_test_fails_when_a_commit_is_not_synced(tmp_path: Path) -> None:
    outcome = simulate(run(STEPS, tmp_path, "normal"), 200, seed=1)
    assert outcome.broken > 50
    assert "lost" in outcome.example
