"""A slice of the soak for CI: the agent through as much class time as a minute gives.

Threads, handles and children may not grow at all. Memory is judged with more room than in `run.py bench soak`, where it
has hours: in a short time much comes for the first time. On a machine so busy that not even four minutes of class pass,
nothing is judged, and the counts say so: a slice fails for what grows, never for the machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.faults.loop import Budget, Found, Tally
from tests.soak.gauge import Grown, Sample, grown
from tests.soak.parts import class_time

LEAST_S, EVERY_S = 240.0, 8.0
"""Class time before which nothing is judged, and how often it is looked."""
LONGEST: Final = 1.25
"""After so many times its own time a slice ends, wherever it is. Starting and ending come on top."""
MEMORY: Final = 1.15
FILES: Final[dict[str, int]] = {"agent.log": 2_000_000, "log.db-wal": 8_000_000}
"""The most that a file of the data folder may take, bytes: the journal turns over, the write-ahead log is reused."""


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Live on until the time is used up."""
    tally, samples = Tally(), list[Sample]()
    ends = None if budget.seconds is None else budget.begin + budget.seconds * LONGEST
    for one in class_time(folder, every_s=EVERY_S, ends=ends):
        samples.append(one)
        if one.at >= LEAST_S and budget.over:
            break
    lived = samples[-1].at if samples else 0.0
    tally.counts.update(class_minutes=round(lived / 60), readings=len(samples), judged=int(lived >= LEAST_S))
    if lived >= LEAST_S:
        found = grown(samples)
        tally.counts["memory_percent"] = round(100 * found.uss)
        for sentence in wrong(found, MEMORY):
            tally.expect(False, sentence)
    return tally.found()


def wrong(found: Grown, memory: float) -> list[str]:
    """What grew that may not, a sentence each."""
    said = [f"{what} grew by {count}" for what, count in (
        ("threads", found.threads), ("handles", found.handles), ("children", found.children),
    ) if count > 0]  # fmt: skip
    if found.uss > memory:
        said.append(f"memory grew {found.uss:.3f} times: {found.first.uss} to {found.last.uss} bytes")
    said += [
        f"{name} took {found.files[name][1]} bytes"
        for name, most in FILES.items()
        if name in found.files and found.files[name][1] > most
    ]
    return said
