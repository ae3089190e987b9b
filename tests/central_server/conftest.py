"""A server that runs, with a course of three learners: two at TDM, one at BC."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central_server.running import Agent, Running, join, running, write_course


@pytest.fixture
def course_file(tmp_path: Path) -> Path:
    return write_course(tmp_path / "course.toml")


@pytest.fixture
def server(tmp_path: Path, course_file: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(course_file)
        yield one


@pytest.fixture
def agent(server: Running) -> Agent:
    return join(server)
