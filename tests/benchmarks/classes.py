"""Simulated classes of 20 minutes watched from end to end and judged against their truth, second by second.

One measure a class: the worst learner's error in seconds per coming or going (the goal is 3), strangers' credit
included: whoever was never there has no seconds at all. About 40 minutes on two cores, most of it rendering; needs
../shared/pictures.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge_agent.simulated_class.classes import hard, ordinary
from bridge_agent.simulated_class.script import Script
from tests.benchmarks.measure import Measure
from tests.bridge_agent.judging import PER_EDGE_S, judged, people, watched

SHARED = Path(__file__).resolve().parents[3] / "shared"
SECONDS, FPS = 1200, 5


def run() -> Iterator[Measure]:
    """An ordinary class of 12 and of 30, and a hard one of 24."""
    if not (SHARED / "pictures" / "london").is_dir():
        print("# classes: left out, it needs ../shared/pictures", file=sys.stderr)
        return
    os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    for kind, make, count in (("ordinary", ordinary, 12), ("ordinary", ordinary, 30), ("hard", hard, 24)):
        learners, strangers = people(SHARED, 0, count), people(SHARED, count, 2)
        yield _measure(f"{kind} class of {count}", make(learners, strangers, seconds=SECONDS, fps=FPS), count)


def _measure(name: str, script: Script, count: int) -> Measure:
    with tempfile.TemporaryDirectory() as folder:
        result = watched(script, people(SHARED, 0, count), Path(folder))
    worst = max(judged(result, script), key=lambda one: one.off_per_edge_s)
    print(f"# {name}: the worst is {worst}", file=sys.stderr)
    off = worst.off_per_edge_s
    return Measure(f"{name}, 20 min", off, "s off per coming or going", goal=PER_EDGE_S, ok=off <= PER_EDGE_S)
