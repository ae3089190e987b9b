"""What a process holds while time goes by, and whether it grows. Pure but for the reading of a process."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec
import psutil

from tests.benchmarks.measure import Measure

WARM: Final = 3
"""One part in so many is not counted: caches fill, modules load, learners come for the first time. Of a server's day
it is 3 h 4 min: a server has most when a second class has begun and the first has not been let go of, after 2 h 45 min.
"""
MEMORY_GOAL: Final = 1.05
WINDOW: Final = 6
"""The first and last part in so many of what is counted are compared, by their medians."""


class Sample(msgspec.Struct, frozen=True):
    """One reading. `at`: class time, s."""

    process: str
    at: float
    rss: int
    uss: int
    threads: int
    handles: int
    children: int
    objects: int = 0
    """Python's, that the garbage collector knows; 0: not asked for."""
    sqlite: int = 0
    """Bytes of SQLite's page caches, which fill up to their limit: no part of what may not grow."""
    files: Mapping[str, int] = {}
    """Bytes of what lies in the data folder."""


def read(process: psutil.Process, name: str, at: float, objects: int = 0, folder: Path | None = None) -> Sample:
    """Read a process. Raises psutil.Error when it is gone."""
    full = process.memory_full_info()
    files = {one.name: one.stat().st_size for one in sorted(folder.iterdir()) if one.is_file()} if folder else {}
    return Sample(
        name, at, full.rss, getattr(full, "uss", full.rss), process.num_threads(), handles(process),
        len(process.children()), objects, files=files,
    )  # fmt: skip


def handles(process: psutil.Process) -> int:
    """Open files, sockets and pipes."""
    if sys.platform == "win32":
        return int(process.num_handles())
    return int(process.num_fds())


@dataclass(frozen=True, slots=True)
class Grown:
    """How a process changed from after its first third to the end."""

    process: str
    seconds: float
    rss: float
    """Last over first."""
    uss: float
    threads: int
    handles: int
    children: int
    """How many more it hardly ever had less of, and mostly: one that it lets go of later does not count."""
    objects: float
    first: Sample
    last: Sample
    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The largest that each file was until the middle, and after it."""


def grown(samples: Sequence[Sample]) -> Grown:
    """Judge one process's samples, in order. Raises ValueError where there are too few to tell."""
    counted = samples[len(samples) // WARM :]
    if len(counted) < WINDOW:
        raise ValueError(f"{len(samples)} samples are too few")
    width = len(counted) // WINDOW
    early, late, half = counted[:width], counted[-width:], len(counted) // 2

    def times(of: Callable[[Sample], int]) -> float:
        before = _middle(map(of, early))
        return _middle(map(of, late)) / before if before else 1.0

    def more(of: Callable[[Sample], int]) -> int:
        # What nine in ten readings of each half have at least: a page that is open now, or a child that is just
        # ending, is no growth, nor is it that there was once less. The middle must have grown too: a connection that
        # is closed in one reading of seven is by chance in none of a short half.
        before, after = [of(one) for one in counted[:half]], [of(one) for one in counted[half:]]
        return min(_least(after) - _least(before), statistics.median_low(after) - statistics.median_low(before))

    names = sorted({name for one in counted for name in one.files})
    return Grown(
        samples[0].process,
        counted[-1].at - counted[0].at,
        times(lambda one: one.rss - one.sqlite),
        times(lambda one: one.uss - one.sqlite),
        more(lambda one: one.threads),
        more(lambda one: one.handles),
        more(lambda one: one.children),
        times(lambda one: one.objects),
        counted[0],
        counted[-1],
        {
            name: (
                max(one.files.get(name, 0) for one in counted[:half]),
                max(one.files.get(name, 0) for one in counted[half:]),
            )
            for name in names
        },
    )


def _least(values: Iterable[int]) -> int:
    ordered = sorted(values)
    return ordered[len(ordered) // 10]


def _middle(values: Iterable[int]) -> float:
    return float(statistics.median(values))


def measures(part: str, found: Grown) -> list[Measure]:
    """As `run.py bench` prints them."""
    name = f"soak, {part}: {found.process}"
    out = [
        Measure(f"{name}: memory of its own, last over first", found.uss, "times", goal=MEMORY_GOAL,
                ok=found.uss <= MEMORY_GOAL),
        Measure(f"{name}: resident memory, last over first", found.rss, "times", found.first.rss / 1e6,
                goal=MEMORY_GOAL, ok=found.rss <= MEMORY_GOAL),
        *(
            Measure(f"{name}: {what} more", count, "", goal=0, ok=count <= 0)
            for what, count in (("threads", found.threads), ("handles", found.handles), ("children", found.children))
        ),
    ]  # fmt: skip
    if found.first.objects:
        out.append(Measure(f"{name}: Python's objects, last over first", found.objects, "times"))
    return out
