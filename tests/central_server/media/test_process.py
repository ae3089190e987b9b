"""The relay's keeper, with a real relay: nothing that fails around it ends its keeping, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import os
import signal

from central_server.clock import wall_clock
from central_server.config import MediaSettings
from central_server.media.media import Media
from central_server.media.messages import Event, Ready, Settings
from central_server.media.process import RelayProcess
from central_server.media.tokens import MediaTokens
from tests.central_server.media.peers import until
from tests.central_server.media.test_relay_leaving import offer_to


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
    await asyncio.wait_for(relay.end(), 60)
    assert relay.pid is None


async def test_whoever_waits_while_a_relay_dies_owns_what_the_next_one_makes() -> None:
    media = Media(MediaTokens(b"b" * 32), MediaSettings(), b"", wall_clock)
    publishing = asyncio.ensure_future(media.publish("account:a1", "s", "r1", "camera", await offer_to("sendonly")))
    await until(lambda: media.relay_pid is not None)
    pid = media.relay_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    made = await publishing
    assert media.relay_pid != pid
    media.close(made.id, "account:a1")
    await media.end()
