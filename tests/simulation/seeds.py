"""Histories by their seeds: one, or many until there are enough or time is up; which of them failed, and how."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.loop import Budget, Found
from tests.faults.power_cuts import MEMORY
from tests.simulation import checks, template
from tests.simulation.disk import simulated_disks
from tests.simulation.entropy import seeded_entropy
from tests.simulation.loop import simulated_loop
from tests.simulation.pc import WitnessedLog
from tests.simulation.world import DRAIN_S, World

AGAIN = ".venv/bin/python -m tests.simulation --seed {seed}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one seed. `failure`: what was wrong, or None."""

    seed: int
    digest: str
    events: int
    records: int
    receipts: int
    requests: int
    failure: str | None = None
    details: str = ""


@dataclass(slots=True)
class Counts:
    """What many seeds showed."""

    seeds: int = 0
    events: int = 0
    records: int = 0
    receipts: int = 0
    requests: int = 0
    failed: list[Outcome] = field(default_factory=list)
    digests: dict[int, str] = field(default_factory=dict)
    """By seed."""

    def add(self, outcome: Outcome) -> None:
        """Count one in."""
        self.seeds += 1
        self.digests[outcome.seed] = outcome.digest
        self.events += outcome.events
        self.records += outcome.records
        self.receipts += outcome.receipts
        self.requests += outcome.requests
        if outcome.failure is not None:
            self.failed.append(outcome)


def run_seed(
    seed: int, made: Path, folder: Path, *, log: type[WitnessedLog] = WitnessedLog, loud: bool = False
) -> Outcome:
    """Play one history in the empty folder `folder`. `made`: what template.make made."""
    template.copy(made, folder)
    with seeded_entropy(f"seed {seed}"), simulated_disks() as disks, simulated_loop() as loop:
        world = World(seed, loop, disks, folder, made / "portraits", log=log, loud=loud)
        failure, details, receipts = None, "", 0
        try:
            receipts = loop.run_until_complete(_history(world))
        except Exception as error:  # whatever ends a history early is a failure of it
            first = loop.failures[0] if loop.failures else error
            failure, details = f"{type(first).__name__}: {first}", "".join(traceback.format_exception(first))
        records = sum(len(lines) for pc in world.pcs.values() for lines in pc.promises.lines.values())
        return Outcome(
            seed, world.history.digest, world.history.events, records, receipts, world.network.fates.total(), failure,
            details,
        )  # fmt: skip


async def _history(world: World) -> int:
    """From the first minute to the last check; how many receipts the PCs keep."""
    await world.play()
    await world.get_well()
    until = world.loop.now + DRAIN_S
    await asyncio.sleep(10)
    while checks.waiting(world) and world.loop.now < until:  # noqa: ASYNC110 - nobody tells when all is there
        await asyncio.sleep(10)
    for pc in world.pcs.values():
        await pc.shut_down()
    await world.network.settle()
    checks.nothing_failed_unseen(world)
    checks.records_are_there(world)
    checks.forks_are_kept(world)
    checks.revoked_is_out(world)
    receipts = checks.receipts_of(world)
    checks.proof_holds(world, receipts)
    checks.clocks_are_honest(world)
    checks.participation_is_true(world)
    checks.the_desk_was_used(world)
    await world.central.stop()
    return len(receipts)


@contextmanager
def workshop() -> Iterator[tuple[Path, Path]]:
    """A template and an empty folder for histories, in memory where there is room."""
    with tempfile.TemporaryDirectory(prefix="diemdanh-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        made, folder = Path(name) / "template", Path(name) / "seed"
        made.mkdir()
        logging.disable(logging.CRITICAL)
        try:
            template.make(made)
            yield made, folder
        finally:
            logging.disable(logging.NOTSET)


def loop(folder: Path, seed: int, budget: Budget) -> Found:
    """The whole system's histories as one of the loops (tests.faults.loops): another thousand of seeds every day."""
    counts = run_seeds(seed * 1000, 1000, budget.seconds)
    sums = {name: getattr(counts, name) for name in ("seeds", "events", "records", "receipts", "requests")}
    return Found(sums, tuple(f"seed {one.seed}: {one.failure}" for one in counts.failed))


def run_seeds(
    first: int,
    count: int | None = None,
    seconds: float | None = None,
    *,
    log: type[WitnessedLog] = WitnessedLog,
    until_one_fails: bool = False,
) -> Counts:
    """Play seed after seed from `first` on, until `count` are done or `seconds` have passed; a failing one is printed.

    `log`: the agents' log, which may be a broken one, for tests of the tests.
    """
    counts, began = Counts(), time.monotonic()
    with workshop() as (made, folder):
        while (count is None or counts.seeds < count) and (seconds is None or time.monotonic() - began < seconds):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            outcome = run_seed(first + counts.seeds, made, folder, log=log)
            counts.add(outcome)
            if outcome.failure is not None:
                print(f"seed {outcome.seed}: {outcome.failure}\n  again: {AGAIN.format(seed=outcome.seed)}", flush=True)
                if until_one_fails:
                    break
    return counts
