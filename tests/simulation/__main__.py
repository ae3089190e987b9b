"""`python -m tests.simulation`: play histories of the whole system; `--seed N` plays one again and tells all of it."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.seeds import run_seed, run_seeds, workshop


def main() -> int:
    """0 when no history failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one alone and tell what happens")
    parser.add_argument("--quiet", action="store_true", help="with --seed: only its outcome")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int)
    parser.add_argument("--seconds", type=float)
    arguments = parser.parse_args()
    if arguments.seed is not None:
        with workshop() as (made, folder):
            folder.mkdir()
            outcome = run_seed(arguments.seed, made, folder, loud=not arguments.quiet)
        print(f"seed {outcome.seed} digest {outcome.digest} events {outcome.events} records {outcome.records}")
        if outcome.failure is not None:
            print(outcome.details, file=sys.stderr)
        return 1 if outcome.failure is not None else 0
    if arguments.count is None and arguments.seconds is None:
        parser.error("--seed, --count or --seconds is needed")
    began = time.process_time()
    counts = run_seeds(arguments.first, arguments.count, arguments.seconds)
    print(
        f"{counts.seeds} seeds, {len(counts.failed)} failed; {counts.records} records, {counts.receipts} receipts, "
        f"{counts.requests} requests, {counts.events} events; {(time.process_time() - began) / counts.seeds:.2f} s of "
        "processor a seed"
    )
    return 1 if counts.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
