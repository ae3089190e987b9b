"""The agent killed 50 times in 20 minutes of class while the server goes up and down: what is lost (nothing may be)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Measure
from tests.end_to_end.kills import World

NIGHTLY = True
KILLS = 50
SECONDS = 1200
SEED = 20261124


def run() -> Iterator[Measure]:
    """Play one class; takes SECONDS and half a minute."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), SECONDS, SEED)
        try:
            outcome = world.play(KILLS)
        finally:
            world.close()
    yield Measure("kills.agent", outcome.kills, "kills", goal=KILLS, ok=outcome.kills == KILLS)
    yield Measure("kills.server", outcome.server_kills, "kills")
    yield Measure("kills.records", outcome.records, "records")
    lost = outcome.acknowledged_lost + outcome.log_differs
    yield Measure("kills.acknowledged_lost", lost, "records", goal=0, ok=lost == 0)
    yield Measure("kills.twice", outcome.twice, "records", goal=0, ok=outcome.twice == 0)
    invented = max(outcome.invented_ms.values()) / 1000
    yield Measure("kills.presence_invented", invented, "s", goal=0, ok=invented == 0)
    worst = outcome.worst_gap_ms / 1000
    yield Measure("kills.presence_lost_a_kill_worst", worst, "s", goal=10, ok=worst <= 10)
    mean = outcome.short_ms["HV1"] / 1000 / max(1, outcome.kills)
    yield Measure("kills.presence_lost_a_kill_mean", mean, "s", goal=10, ok=mean <= 10)
    yield Measure(
        "kills.watching_again_after_worst", outcome.restart_ms / 1000, "s", goal=10, ok=outcome.restart_ms <= 10_000
    )
