"""What `run.py bench soak` and `run.py slices soak` run: each part gives its processes' samples."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace  # noqa: F401
from pathlib import Path

from tests.soak import agent, course
from tests.soak.central import central
from tests.soak.fast_time import SharedTime
from tests.soak.gauge import Sample

WEEK_S = 7 * 86_400.0


def class_time(folder: Path, seconds: float = course.WHOLE_S, every_s: float = 180.0) -> Iterator[Sample]:
    """The agent through a day of classes."""
    yield from _agent(folder, seconds, every_s, days_later=0)


def idle_week(folder: Path, seconds: float = WEEK_S, every_s: float = 7_200.0) -> Iterator[Sample]:
    """The agent through a week before its first class."""
    yield from _agent(folder, seconds, every_s, days_later=8)


def _agent(folder: Path, seconds: float, every_s: float, *, days_later: int) -> Iterator[Sample]:
    time = SharedTime(folder / "time", course.BEGIN)
    with central(folder / "server", time, 1, agent.LEARNERS, days_later=days_later) as (server, _):
        token = server.tokens[course.point(0)]
        plan = agent.Plan(str(folder), str(time.path), server.address, token, seconds, every_s, days_later == 0)
        yield from agent.samples(plan)


def in_folder(part: str) -> Iterator[Sample]:
    """A part by its name, all of it."""
    with tempfile.TemporaryDirectory(prefix=f"diemdanh-soak-{part}-") as folder:
        yield from PARTS[part](Path(folder))


PARTS = {"class_time": class_time, "idle_week": idle_week}
