"""A disk that fails: one write or sync of the log, or all from one on, ends with an error. No promise may be false."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.faults.loop import Budget, Found, Tally
from tests.faults.power_cuts import Disk, Promises
from tests.faults.trace import Said, record

CALLS = 500
"""Each of the first 500 writes, and of the first 500 syncs, fails once in the whole loop."""
FINISHED, GAVE_UP = 0, 3
"""What tests.faults.log_child may end with."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The `number`-th call fails; `lasting`: and all after it."""

    call: str
    error: str
    number: int
    lasting: bool

    @property
    def steps(self) -> int:
        """So many steps that the call comes about: a step makes some nine writes, and seven steps make twelve syncs."""
        return 30 + (self.number // 6 if self.call == "pwrite64" else 2 * self.number // 3)

    def words(self) -> str:
        """As strace wants it."""
        return f"{self.call}:error={self.error}:when={self.number}{'+' if self.lasting else ''}"


def faults(first: int, last: int) -> list[Fault]:
    """Every write and every sync from `first` to `last` fails once: broken or full in turn, for now or for good."""
    return [
        Fault(call, ("EIO", "ENOSPC")[number % 2], number, lasting=number % 3 == 0)
        for number in range(first, last + 1)
        for call in ("pwrite64", "fdatasync")
    ]


def suffer(fault: Fault, folder: Path, synchronous: str = "full") -> str | None:
    """Let a log be filled on a disk with this fault; the promise that is broken afterwards, or None.

    It is looked for on the files as they are, and on the disk as it is if the power goes at the end and what a failed
    sync left behind never reached it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "log.db"
    arguments, trace = [str(path), str(fault.steps), synchronous], folder / "trace"
    code, ops = record("tests.faults.log_child", arguments, path, trace, inject=fault.words())
    if "(INJECTED)" not in trace.read_text(encoding="ascii"):
        return f"{fault.words()}: never happened"
    if code not in (FINISHED, GAVE_UP):
        return f"{fault.words()}: ended with {code}"
    promises, disk = Promises(), Disk()
    for op in ops:
        disk.do(op)
        if isinstance(op, Said):
            promises.hear(op.words)
    if code == FINISHED and promises.records < fault.steps:
        return f"{fault.words()}: said too little"
    after_power_cut = folder / "cut"
    after_power_cut.mkdir()
    for name, data in disk.durable.items():
        (after_power_cut / name).write_bytes(data)
    trouble = promises.broken_by(path) or promises.broken_by(after_power_cut / "log.db")
    return f"{fault.words()}: {trouble}" if trouble else None


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """Every fault, in another order every day, so that slices come to all of them."""
    return suffer_all(seed, budget, lambda fault: suffer(fault, folder / "log"))


def suffer_all(seed: int, budget: Budget, suffer_one: Callable[[Fault], str | None]) -> Found:
    """Let one fault after the other happen; `suffer_one` tells the promise that it broke, or None."""
    tally, shuffled = Tally(), faults(1, CALLS)
    random.Random(seed).shuffle(shuffled)
    for number in budget.rounds(len(shuffled)):
        fault = shuffled[number]
        tally.counts["failed writes" if fault.call == "pwrite64" else "failed syncs"] += 1
        trouble = suffer_one(fault)
        tally.counts["false promises"] += trouble is not None
        tally.expect(trouble is None, trouble or "")
    return tally.found()
