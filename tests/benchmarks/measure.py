"""What a benchmark yields: one Measure, printed as one line of JSON."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    `baseline` is the other way of doing it, or the bare limit, run beside ours in the same run and in the same unit.
    `ok` says whether `goal` is met: a bound on `ratio` where there is one, else on `value`.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    goal: float | None = None
    ok: bool = True

    def line(self) -> dict[str, Any]:
        """The measure as it is printed, numbers rounded to four significant digits."""
        return {key: float(f"{v:.4g}") if isinstance(v, float) else v for key, v in asdict(self).items()}


def cpu_seconds(pid: int) -> float:
    """Processor time of a process's threads, in s, to the nanosecond: the system's usual count has steps of 10 ms."""
    spent = [int(one.read_text().split()[0]) for one in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(spent) / 1e9


def median_ms(work: Callable[[], object], runs: int = 3) -> float:
    """Median time of `runs` calls, in ms, after one call that is not counted."""
    work()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)
