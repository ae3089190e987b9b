"""What a benchmark yields: one Measure, printed as one line of JSON."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
    """Processor time of a process, threads that have ended among them, in s: psutil's has steps of 10 ms.

    Linux: the clock that clock_getcpuclockid(3) names for the process.
    """
    return time.clock_gettime(~pid << 3 | 2)


def median_ms(work: Callable[[], object], runs: int = 3) -> float:
    """Median time of `runs` calls, in ms, after one call that is not counted."""
    work()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)
