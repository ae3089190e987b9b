"""A room whose agent runs on a loop whose time is a number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

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
