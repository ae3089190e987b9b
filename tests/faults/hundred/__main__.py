"""Inject all faults, or those named, and write deploy/faults.md: `run.py faults [NAME …] [--part PART] [--keep]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.hundred.catalogue import FAULTS
from tests.faults.hundred.fault import Fault
from tests.faults.hundred.judging import Outcome, judge
from tests.faults.hundred.place import NotGoodError, bridge_point
from tests.faults.hundred.table import PATH, table

SHARED = Path(__file__).parents[4] / "shared"


def main(argv: Sequence[str]) -> int:
    """1 when a fault was not dealt with as it should be."""
    parser = argparse.ArgumentParser(prog="run.py faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some faults only; the table is not written then")
    parser.add_argument("--part", action="append", help="those of one part only")
    parser.add_argument("--results", type=Path, help="keep outcomes there, and take those that are there as done")
    wanted = parser.parse_args(argv)
    chosen = [one for one in FAULTS if (one.name in wanted.names or not wanted.names)
              and (wanted.part is None or one.part in wanted.part)]  # fmt: skip
    if not chosen or set(wanted.names) - {one.name for one in FAULTS}:
        parser.error("there is no such fault; deploy/faults.md lists them")
    outcomes: dict[str, Outcome] = {}
    if wanted.results is not None and wanted.results.exists():
        outcomes = {name: Outcome(**one) for name, one in json.loads(wanted.results.read_text("utf-8")).items()}
    left = [one for one in chosen if one.name not in outcomes]
    while left:
        with tempfile.TemporaryDirectory(prefix="diemdanh-faults-") as folder:
            try:
                with bridge_point(Path(folder), SHARED) as place:
                    while left:
                        fault = left.pop(0)
                        began = time.monotonic()
                        outcomes[fault.name] = outcome = judge(fault, place)
                        _tell(fault, outcome, time.monotonic() - began)
                        if wanted.results is not None:
                            kept = {name: asdict(one) for name, one in outcomes.items()}
                            wanted.results.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
                        if outcome.wrong and place.complaints():
                            break  # it did not become good again: a new bridge point for the rest
            except NotGoodError as error:
                print(f"the bridge point does not begin: {error}", file=sys.stderr)
                return 1
    if len(outcomes) == len(FAULTS):
        load = "/".join(f"{one:.1f}" for one in os.getloadavg())
        where = f"{platform.system()}, {os.cpu_count()} cores, load average {load}"
        PATH.write_text(table(FAULTS, outcomes, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", where), encoding="utf-8")
        print(f"written: {PATH}")
    return 1 if any(one.wrong or one.late for one in outcomes.values()) else 0


def _tell(fault: Fault, outcome: Outcome, took_s: float) -> None:
    times = [None if one is None else round(one, 1) for one in (outcome.said_s, outcome.restart_s, outcome.well_s)]
    verdict = "; ".join((*outcome.wrong, *outcome.late)) or "good"
    print(f"{took_s:5.1f} s  {fault.name}: {verdict} {times} {outcome.log}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
