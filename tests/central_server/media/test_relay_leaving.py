"""Peers that leave the relay while others are still being answered: the relay itself, without its process."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiortc import RTCPeerConnection

from central_server.media.messages import Answered, Beat, Close, Command, Event, Name, Play, Publish, Refused, Settings
from central_server.media.relay import Relay
from models.wire import IceServer
from tests.central_server.media.peers import Painted, until

NAME, OTHER = Name("s", "r1", "camera"), Name("s", "r2", "camera")


async def offer_to(direction: str) -> str:
    connection = RTCPeerConnection()
    if direction == "sendonly":
        connection.addTransceiver(Painted(), "sendonly")
    else:
        connection.addTransceiver("video", "recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp
    await connection.close()
    return offer


def gathers(relay: Relay, resource: str) -> bool:
    """Whether it is being answered: the silent STUN server is asked."""
    found = relay._resources.get(resource)
    return found is not None and found.connection.iceGatheringState == "gathering"


async def test_a_publisher_or_a_viewer_that_leaves_while_viewers_are_answered_costs_nobody_else_the_relay() -> None:
    told: list[Event] = []
    commands: asyncio.Queue[Command | None] = asyncio.Queue()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))  # a STUN server that never answers: gathering takes 5 s
        stun = IceServer(urls=(f"stun:127.0.0.1:{silent.getsockname()[1]}",))
        relay = Relay(Settings(ice_servers=(stun,)), told.append)
        running = asyncio.ensure_future(relay.run(commands))
        published, played = await offer_to("sendonly"), await offer_to("recvonly")
        for command in (
            Publish("publisher", NAME, published),
            Publish("stays", OTHER, published),
            Play("left alone", NAME, played),
            Play("leaves", OTHER, played),
        ):
            commands.put_nowait(command)
            await until(lambda which=command.resource: gathers(relay, which))
        commands.put_nowait(Close("publisher"))
        commands.put_nowait(Close("leaves"))
        await until(lambda: not {"publisher", "leaves"} & relay._resources.keys())
        assert not any(isinstance(one, Answered) for one in told), "they are still being answered"

        def refused() -> set[str]:
            return {one.resource for one in told if isinstance(one, Refused) and one.status == 404}

        await until(lambda: {"left alone", "leaves"} <= refused())
        assert any(isinstance(one, Answered) and one.resource == "stays" for one in told)
        seen = len(told)
        await until(lambda: any(isinstance(one, Beat) for one in told[seen:]))
        commands.put_nowait(None)
        await running


async def test_a_relay_that_cannot_look_after_its_peers_ends_at_once_with_the_reason() -> None:
    def tell(event: Event) -> None:
        if isinstance(event, Beat):
            raise ValueError("a beat that can't be told")

    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(Relay(Settings(), tell).run(asyncio.Queue()), 60)
    assert ended.group_contains(ValueError, match="a beat")
