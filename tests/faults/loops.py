"""The loops: each does one kind of harm again and again and counts what came of it, which must be nothing.

    run.py slices [NAME …] [--seconds 60]     a slice of each, five at a time; .ci/run does this
    run.py slices NAME --full                 all of one
    run.py nightly                            all of all, after the benchmarks

A loop is a module with `loop(folder, seed, budget) -> Found` (tests.faults.loop): `folder` is its own and empty, one
seed is one run as far as the machine allows, and whatever is found wrong names what is needed to see it again. A new
one is a line in LOOPS.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from tests.faults.loop import Budget, Found


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop by its name."""

    name: str
    module: str
    what: str
    full: str
    """How much all of it is, in words."""
    alone: bool = False
    """It asks how soon something happens, so nothing else may run beside it."""


def run_here(module: str, folder: Path, seed: int, budget: Budget) -> Found:
    """Run a module's loop in this process. The module is loaded now and not before."""
    found = importlib.import_module(module).loop(folder, seed, budget)
    assert isinstance(found, Found)
    return found


LOOPS = (
    Loop("kills", "tests.faults.many_kills", "agent and server killed with -9", "1,000 kills", alone=True),
    Loop("api_requests", "tests.faults.api_requests", "requests generated from the API's description", "100,000"),
    Loop("power_cuts", "tests.faults.power_cuts", "power cuts under the agent's log", "20,000 states"),
    Loop("bad_line", "tests.faults.bad_line", "batches over a bad line", "10,000 batches"),
    Loop(
        "media_line",
        "tests.faults.media_line",
        "a stream over a bad line, the relay killed",
        "4 cuts, 4 kills",
        alone=True,
    ),
    Loop("broken_disk", "tests.faults.broken_disk", "writes and syncs of the agent's log that fail", "500 of each"),
    Loop("broken_ledger", "tests.faults.broken_ledger", "those of the server's database", "500 of each"),
    Loop("changed_log", "tests.faults.changed_log", "changes to an agent's log by hand", "1,000"),
    Loop("changed_ledger", "tests.faults.changed_ledger", "changes to the server's tables by hand", "1,000"),
    Loop("whole_system", "tests.simulation.seeds", "a server and 20 agents, all that can go wrong", "1,000 seeds"),
    Loop("soak", "tests.soak.slice", "the agent through a class in short seconds", "8 h of class time"),
    Loop("decoders", "tests.faults.fuzz_records", "rubbish for the decoders of records", "10 min"),
)
