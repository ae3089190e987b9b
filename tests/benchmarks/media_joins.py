"""Twenty minutes of viewers who join and leave: the relay's memory stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.benchmarks.measure import Measure
from tests.benchmarks.media import memory

NIGHTLY = True
FULL_S, WARM_S = 1_200.0, 60.0


def run() -> Iterator[Measure]:
    """Takes 21 minutes."""
    yield asyncio.run(memory(FULL_S, WARM_S))
