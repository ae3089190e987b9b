"""Participation: what a record costs as it comes, and what computing everybody anew costs.

As it comes: the records of a bridge point's morning go into models.islands one by one, in the order in which they were
made, in a random order, and with the room's coverage among them. Beside it, what a list must do in any case: a bare
bisect.insort of the same intervals into each learner's list. And the batch computation after each record, which is
what the incremental one replaces, over a few of them.

Anew: models.participation.participation for each of many learners, beside the bare sort of the same intervals as
packed 64-bit integers, in chunks, by numpy: what any batch over all learners has to do at least.
"""

from __future__ import annotations

import random
import time
from bisect import insort
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from models.islands import PointTotals
from models.participation import Rule, participation, scheduled
from tests.benchmarks.measure import Measure

S = 1000
START, END = 0, 12_600 * S
SCHEDULE = scheduled(START, END, [(5_400 * S, 6_300 * S)])
CUT = 600 * S
LEARNERS, INTERVALS = 30, 40
"""At one bridge point; intervals of each learner in three and a half hours (long ones are cut every 10 min)."""
MANY, EACH = 2_000, 40
"""Learners of the batch, intervals of each."""
CHUNK = 1_000_000
TURNS = 50
GOAL_US = 3.0

Interval = tuple[str, int, int]


def run() -> Iterator[Measure]:
    """All of them; a few seconds."""
    yield per_record()
    made = _morning(LEARNERS, INTERVALS)
    mixed = random.Random(2).sample(made, len(made))
    yield _measure("a record, in random order", mixed, _islands)
    yield _measure("a record, coverage among them", made, _with_coverage)
    yield _anew(made)
    yield _batch()


def per_record() -> Measure:
    """What one presence record costs, in the order in which records are made: the goal of issue 4."""
    return _measure("a record", _morning(LEARNERS, INTERVALS), _islands)


def _measure(name: str, made: Sequence[Interval], ours: Callable[[Sequence[Interval]], object]) -> Measure:
    times = [(_us(ours, made), _us(_bare, made)) for _ in range(TURNS)]
    value, bare = map(min, zip(*times, strict=True))  # what else runs on the PC can only make a time longer
    ok = value <= GOAL_US
    return Measure(f"participation, {name}", value, "us", baseline=bare, goal=GOAL_US, ok=ok)


def _us(work: Callable[[Sequence[Interval]], object], made: Sequence[Interval]) -> float:
    begin = time.perf_counter()
    work(made)
    return (time.perf_counter() - begin) / len(made) * 1e6


def _morning(learners: int, intervals: int) -> list[Interval]:
    """Every learner's intervals over the session with gaps of a few seconds to minutes, in the order of their ends."""
    dice = random.Random(1)
    made = []
    for number in range(learners):
        edges = sorted(dice.sample(range(START, END), 2 * intervals))
        made += [(f"l-{number}", start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    return sorted(made, key=lambda one: one[2])


def _islands(made: Sequence[Interval]) -> PointTotals:
    point = PointTotals(SCHEDULE, Rule())
    for start in range(START, END, CUT):
        point.watch(start, start + CUT)
    for learner, start, end in made:
        point.see(learner, start, end)
    return point


def _with_coverage(made: Sequence[Interval]) -> PointTotals:
    """Each stretch of coverage comes when it is cut: behind the records that lie in it."""
    point, watched = PointTotals(SCHEDULE, Rule()), START
    for learner, start, end in made:
        while end > watched + CUT:
            point.watch(watched, watched + CUT)
            watched += CUT
        point.see(learner, start, end)
    return point


def _bare(made: Sequence[Interval]) -> dict[str, list[tuple[int, int]]]:
    lists: dict[str, list[tuple[int, int]]] = {}
    for learner, start, end in made:
        insort(lists.setdefault(learner, []), (start, end))
    return lists


def _anew(made: Sequence[Interval]) -> Measure:
    """Totals after each record of one learner: carried on, and computed anew from all that came so far."""
    mine = [(start, end) for learner, start, end in made if learner == "l-0"]
    coverage = [(START, END)]
    point = PointTotals(SCHEDULE, Rule())
    point.watch(START, END)
    begin = time.perf_counter()
    for start, end in mine:
        point.see("l-0", start, end)
        carried = point.totals("l-0")
    ours = (time.perf_counter() - begin) / len(mine) * 1e6
    begin = time.perf_counter()
    for count in range(1, len(mine) + 1):
        computed = participation(SCHEDULE, mine[:count], coverage, Rule()).totals
    theirs = (time.perf_counter() - begin) / len(mine) * 1e6
    if carried != computed:
        raise RuntimeError(f"{carried} is not {computed}")
    name = "participation, a record and the learner's totals, against the batch"
    return Measure(name, ours, "us", baseline=theirs, ratio=theirs / ours)


def _batch() -> Measure:
    """Everybody anew, intervals a second, against the bare sort of the same."""
    dice = np.random.default_rng(1)
    edges = np.sort(dice.integers(START, END, (MANY, EACH, 2)), axis=2)
    coverage = np.array([(START, END)])
    begin = time.perf_counter()
    for rows in edges:
        participation(SCHEDULE, rows, coverage, Rule())
    ours = edges.shape[0] * EACH / (time.perf_counter() - begin)
    learners = np.repeat(np.arange(MANY), EACH)
    packed = (learners << 40) + edges[:, :, 0].ravel()
    dice.shuffle(packed)
    begin = time.perf_counter()
    for at in range(0, len(packed), CHUNK):
        packed[at : at + CHUNK].sort()
    bare = len(packed) / (time.perf_counter() - begin)
    name = f"participation, {MANY} learners anew by the batch, against the bare sort"
    return Measure(name, ours, "intervals/s", baseline=bare, ratio=ours / bare)
