"""A room whose agent runs on a loop whose time is a number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.bridge_agent.check_in.office import RoomOf, people
from tests.simulation.loop import SimulatedLoop, simulated_loop


@pytest.fixture
def loop() -> Iterator[SimulatedLoop]:
    """The loop."""
    with simulated_loop() as made:
        yield made


@pytest.fixture
def play(loop: SimulatedLoop) -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Plays a story on the loop; what fails unseen fails the test."""

    def played(work: Callable[[], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            await work()

        loop.run_until_complete(all_of_it())
        if loop.failures:
            raise loop.failures[0]

    return played


@pytest.fixture
def room(loop: SimulatedLoop, tmp_path: Path) -> RoomOf:
    """p0 to p3 without a face on file, p4 to p6 with one; spot checks off unless a test asks for them."""
    return RoomOf(loop, tmp_path, people(4, 3), spot_check_minutes=0)
