"""`run.py bench [NAME …] [--check]`: measures, one JSON line each; `run.py nightly`: the long ones too.

A benchmark is a module here with `run() -> Iterator[Measure]`; one with NIGHTLY = True takes long and runs only when it
is named, or at night.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHMARKS = {
    "__main__",
    "agents_parent",
    "bundle_story",
    "country",
    "live_server",
    "load",
    "measure",
    "media_peers",
    "office_server",
    "usual_server",
}


def main() -> int:
    """Run the benchmarks named on the command line, or all of them."""
    names = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in NOT_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)} (all when none is named)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a measure misses its goal")
    parser.add_argument("--nightly", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(names):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    cpu = next((line for line in _cpu_lines() if "model name" in line), platform.processor()).split(":")[-1].strip()
    print(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cpu}, Python {platform.python_version()}", file=sys.stderr)
    missed = 0
    for name in wanted.names or names:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        if getattr(module, "NIGHTLY", False) and not (wanted.names or wanted.nightly):
            continue
        for measure in module.run():
            print(json.dumps(measure.line(), ensure_ascii=False), flush=True)
            missed += not measure.ok
    return 1 if missed and (wanted.check or wanted.nightly) else 0


def _cpu_lines() -> list[str]:
    info = Path("/proc/cpuinfo")
    return info.read_text(encoding="ascii", errors="replace").splitlines() if info.exists() else []


if __name__ == "__main__":
    raise SystemExit(main())
