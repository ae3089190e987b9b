"""The contract with aiortc, and the tracks that hand pictures to it."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import aiortc
import pytest

from bridge_agent.capture.outlet import Packet
from bridge_agent.streaming import passing
from bridge_agent.streaming.passing import LONGEST, PacketTrack


def test_the_installed_aiortc_is_as_it_is_used() -> None:
    assert passing.missing() == []


def test_another_aiortc_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc, "__version__", "9.0")
    monkeypatch.delattr(aiortc.RTCRtpSender, "_send_keyframe")
    assert passing.missing() == ["aiortc 9.0 instead of 1.16.0", "RTCRtpSender._send_keyframe"]


def packet(at: int, *, key: bool = False) -> Packet:
    return Packet(at, key, b"x")


async def test_nothing_is_kept_for_a_connection_that_does_not_stand_yet() -> None:
    asked: list[int] = []
    track = PacketTrack(lambda: asked.append(1))
    for at in range(100):
        track.push(packet(at, key=at == 50))
    first = asyncio.ensure_future(track.next())
    await asyncio.sleep(0)
    assert asked == [1], "the sender began, and a key frame is asked for"
    track.push(packet(100))
    track.push(packet(101, key=True))
    track.push(packet(102))
    assert (await first).at == 101
    assert (await track.next()).at == 102
    assert len(asked) == 2


async def test_a_sender_that_does_not_keep_up_skips_to_the_next_key_frame() -> None:
    track = PacketTrack(lambda: None)
    waiting = asyncio.ensure_future(track.next())
    await asyncio.sleep(0)
    track.push(packet(0, key=True))
    await waiting
    for at in range(1, LONGEST + 5):
        track.push(packet(at))
    track.push(packet(500, key=True))
    track.push(packet(501))
    assert [(await track.next()).at for _ in range(2)] == [500, 501]


async def test_only_what_the_sender_has_not_taken_waits_however_long_the_camera_stood_still() -> None:
    now = 0.0
    track = PacketTrack(lambda: None, lambda: now)
    first = asyncio.ensure_future(track.next())
    await asyncio.sleep(0)
    track.push(packet(0, key=True))
    await first
    now = 60.0
    seen = [track.waiting_since]
    track.push(packet(60_000))
    now = 61.0
    track.push(packet(61_000))
    for _ in range(2):
        seen.append(track.waiting_since)
        await track.next()
    seen.append(track.waiting_since)
    assert seen == [None, 60.0, 61.0, None], "the camera gave nothing for a minute, then two pictures"


def test_the_agents_parent_loads_no_media_library() -> None:
    """An idle agent is its parent alone."""
    code = (
        "import sys, bridge_agent.agent, bridge_agent.cli, bridge_agent.streaming.room_stream;"
        "print([name for name in ('aiortc', 'aioice', 'av') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
