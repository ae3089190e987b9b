"""A stream is kept published whatever goes wrong with one connection: real peer connections, and a server that errs."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable

import httpx
import psutil
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from bridge_agent.streaming.messages import Pass
from bridge_agent.streaming.passing import PacketTrack
from bridge_agent.streaming.publication import Publication, Stream
from bridge_agent.streaming.whip import Whip
from tests.central_server.media.peers import until

LEAVE = Pass("tok", "r1", 600.0, ())
Answer = Callable[[httpx.Request], httpx.Response]


def sockets() -> int:
    """UDP sockets that this process has open: each connection holds some."""
    return len(psutil.Process().net_connections("udp"))


@contextlib.asynccontextmanager
async def published(answer: Answer) -> AsyncIterator[tuple[Publication, list[bool]]]:
    """A publication that runs, and how it changed."""
    changes: list[bool] = []

    async def leave(anew: bool) -> Pass:
        return LEAVE

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        stream = Stream(
            "K1.1", "camera", lambda: PacketTrack(lambda: None), lambda sender: None, lambda report: None,
            lambda: changes.append(one.connected),
        )  # fmt: skip
        one = Publication(stream, Whip(http, "http://s.vn"), leave)
        running = asyncio.ensure_future(one.run())
        try:
            yield one, changes
        finally:
            running.cancel()
            await asyncio.wait([running])


@pytest.mark.parametrize("sdp", ["v=0", "no SDP at all", ""])
async def test_an_answer_that_breaks_aiortc_is_told_and_the_next_is_asked_for(sdp: str) -> None:
    posts = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal posts
        if request.method == "DELETE":
            raise RuntimeError("even this")
        posts += 1
        return httpx.Response(201, text=sdp, headers={"location": "/media/resources/x"})

    before = sockets()
    async with published(answer) as (one, changes):
        await until(lambda: posts == 2)
        assert one.why == "failed"
        assert re.fullmatch(r"\w+, \w+:\d+", one.said[1]), "what and where, and nothing that the server sent"
        assert not one.connected and changes == []
    await until(lambda: sockets() == before)


async def test_a_publication_that_another_pc_has_replaced_waits_and_does_not_fight() -> None:
    posts: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        posts.append(request)
        return httpx.Response(409, json={"vi": "Máy khác", "en": "Another"}, headers={"retry-after": "60"})

    async with published(answer) as (one, _):
        await until(lambda: one.why == "replaced")
        await asyncio.sleep(1.2)  # several of the usual pauses
        assert len(posts) == 1
        assert one.said == ("", ""), "the technician's page says what to do"


async def test_a_connection_is_known_to_stand_from_when_to_when_and_is_made_again_when_it_is_closed() -> None:
    peers: list[RTCPeerConnection] = []

    async def answered(offer: str) -> str:
        peer = RTCPeerConnection(RTCConfiguration([]))
        peers.append(peer)
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "DELETE":
            return httpx.Response(200)
        sdp = await answered((await request.aread()).decode())
        return httpx.Response(201, text=sdp, headers={"location": "/media/resources/x"})

    async with published(answer) as (one, changes):  # type: ignore[arg-type]  # httpx takes both kinds
        await until(lambda: one.connected)
        assert one.connected_at is not None and one.reported_at >= one.connected_at
        first = one.connected_at
        await peers[0].close()
        await until(lambda: len(peers) == 2 and one.connected)
        assert one.connected_at > first
        assert changes == [True, False, True]
    assert changes == [True, False, True, False]
    for peer in peers:
        await peer.close()
