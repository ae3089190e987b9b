"""What a soak's recognition and streaming processes tell: a room in which learners come and go, by the soak's time.

They are real children of the agent, by its real pipes, that hold no models: what recognition, capture and streaming
themselves hold is measured on real pictures (tests.soak.eyes, tests.soak.stream).
"""

from __future__ import annotations

import contextlib
import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from bridge_agent.capture.outlet import Still, WantStill
from bridge_agent.eyes import Assignment
from bridge_agent.recognition.commands import CloseDesk, OpenDesk, Stop
from bridge_agent.recognition.events import (
    CheckedIn,
    DeskLook,
    Ended,
    Event,
    Preview,
    Ready,
    SeatLost,
    Sighted,
    Suspicion,
    Sweep,
    Trouble,
    UnknownSeen,
    Unwatched,
    Watched,
)
from bridge_agent.streaming import messages
from bridge_agent.streaming.messages import Pass, StreamAssignment, StreamState, WantPass
from tests.soak.fast_time import SharedTime

LOOK_MS: Final = 2_000
AWAY_EVERY_MIN, AWAY_MIN = 50, 3
DARK_EVERY_MIN: Final = 47
DIES_EVERY_MIN: Final = 25
"""So often recognition is lost, in the midst of the class."""
STREAM_DIES_EVERY_MIN, LINE_EVERY_MIN = 40, 12
MINUTE_MS: Final = 60_000
POLL_S: Final = 0.000_5
JPEG: Final = bytes(range(256)) * 60
"""Nobody looks at it."""


def here(number: int, at: int) -> bool:
    """Whether a learner is in the room; each leaves for some minutes now and then."""
    return (at // MINUTE_MS + 7 * number) % AWAY_EVERY_MIN >= AWAY_MIN


def recognition(path: str, began: int, conn: Connection, assignment: Assignment) -> None:
    """The recognition process's life; it ends with its parent."""
    with contextlib.suppress(EOFError, OSError):
        _recognition(path, began, conn, assignment)


def streaming(path: str, began: int, conn: Connection, assignment: StreamAssignment) -> None:
    """The streaming process's life; it ends with its parent."""
    with contextlib.suppress(EOFError, OSError):
        _streaming(path, began, conn)


def _recognition(path: str, began: int, conn: Connection, assignment: Assignment) -> None:
    time = SharedTime(Path(path))
    learners = sorted(assignment.roster.values())
    conn.send(Ready("yunet", "intel", tuple(learners)))
    first = at = time() - began
    desk, dark = False, False
    while True:
        while conn.poll(POLL_S):
            match conn.recv():
                case Stop():
                    conn.send(Unwatched(at, "stopped"))
                    conn.send(Ended(at // LOOK_MS, at))
                    time.reach("recognition", 0)
                    return
                case OpenDesk():
                    desk = True
                case CloseDesk():
                    desk = False
                case _:
                    pass
        now = time() - began
        while at + LOOK_MS <= now:
            at += LOOK_MS
            minute = at // MINUTE_MS
            if at - first > DIES_EVERY_MIN * MINUTE_MS:
                time.reach("recognition", 0)
                os._exit(3)
            was, dark = dark, minute % DARK_EVERY_MIN == DARK_EVERY_MIN - 1
            for event in _dark(at, was) if dark else _look(at, learners, was=was, desk=desk):
                conn.send(event)
        time.reach("recognition", began + max(at, now))


def _dark(at: int, was: bool) -> list[Event]:
    if was:
        return [Sweep(at, 0, 0, 9.0)]
    return [Unwatched(at - LOOK_MS, "dark"), Trouble("dark", "Phòng quá tối.", "The room is too dark.")]


def _look(at: int, learners: list[str], *, was: bool, desk: bool) -> list[Event]:
    there = [who for number, who in enumerate(learners) if here(number, at)]
    out: list[Event] = [Trouble("dark", "", "", passed=True)] if was else []
    out += [Watched(at), *(Sighted(who, at, 0.8) for who in there)]
    out.append(Sweep(at, len(there), 1, 9.0, len(there), LOOK_MS))
    turn = at // LOOK_MS
    if turn % 300 == 0:
        out += [UnknownSeen(at - 9_000, at), SeatLost(there[turn % len(there)], at)]
    if turn % 1_500 == 0:
        text = "Hai người ngồi cùng một chỗ.", "Two people sit in one place."
        out.append(Suspicion(at, (there[turn % len(there)],), *text))
    if desk:
        out += [Preview(at, JPEG), DeskLook(at, "challenge", "Hãy nhìn thẳng.", "Look straight.", (0.1, 0.1, 0.3, 0.4))]
        out.append(CheckedIn(there[turn % len(there)], at, 0.8))
    return out


def _streaming(path: str, began: int, conn: Connection) -> None:
    time = SharedTime(Path(path))
    first = at = time() - began
    conn.send(WantPass(("camera",)))
    leave = was = False
    while True:
        while conn.poll(POLL_S):
            match conn.recv():
                case messages.Stop():
                    time.reach("streaming", 0)
                    return
                case Pass():
                    leave = True
                case WantStill():
                    conn.send(Still(at, JPEG))
                case _:
                    pass
        now = time() - began
        while at + 1_000 <= now:
            at += 1_000
            if at - first > STREAM_DIES_EVERY_MIN * MINUTE_MS:
                time.reach("streaming", 0)
                os._exit(3)
            bad = (at // MINUTE_MS) % LINE_EVERY_MIN == 0 and at % MINUTE_MS < 15_000
            up = leave and not bad
            if bad and not was:
                conn.send(WantPass(("camera",)))  # it publishes anew
            was = bad
            conn.send(StreamState(at, up, 1_200, 15, trouble=None if up else "line" if leave else "no_leave"))
        time.reach("streaming", began + max(at, now))
