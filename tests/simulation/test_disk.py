from __future__ import annotations

import random
from pathlib import Path

import pytest

from bridge_agent.errors import RetryableError
from bridge_agent.log import Log
from tests.faults.making import presence
from tests.simulation.disk import PcDisk, simulated_disks

CUTS = 40


def broken_by_a_cut(folder: Path, seed: int, synchronous: str) -> bool:
    """Fill a log until the power goes in the middle of something; whether it lost what it had promised."""
    folder.mkdir()
    rng = random.Random(seed)
    with simulated_disks() as disks:
        disk = PcDisk(folder, rng)
        disks.add(disk)
        log = Log.open(folder / "log.db", "d1", 1)
        log._db.execute(f"pragma synchronous = {synchronous}")
        disk.fuse = rng.randrange(5, 200)
        promised: list[bytes] = []
        try:
            while True:
                log.append([presence(log.last_seq + 1)])
                promised = log.lines(1, log.last_seq)
        except RetryableError:
            assert disk.gone
        log.close()
        disk.settle()
        disk.switch_on()
        log = Log.open(folder / "log.db", "d1", 1)
        there = log.lines(1, log.last_seq)
        log.close()
    return there[: len(promised)] != promised or log.damage is not None


@pytest.mark.parametrize(("synchronous", "holds"), [("full", True), ("normal", False)])
def test_a_simulated_power_cut_costs_what_was_not_synced_and_nothing_else(
    tmp_path: Path, synchronous: str, holds: bool
) -> None:
    broken = [broken_by_a_cut(tmp_path / str(seed), seed, synchronous) for seed in range(CUTS)]
    assert any(broken) != holds


def test_a_disk_that_is_full_or_broken_says_so_and_is_well_again_later(tmp_path: Path) -> None:
    with simulated_disks() as disks:
        disk = PcDisk(tmp_path, random.Random(1))
        disks.add(disk)
        log = Log.open(tmp_path / "log.db", "d1", 1)
        for trouble in ("full", "errors"):
            disk.trouble = trouble
            with pytest.raises(RetryableError):
                for _ in range(50):
                    log.append([presence(log.last_seq + 1)])
            disk.trouble = "none"
            before = log.last_seq
            assert log.append([presence(before + 1)]) == before + 1
        log.close()
