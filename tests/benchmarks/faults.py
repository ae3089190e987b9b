"""The fault tests in full, whose slices run with the other tests: power cuts, bad line, failing disk, rubbish."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Measure
from tests.central_server.running import running, write_course
from tests.faults import bad_line, broken_disk, power_cuts
from tests.faults.fuzz_records import fuzz

NIGHTLY = True
SEED = 20261124
STATES = 20_000
BATCHES = 10_000
CALLS = 500
FUZZ_SECONDS = 600


def run() -> Iterator[Measure]:
    """Each loop in full, with its counts."""
    for part in (_power_cuts, _bad_line, _broken_disk, _fuzz):
        with tempfile.TemporaryDirectory(prefix="diemdanh-faults-") as folder:
            yield from part(Path(folder))


def _power_cuts(folder: Path) -> Iterator[Measure]:
    outcome = power_cuts.simulate(power_cuts.run(300, folder), STATES, SEED)
    yield Measure("faults.power_cuts", outcome.states, "states", goal=STATES)
    yield Measure("faults.power_cuts.broken", outcome.broken, "states", goal=0, ok=outcome.broken == 0)
    (folder / "normal").mkdir()
    normal = power_cuts.simulate(power_cuts.run(300, folder / "normal", "normal"), 1_000, SEED)
    yield Measure("faults.power_cuts.broken_at_normal", normal.broken, "states", goal=1, ok=normal.broken > 0)


def _bad_line(folder: Path) -> Iterator[Measure]:
    with running(folder / "data") as server:
        server.load(write_course(folder / "course.toml", learners=3))
        outcome = asyncio.run(bad_line.send_over(server, folder, BATCHES, SEED))
    wrong = outcome.lost + outcome.twice + outcome.falsely_acknowledged
    yield Measure("faults.bad_line", outcome.requests, "batches", goal=BATCHES)
    yield Measure("faults.bad_line.lost_or_twice", wrong, "records", goal=0, ok=wrong == 0)


def _broken_disk(folder: Path) -> Iterator[Measure]:
    faults = broken_disk.faults(1, CALLS)
    broken = [trouble for fault in faults if (trouble := broken_disk.suffer(fault, folder / "log"))]
    for trouble in broken[:10]:
        print(f"# {trouble}")
    yield Measure("faults.broken_disk", len(faults), "faults", goal=2 * CALLS)
    yield Measure("faults.broken_disk.false_promises", len(broken), "faults", goal=0, ok=not broken)


def _fuzz(_: Path) -> Iterator[Measure]:
    fed, taken = fuzz(FUZZ_SECONDS, SEED)
    yield Measure("faults.fuzz_records", fed, "inputs", ok=taken > 0)
