"""What the agent tells of itself: facts without names to a rotating file, short sentences to the terminal.

A sentence may name a learner (a portrait's file often does), so sentences stay on the terminal and only the event's
name and its facts (ids, numbers, kinds of error) go into the file, and into systemd's journal, which others read.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from models.language import both

MOST_BYTES = 2_000_000
KEPT_FILES = 5

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Lost:
    """How often a part of the agent was lost since the agent was started, and why and when (wall clock, ms) last."""

    count: int
    reason: str
    at: int


class Journal:
    """Where the agent's own events go: one line of JSON each. `out`: the terminal. Close it when done."""

    def __init__(self, path: Path, wall: Callable[[], int], out: TextIO = sys.stderr) -> None:
        self._wall = wall
        self._out = out
        self.losses: dict[str, Lost] = {}
        """By process or part."""
        self.ended_badly = _ended_badly(path)
        """The last run that wrote here did not end in order."""
        self._names = not _is_systemds_journal(out)
        self._file = RotatingFileHandler(
            path, maxBytes=MOST_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
        )
        self._file.setFormatter(logging.Formatter("%(message)s"))
        # A full disk must not stop the agent; logging's default would print a traceback for every line.
        self._file.handleError = lambda record: None  # type: ignore[method-assign]

    def note(self, event: str, **facts: Fact) -> str:
        """Write an event into the file alone; its line. Facts hold no names of people."""
        at = datetime.fromtimestamp(self._wall() / 1000, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": event, **facts}, ensure_ascii=False)
        self._file.handle(logging.LogRecord("agent", logging.INFO, "", 0, line, None, None))
        return line

    def lost(self, process: str, reason: str, **facts: Fact) -> None:
        """Note that a process or part was lost, and is started again; how often and why is kept."""
        before = self.losses.get(process)
        self.losses[process] = Lost((before.count if before else 0) + 1, reason, self._wall())
        self.note(f"{process}_lost", reason=reason, **facts)

    def say(self, event: str, vi: str, en: str, **facts: Fact) -> None:
        """Tell people at the terminal in a sentence, and note the event."""
        line = self.note(event, **facts)
        clock = datetime.fromtimestamp(self._wall() / 1000).astimezone().strftime("%H:%M:%S")
        with contextlib.suppress(OSError, ValueError):  # the terminal is gone; recording goes on
            print(f"{clock}  {both(vi, en)}" if self._names else line, file=self._out, flush=True)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _ended_badly(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().splitlines()
    except OSError:
        return False
    return bool(lines) and b'"event": "stopped"' not in lines[-1]


def _is_systemds_journal(out: TextIO) -> bool:
    """What is written there is kept by systemd's journal (systemd.exec(5), $JOURNAL_STREAM: device and inode)."""
    told = os.environ.get("JOURNAL_STREAM")
    if not told:
        return False
    try:
        there = os.fstat(out.fileno())
    except (OSError, ValueError):  # no file at all
        return False
    return told == f"{there.st_dev}:{there.st_ino}"
