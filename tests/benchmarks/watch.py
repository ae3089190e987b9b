"""`bridge-agent watch` on a room of 30 in 1080p at 15 frames a second: how many times faster than real time.

The whole program's work is timed: opening, loading the networks, enrolling 30 portraits, decoding, one sweep a second.
Needs ../shared/pictures. How right it is: tests/benchmarks/classes.py.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge_agent.simulated_class.classes import ordinary
from bridge_agent.watch import watch
from models.faces.engine import FaceProfile
from tests.benchmarks.measure import Measure
from tests.bridge_agent.judging import film, people, portraits

SHARED = Path(__file__).resolve().parents[3] / "shared"
GOAL = 5.0
SECONDS, FPS, LEARNERS, RUNS = 90, 15, 30, 3


def run() -> Iterator[Measure]:
    """The factor with the weights, and with the packages alone."""
    if not (SHARED / "pictures" / "london").is_dir():
        print("# watch: left out, it needs ../shared/pictures", file=sys.stderr)
        return
    os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        learners = people(SHARED, 0, LEARNERS)
        script = ordinary(learners, people(SHARED, LEARNERS, 1), seconds=SECONDS, fps=FPS)
        video = film(script, folder / "class.mp4")
        known = portraits(learners, folder / "portraits")
        for label, profile, goal in (
            ("with weights", FaceProfile("yunet", "intel"), GOAL),
            ("packages alone", FaceProfile("dlib", "dlib"), None),
        ):
            factors = []
            for _ in range(RUNS if goal else 1):
                result = watch(str(video), known, folder / "out.json", faces=profile)
                factors.append(result["video_seconds"] / result["took_seconds"])
            factor = statistics.median(factors)
            yield Measure(
                f"watch 1080p {FPS} fps, {LEARNERS} faces, {label}",
                factor,
                "x real time",
                goal=goal,
                ok=goal is None or factor >= goal,
            )
