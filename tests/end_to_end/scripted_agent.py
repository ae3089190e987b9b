"""The real agent, with a recognition process that plays a script: `python -m tests.end_to_end.scripted_agent CONFIG`.

The settings' source names a Script file (JSON); learners are named by their portraits, as always.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from bridge_agent.cli import run_agent
from bridge_agent.clock import boot_ms
from bridge_agent.config import load
from bridge_agent.eyes import Assignment
from bridge_agent.recognition.events import Ended, Ready, Sighted, Unwatched, Watched

STEP_S = 0.25
SIGHTED_EVERY = 4


class Script(msgspec.Struct, frozen=True):
    """Who is in the room from when to when: spans of the boot-time clock (ms), by the learner's code."""

    present: dict[str, list[tuple[int, int]]]


def watch(conn: Connection, assignment: Assignment) -> None:
    """A recognition process: says what the script says, four times a second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    script = msgspec.json.decode(Path(assignment.source).read_bytes(), type=Script)
    at, steps = boot_ms(), 0
    with contextlib.suppress(OSError):  # the parent is gone
        conn.send(Ready("scripted", "scripted", tuple(assignment.roster.values())))
        while not conn.poll(STEP_S):
            at = boot_ms()
            conn.send(Watched(at))
            for code, spans in script.present.items():
                for start, end in spans:
                    # Seen when it begins, then every second, as by a sweep a second.
                    if start <= at < end and (steps % SIGHTED_EVERY == 0 or at - start < 1000 * STEP_S):
                        conn.send(Sighted(assignment.roster[code], at, 0.8))
            steps += 1
        conn.send(Unwatched(at, "stopped"))
        conn.send(Ended(steps, at))


if __name__ == "__main__":
    raise SystemExit(run_agent(load(Path(sys.argv[1])), watch, lambda _source: None))
