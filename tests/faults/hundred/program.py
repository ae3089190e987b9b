"""The real agent with real recognition, whose clocks, PC and event loop can be meddled with by files in a folder:
`python -m tests.faults.hundred.program SETTINGS FOLDER`.

    wall          ms by which somebody has set the wall clock
    machine.json  what the PC's gauges show instead
    hang          the event loop goes no further
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import msgspec

from bridge_agent import eyes
from bridge_agent.cli import run_agent
from bridge_agent.config import load
from bridge_agent.health.machine import Gauge
from bridge_agent.server_clock import Clocks, this_pc
from models.health import Machine


def main(settings: Path, folder: Path) -> int:
    """Run it."""
    real, wanted = this_pc(), load(settings)
    wanted.check()
    wanted.folder.make()
    gauge = Gauge(wanted.folder.path)

    def wall() -> int:
        if (folder / "hang").exists() and threading.current_thread() is threading.main_thread():
            time.sleep(3600)
        try:
            return real.wall() + int((folder / "wall").read_text())
        except (OSError, ValueError):
            return real.wall()

    def read() -> Machine:
        try:
            changed = json.loads((folder / "machine.json").read_text())
        except (OSError, ValueError):
            changed = {}
        return msgspec.structs.replace(gauge.read(), **changed)

    return run_agent(wanted, eyes.watch, lambda source: None, Clocks(wall, real.boot, real.boot_id), read)


if __name__ == "__main__":
    from models.command_line import run_to_exit_code

    raise SystemExit(run_to_exit_code(lambda: main(Path(sys.argv[1]), Path(sys.argv[2]))))
