"""What every loop is given and gives back: `loop(folder, seed, budget) -> Found`. The loops: tests.faults.loops."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a loop is run: a slice of so many seconds, or (None) all of it."""

    seconds: float | None = None
    begin: float = field(default_factory=time.monotonic)

    def rounds(self, full: int) -> Iterator[int]:
        """0 to full - 1, or as many of them as begin in time; the first always."""
        for number in range(full):
            if number and self.over:
                return
            yield number

    @property
    def over(self) -> bool:
        """The time is used up."""
        return self.seconds is not None and time.monotonic() - self.begin >= self.seconds

    def left(self, full: float) -> float:
        """Seconds that are left of the slice, or of `full` when all of the loop is run."""
        return (full if self.seconds is None else self.seconds) - (time.monotonic() - self.begin)


@dataclass(frozen=True, slots=True)
class Found:
    """What a loop did, counted, and what it found wrong: one sentence each, with what is needed to see it again."""

    counts: Mapping[str, float]
    failures: tuple[str, ...] = ()


class Tally:
    """Counts and failures while a loop runs."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def expect(self, good: bool, otherwise: str) -> None:
        """Note a failure unless `good`."""
        if not good:
            self.failures.append(otherwise)

    def found(self) -> Found:
        """What there is now."""
        return Found(dict(self.counts), tuple(self.failures))


def round_seed(seed: int, number: int) -> int:
    """The seed of one round: another for every round and every day."""
    return random.Random(f"{seed}/{number}").getrandbits(32)
