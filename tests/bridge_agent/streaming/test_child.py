"""The streaming process's own parts: what it reckons, and that it never goes on as half of itself."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Client

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.capture.outlet import MeetingPlace, NotEncoded, Packet, StreamSettings
from bridge_agent.streaming.child import LEAST_S, Meter, Streaming
from bridge_agent.streaming.messages import StreamAssignment, StreamCommand, StreamEvent, StreamState
from bridge_agent.streaming.whip import Whip
from tests.central_server.media.peers import until


@given(st.integers(1, 10_000), st.floats(LEAST_S, 30), st.floats(0, LEAST_S * 0.9))
def test_a_rate_is_reckoned_over_the_time_that_passed(rate: int, seconds: float, soon: float) -> None:
    meter = Meter(100.0)
    assert meter.read(round(rate * seconds), 100.0 + seconds) == pytest.approx(rate, rel=1e-6, abs=1 / LEAST_S)
    before = meter.read(round(rate * seconds), 100.0 + seconds)
    assert meter.read(10**9, 100.0 + seconds + soon) == before, "too soon to tell"
    assert meter.read(round(rate * seconds), 100.0 + seconds + 5) == 0


async def test_what_capture_cannot_encode_is_told_until_a_picture_comes() -> None:
    states: list[StreamState] = []
    place = MeetingPlace()
    assignment = StreamAssignment("http://s.vn", "K1.1", place.out(StreamSettings()))
    commands = asyncio.Queue[StreamCommand | None]()

    def tell(event: StreamEvent) -> None:
        if isinstance(event, StreamState):
            states.append(event)

    async with httpx.AsyncClient(timeout=60) as http:
        streaming = Streaming(assignment, Whip(http, assignment.server), tell)
        running = asyncio.ensure_future(streaming.run(commands))
        with await asyncio.to_thread(Client, place.address, authkey=place.key) as capture:
            capture.send(NotEncoded("vì sao", "why"))
            await until(lambda: states)
            assert (states[-1].trouble, states[-1].vi, states[-1].en) == ("not_encoded", "vì sao", "why")
            capture.send(Packet(1, True, b"x"))
            await until(lambda: states[-1].trouble is None)
            commands.put_nowait(None)
            await running
    place.close()


async def test_a_part_that_ends_unforeseen_ends_the_process() -> None:
    def tell(event: StreamEvent) -> None:
        if isinstance(event, StreamState):
            raise RuntimeError("unforeseen")

    place = MeetingPlace()
    assignment = StreamAssignment("http://s.vn", "K1.1", place.out(StreamSettings()))
    async with httpx.AsyncClient(timeout=60) as http:
        streaming = Streaming(assignment, Whip(http, assignment.server), tell)
        with pytest.raises(ExceptionGroup) as ended:
            await asyncio.wait_for(streaming.run(asyncio.Queue[StreamCommand | None]()), 60)
    assert ended.group_contains(RuntimeError)
    place.close()
