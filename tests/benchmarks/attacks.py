"""Attacks on the check-in, by kind, in ISO/IEC 30107-3's terms: APCER, the share of attack presentations taken for a
learner, with its 95 % bound. All are simulated: pictures of ../shared/pictures/london on rendered cards, through the
real networks and the real desk. BPCER is not measured: there is no footage of real heads that turn.

DIEMDANH_ATTACKS: static attacks of each of the five kinds (200). The whole takes an hour on two busy cores.
"""

from __future__ import annotations

import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from calibration.rates import bounds
from models.faces.engine import FaceProfile, load_engine
from models.faces.liveness import Passed, draw
from tests.attacks import STATIC, Tried, scene, statics
from tests.benchmarks.measure import Measure
from tests.turner import genuine, replay

NIGHTLY = True
SHARED = Path(__file__).resolve().parents[3] / "shared"
REPLAYS, RECORDINGS, SHOWN = 10_000, 300, 60
ONE_IN = 64


def run() -> Iterator[Measure]:
    """Static pictures, replays of other draws, colleagues; and how simulated heads fare, which is no BPCER."""
    yield from _replays_judged()
    london = Path(os.environ.get("DIEMDANH_PICTURES") or SHARED / "pictures" / "london")
    if not london.is_dir() or not (SHARED / "weights").is_dir():
        print(f"# attacks: those with pictures are left out, there is no {london}", file=sys.stderr)
        return
    os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    place = scene(london, load_engine(FaceProfile("yunet", "intel")))
    each = int(os.environ.get("DIEMDANH_ATTACKS", "200"))
    tried = list(statics(place, each))
    for kind in STATIC:
        of_kind = [one for one in tried if one.kind == kind]
        yield from _apcer(kind, of_kind)
        flags = Counter(flag for one in of_kind for flag in set(one.flags))
        for flag in ("moving_background", "bright_frame"):
            yield Measure(f"attacks, {kind}: flagged {flag}", flags[flag] / len(of_kind), "share")
    yield from _apcer("all static pictures", tried)
    colleagues = [place.colleague(number) for number in range(len(place.learners))]
    yield from _apcer("colleague with real turns", colleagues)
    heads = [place.live(number, person) for number, person in enumerate(place.learners[::3])]
    lives = [Tried("live", events) for events, _ in heads]
    passed = sum(one.passed for one in lives)
    yield Measure("simulated heads that follow (no BPCER: not real heads): refused", 1 - passed / len(lives), "share")
    flagged = sum(bool(one.flags) for one in lives)
    yield Measure("simulated heads that follow: flagged", flagged / len(lives), "share")
    recordings = [shown for (_, shown), one in zip(heads, lives, strict=True) if one.passed]
    if recordings:
        replays = [place.replay(1_000 + n, recordings[n % len(recordings)]) for n in range(SHOWN)]
        yield from _apcer("recording of another draw, as pictures", replays, 1 / ONE_IN)


def _replays_judged() -> Iterator[Measure]:
    """Recordings of simulated people's turns against other draws, judged by the challenge alone."""
    rng = random.Random(64)
    recordings: list[list[float]] = []
    while len(recordings) < RECORDINGS:
        end, yaws = genuine(draw(rng), rng)
        if end == Passed():
            recordings.append(yaws)
    # A recording is started well: from two frames late to a second early.
    ends = [replay(draw(rng), rng.choice(recordings), rng.randrange(-2, 9)) for _ in range(REPLAYS)]
    yield from _rate("recording of another draw, turns only", sum(end == Passed() for end in ends), REPLAYS, 1 / ONE_IN)


def _apcer(kind: str, tried: list[Tried], goal: float = 0.0) -> Iterator[Measure]:
    yield from _rate(kind, sum(one.passed for one in tried), len(tried), goal)


def _rate(kind: str, passed: int, tried: int, goal: float) -> Iterator[Measure]:
    yield Measure(f"APCER, {kind} ({passed} of {tried})", passed / tried, "share", goal=goal, ok=passed / tried <= goal)
    yield Measure(f"APCER, {kind}: upper 95 % bound", bounds(passed, tried)[1], "share")
