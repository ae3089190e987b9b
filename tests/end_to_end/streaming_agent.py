"""The real agent with real capture and streaming, whose recognition sees every learner in every frame:
`python -m tests.end_to_end.streaming_agent CONFIG`.
"""

from __future__ import annotations

import contextlib
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame
from bridge_agent.capture.source import parse_source
from bridge_agent.cli import run_agent
from bridge_agent.config import load
from bridge_agent.eyes import Assignment
from bridge_agent.recognition.events import Ended, Ready, Sighted, Unwatched, Watched


def watch(conn: Connection, assignment: Assignment) -> None:
    """A recognition process: a frame a second, as the real one takes them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    at, frames = 0, 0
    pace = Pace(assignment.sweep_ms, newest=True, real_time=True)
    with Capture(parse_source(assignment.source), pace, stream=assignment.stream) as capture:
        capture.open()
        with contextlib.suppress(OSError):  # the parent is gone
            conn.send(Ready("scripted", "scripted", tuple(assignment.roster.values())))
            while not conn.poll(assignment.sweep_ms / 1000):
                frame = capture.newest(1_000)
                if isinstance(frame, Frame):
                    at, frames = frame.at, frames + 1
                    conn.send(Watched(at))
                    for learner in assignment.roster.values():
                        conn.send(Sighted(learner, at, 0.8))
            conn.send(Unwatched(at, "stopped"))
            conn.send(Ended(frames, at))


if __name__ == "__main__":
    raise SystemExit(run_agent(load(Path(sys.argv[1])), watch, lambda _source: None))
