"""`central-server doctor`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

from central_server.config import Config
from central_server.doctor.finding import Finding, Verdict
from models.language import both, counted

BACKUPS = Path("/var/backups/diemdanh")
"""Where deploy/server/central-server-backup.service puts copies."""


def doctor_command(arguments: argparse.Namespace, config: Config) -> int:
    """Print each finding as it comes; 1 when something is wrong."""
    amiss = 0
    for found in findings(config, arguments.backups, time.time()):
        print(found.line(), flush=True)
        amiss += found.verdict is Verdict.WRONG
    if amiss:
        print(both(f"{amiss} điều cần sửa.", f"{counted(amiss, 'thing')} to put right."))
        return 1
    print(both("Không có gì phải sửa.", "Nothing to put right."))
    return 0


def findings(config: Config, backups: Path | None, now_s: float) -> Iterator[Finding]:
    """All checks, the quick ones first; the relay takes seconds. now_s: seconds since 1970."""
    # All pages load with these, a second that the other commands need not wait.
    from central_server.doctor import machine, reach

    yield machine.data_folder(config.data_folder)
    yield machine.database(config.database)
    yield machine.disk_space(config.data_folder)
    yield machine.disk_speed(config.data_folder)
    yield machine.clock()
    yield from machine.keys(config)
    yield machine.backups(backups or (Path(config.backups) if config.backups else BACKUPS), now_s)
    yield reach.port(config)
    yield from reach.background(config)
    yield reach.address(config, now_s)
    yield from reach.turn(config.media)
    yield reach.relay(config.media)
