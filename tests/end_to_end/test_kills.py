from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.kills import World

pytestmark = pytest.mark.timed

KILLS = 4
SECONDS = 30
"""Shorter than the nightly class (tests/benchmarks/kills.py) and gentler than the loop (tests/faults/many_kills.py)."""


@pytest.mark.timeout(180)
def test_an_agent_killed_again_and_again_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    world = World(tmp_path, SECONDS, seed=20261124)
    try:
        outcome = world.play(KILLS)
    finally:
        world.close()
    assert outcome.kills == KILLS
    assert outcome.server_kills >= 1
    assert outcome.acknowledged_lost == 0
    assert outcome.twice == 0
    assert not outcome.log_differs
    assert outcome.seals == 1
    assert outcome.check_ins == {"HV1": 1, "HV2": 1, "HV3": 1}
    assert outcome.worst_ms_a_kill() <= 10_000
    assert outcome.worst_gap_ms <= 10_000
    assert max(outcome.invented_ms.values()) == 0
