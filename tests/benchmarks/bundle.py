"""A bare PC with nothing but Python: USB stick → install → join → first learner seen, without the internet.

The stick is made first, with the internet and outside the time. Needs root, for a network namespace.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy.demo import pictures
from tests.benchmarks.measure import Measure

NIGHTLY = True
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SYSTEM = "/usr/bin/python3"


def run() -> Iterator[Measure]:
    """Make a stick for this PC and play tests.benchmarks.bundle_story with it, out of any network's reach."""
    if sys.platform == "win32" or os.geteuid() != 0:
        print("# bundle: left out, it needs root on Linux", file=sys.stderr)
        return
    python = SYSTEM if _fits(SYSTEM) else _base()
    version = subprocess.run([python, "-c", _VERSION], capture_output=True, text=True, check=True).stdout.strip()
    os.environ.setdefault("UV_PYTHON", _base())
    if (SHARED / "weights").is_dir():
        os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stick = folder / "stick"
        make = [sys.executable, "-m", "deploy.bundle", "--out", str(stick), "--platform", "linux", "--python", version]
        subprocess.run(make, cwd=ROOT, check=True, stdout=sys.stderr)
        pictures.fetch(folder / "pictures")
        (folder / "home").mkdir()
        story = [sys.executable, "-m", "tests.benchmarks.bundle_story", str(stick), python, str(folder)]
        done = subprocess.run(["unshare", "-n", *story], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        told = json.loads(done.stdout.splitlines()[-1])
        carried = sum(path.stat().st_size for path in stick.rglob("*") if path.is_file())
    yield Measure("bundle.carried, one Python on one system", carried / 1e6, "MB")
    yield Measure("bundle.installed", told["bytes"] / 1e6, "MB")
    yield Measure("bundle.install", told["installed_s"], "s")
    yield Measure("bundle.joined", told["joined_s"], "s")
    yield Measure("bundle.first_learner_seen", told["seen_s"], "s", goal=180, ok=told["seen_s"] < 180)
    second = "Another bridge-agent is using" in told["refused"]
    yield Measure("bundle.second_agent_refused", second, "yes", goal=1, ok=second)
    kept = told["log_kept"] and "is running" in told["uninstall_while_running"] and not told["left"]
    kept = kept and "log.db" in told["uninstall"]
    yield Measure("bundle.uninstall_waits_for_the_agent_and_keeps_the_log", kept, "yes", goal=1, ok=kept)


_VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


def _fits(python: str) -> bool:
    asked = [python, "-c", "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))"]
    return Path(python).exists() and subprocess.run(asked, check=False).returncode == 0


def _base() -> str:
    """This environment's own Python, which has pip."""
    return str(getattr(sys, "_base_executable", sys.executable))
