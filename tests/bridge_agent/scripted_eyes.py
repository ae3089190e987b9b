"""Recognition processes for the supervisor's tests: real processes, each with one fault."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from bridge_agent.clock import boot_ms
from bridge_agent.eyes import Assignment
from bridge_agent.recognition.commands import SetGallery, Stop
from bridge_agent.recognition.events import Ended, Failed, Ready, Sighted, Unwatched, Watched
from models.child_process import Alive


def good(conn: Connection, assignment: Assignment) -> None:
    """Watches until it is told to end, then says its last words."""
    at = boot_ms()
    conn.send(Ready("d", "e", tuple(assignment.roster.values())))
    while not conn.poll(0.1):
        at = boot_ms()
        conn.send(Watched(at))
        for learner in assignment.roster.values():
            conn.send(Sighted(learner, at, 0.9))
    conn.send(Unwatched(at, "stopped"))
    conn.send(Ended(1, at))


def crashes_once(conn: Connection, assignment: Assignment) -> None:
    """Dies the first time, then is good. The source names the file that remembers."""
    again = Path(assignment.source)
    if again.exists():
        return good(conn, assignment)
    again.touch()
    conn.send(Ready("d", "e", ()))
    conn.send(Watched(boot_ms()))
    os._exit(3)


def fails(conn: Connection, assignment: Assignment) -> None:
    """Says why it can't."""
    conn.send(Failed("Camera 0 đang bận.", "Camera 0 is busy."))


def over(conn: Connection, assignment: Assignment) -> None:
    """Its source is soon over."""
    conn.send(Ready("d", "e", ()))
    conn.send(Watched(5))
    conn.send(Unwatched(5, "stopped"))
    conn.send(Ended(1, 5))


def deaf(conn: Connection, assignment: Assignment) -> None:
    """Does not end when told to."""
    conn.send(Ready("d", "e", ()))
    while True:
        time.sleep(10)


def stands_still_as_it_starts(conn: Connection, assignment: Assignment) -> None:
    """Gives a sign of life, and is stopped the first time, as by a debugger or a full memory; then is good."""
    again = Path(assignment.source)
    if again.exists():
        return good(conn, assignment)
    again.touch()
    conn.send(Alive())
    time.sleep(3_600)


def obeys(conn: Connection, assignment: Assignment) -> None:
    """Tells how much it was told of whom to look for, until it is told to stop."""
    conn.send(Ready("d", "e", ()))
    while not isinstance(command := conn.recv(), Stop):
        if isinstance(command, SetGallery):
            conn.send(Ready("d", "e", tuple(template.learner for template in command.templates)))
