"""Run loops, each in a process of its own: `python -m tests.faults [NAME …] [--seconds 60 | --full]`.

Five run at a time, for most wait for disks and programs, but for those that want to be alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.faults.loop import Budget, Found
from tests.faults.loops import LOOPS, Loop, run_here

SLICE_S = 60.0
SIDE_BY_SIDE = 5
GRACE_S = 180.0
"""A slice that has not ended so long after its time hangs."""
SHOWN = 5
"""Failures told of one loop."""


def main(argv: Sequence[str]) -> int:
    """Run the loops named on the command line, or all; 1 when one of them found something."""
    names = {loop.name: loop for loop in LOOPS}
    parser = argparse.ArgumentParser(prog="run.py slices", description="Run a slice of each loop, or all of it.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)} (all when none is named)")
    parser.add_argument("--seconds", type=float, default=SLICE_S, help="how long a slice is (default: %(default)g)")
    parser.add_argument("--full", action="store_true", help="all of each loop instead of a slice")
    parser.add_argument("--seed", type=int, default=int(f"{datetime.now(UTC):%Y%m%d}"), help="default: today's date")
    parser.add_argument("--inside", metavar="MODULE", help=argparse.SUPPRESS)
    wanted = parser.parse_args(argv)
    if unknown := set(wanted.names) - set(names):
        parser.error(f"there is no loop {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    loops = [names[name] for name in wanted.names] or list(LOOPS)
    seconds = None if wanted.full else wanted.seconds
    if wanted.inside:
        logging.basicConfig(level=logging.ERROR)  # refusals are what the loops are for
        with tempfile.TemporaryDirectory(prefix="diemdanh-loop-") as folder:
            found = run_here(wanted.inside, Path(folder), wanted.seed, Budget(seconds))
        print(msgspec.json.encode(found).decode())
        return 0
    print(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, seed {wanted.seed}", file=sys.stderr)
    return tell(loops, run_all(loops, wanted.seed, seconds), wanted.seed, seconds)


def tell(loops: Sequence[Loop], outcomes: Mapping[str, Found], seed: int, seconds: float | None) -> int:
    """Print the counts, what went wrong and how to see it again; the exit code."""
    print(table(loops, outcomes))
    for loop in loops:
        found = outcomes[loop.name]
        for failure in found.failures[:SHOWN]:
            print(f"FAILED {loop.name}: {failure}")
        if found.failures:
            much = "--full" if seconds is None else f"--seconds {seconds:g}"
            print(f"  again: python3 deploy/run.py slices {loop.name} {much} --seed {seed}")
    return 1 if any(found.failures for found in outcomes.values()) else 0


def run_all(loops: Sequence[Loop], seed: int, seconds: float | None) -> dict[str, Found]:
    """Run the loops that want to be alone, then the others five at a time; what each found, by its name."""
    outcomes: dict[str, Found] = {}
    printing = threading.Lock()

    def run(loop: Loop) -> None:
        begin = time.monotonic()
        outcomes[loop.name] = found = _in_process(loop, seed, seconds)
        line = {"loop": loop.name, "seed": seed, "seconds": round(time.monotonic() - begin, 1), **asdict(found)}
        with printing:
            print(json.dumps(line, ensure_ascii=False), flush=True)

    for loop in loops:
        if loop.alone:
            run(loop)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(run, [loop for loop in loops if not loop.alone]))
    return outcomes


def _in_process(loop: Loop, seed: int, seconds: float | None) -> Found:
    command = [sys.executable, "-m", "tests.faults", "--inside", loop.module, "--seed", str(seed)]
    command += ["--full"] if seconds is None else ["--seconds", str(seconds)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, timeout=None if seconds is None else seconds + GRACE_S)
    except subprocess.TimeoutExpired:
        return Found({}, (f"did not end {GRACE_S:g} s after its time",))
    if done.returncode:
        return Found({}, (f"ended with {done.returncode}; why stands above",))
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=Found)


def table(loops: Sequence[Loop], outcomes: Mapping[str, Found]) -> str:
    """The counts, a loop a row."""
    rows = [("loop", "all of it", "counts", "wrong")]
    for loop in loops:
        found = outcomes[loop.name]
        counts = ", ".join(f"{name} {value:,.4g}" if value % 1 else f"{name} {int(value):,}"
                           for name, value in found.counts.items())  # fmt: skip
        rows.append((loop.name, loop.full, counts, str(len(found.failures))))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                     for row in rows)  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
