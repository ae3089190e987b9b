"""Eight hours of class time, and a week without one, faster than real time: memory, threads, handles, files.

What each process holds after a warm-up third against what it holds at the end (tests/soak). Memory is that without
SQLite's page caches, which have a limit of their own; a handle or thread counts as more when there was never less.
Takes an hour on a free machine; `python -m tests.soak.parts PART` runs one part and prints its readings.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import Measure
from tests.soak.gauge import grown, measures
from tests.soak.parts import PARTS, by_process, of_part

NIGHTLY = True


def run() -> Iterator[Measure]:
    """Each part after the other."""
    for name, part in PARTS.items():
        for samples in by_process(of_part(name)).values():
            yield from measures(part.what, grown(samples))
