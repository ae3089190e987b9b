"""The relay's keeper, with a real relay: nothing that fails around it ends its keeping."""

from __future__ import annotations

import asyncio

from central_server.media.messages import Event, Ready, Settings
from central_server.media.process import RelayProcess
from tests.central_server.media.peers import until


async def test_neither_a_start_that_fails_nor_a_listener_that_does_ends_the_keeping() -> None:
    told: list[Event] = []
    starts, lost = 0, 0

    def settings() -> Settings:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise OSError("no more processes")
        return Settings()

    def on_event(event: Event) -> None:
        told.append(event)
        if len(told) == 1:
            raise ValueError("a listener's own fault")

    def on_lost() -> None:
        nonlocal lost
        lost += 1
        raise ValueError("another's")

    relay = RelayProcess(settings, on_event, on_lost)
    relay.start()
    await until(lambda: sum(isinstance(one, Ready) for one in told) == 2, 60)
    assert (starts, lost) == (3, 2)
    pid = relay.pid
    assert pid is not None
    await asyncio.wait_for(relay.end(), 5)
    assert relay.pid is None
