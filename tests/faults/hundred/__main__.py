"""Inject all faults, or those named, and write deploy/faults.md: `run.py faults [NAME …] [--part PART]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.hundred.catalogue import FAULTS
from tests.faults.hundred.fault import Fault
from tests.faults.hundred.judging import Outcome, judge
from tests.faults.hundred.logs import prove
from tests.faults.hundred.place import NotGoodError, Place, bridge_point
from tests.faults.hundred.table import PATH, table

SHARED = Path(__file__).parents[4] / "shared"


def main(argv: Sequence[str]) -> int:
    """1 when a fault was not dealt with as it should be."""
    parser = argparse.ArgumentParser(prog="run.py faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some faults only; the table is not written then")
    parser.add_argument("--part", action="append", help="those of one part only")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="so many bridge points at the same time")
    parser.add_argument("--minutes", type=float, default=120.0, help="begin no fault later; the rest is not run")
    parser.add_argument("--results", type=Path, help="keep what came of it there, as JSON")
    wanted = parser.parse_args(argv)
    chosen = [one for one in FAULTS if (one.name in wanted.names or not wanted.names)
              and (wanted.part is None or one.part in wanted.part)]  # fmt: skip
    if not chosen or set(wanted.names) - {one.name for one in FAULTS}:
        parser.error("there is no such fault; deploy/faults.md lists them")
    began, load = datetime.now(UTC), _load()
    results = Results(wanted.results)
    if wanted.at_once > 1:
        _at_once(chosen, wanted.at_once, wanted.minutes, results)
    else:
        _one_by_one(chosen, time.monotonic() + wanted.minutes * 60, results)
    outcomes = results.outcomes
    if chosen == list(FAULTS):
        when = f"in one run from {began:%Y-%m-%d %H:%M} to {datetime.now(UTC):%H:%M} UTC"
        where = f"{wanted.at_once} bridge point{'s' if wanted.at_once > 1 else ''} at once, on {platform.system()}, "
        where += f"{os.cpu_count()} cores, load average {load} before and {_load()} after"
        PATH.write_text(table(FAULTS, outcomes, when, where, results.proof), encoding="utf-8")
        print(f"written: {PATH}")
    good = len(outcomes) == len(chosen) and not any(one.wrong or one.late for one in outcomes.values())
    return 0 if good and not results.proof else 1


@dataclass
class Results:
    """What came of the faults so far, kept in a file."""

    path: Path | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    proof: list[str] = field(default_factory=list)
    """What `central-server verify` found."""

    def keep(self) -> None:
        """Write it."""
        if self.path is not None:
            kept = {"outcomes": {name: asdict(one) for name, one in self.outcomes.items()}, "proof": self.proof}
            self.path.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")

    def take(self, path: Path) -> None:
        """What another process kept there is added."""
        if path.exists():
            kept = json.loads(path.read_text("utf-8"))
            self.outcomes |= {name: Outcome(**one) for name, one in kept["outcomes"].items()}
            self.proof += kept["proof"]


def _at_once(chosen: Sequence[Fault], many: int, minutes: float, results: Results) -> None:
    """Each bridge point in a process of its own, with as many of the faults that follow one another."""
    each = -(-len(chosen) // many)
    with tempfile.TemporaryDirectory(prefix="diemdanh-faults-") as folder:
        paths = [Path(folder) / f"{number}.json" for number in range(many)]
        command = [sys.executable, "-m", "tests.faults.hundred", "--minutes", str(minutes)]
        running = [
            subprocess.Popen([*command, "--results", path, *(one.name for one in chosen[at * each : (at + 1) * each])])
            for at, path in enumerate(paths)
        ]
        for one in running:
            one.wait()
        for path in paths:
            results.take(path)
    results.keep()


def _one_by_one(chosen: Sequence[Fault], until: float, results: Results) -> None:
    """Inject them at one bridge point, or at another when it does not become good again."""
    left = list(chosen)
    while left and time.monotonic() < until:
        with tempfile.TemporaryDirectory(prefix="diemdanh-faults-") as folder:
            try:
                with bridge_point(Path(folder), SHARED) as place:
                    _here(left, place, until, results)
                    results.proof += prove(place)
                    results.keep()
            except (NotGoodError, AssertionError) as error:
                print(f"the bridge point does not begin, or its log can't be proved: {error}", file=sys.stderr)
                results.proof.append(str(error))
                results.keep()
                return


def _here(left: list[Fault], place: Place, until: float, results: Results) -> None:
    """Take faults from those left, until none is, the time is up, or the place does not become good again."""
    while left and time.monotonic() < until:
        fault = left.pop(0)
        began = time.monotonic()
        results.outcomes[fault.name] = outcome = judge(fault, place)
        _tell(fault, outcome, time.monotonic() - began)
        results.keep()
        if outcome.wrong and place.complaints():
            return


def _load() -> str:
    return "/".join(f"{one:.1f}" for one in os.getloadavg())


def _tell(fault: Fault, outcome: Outcome, took_s: float) -> None:
    times = [None if one is None else round(one, 1) for one in (outcome.said_s, outcome.restart_s, outcome.well_s)]
    verdict = "; ".join((*outcome.wrong, *outcome.late)) or "good"
    print(f"{took_s:5.1f} s  {fault.name}: {verdict} {times} {outcome.log} {outcome.reason} {outcome.same}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
