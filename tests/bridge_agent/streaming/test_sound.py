"""The microphone: sources that FFmpeg makes itself. Through the relay to a listener: test_stream."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from av.audio.frame import AudioFrame

from bridge_agent.streaming.sound import FRAME, LONGEST, RATE, Microphone, SoundTrack
from tests.central_server.media.peers import until


async def test_a_source_of_any_rate_and_shape_becomes_frames_as_opus_wants_them() -> None:
    microphone = Microphone("lavfi:sine=frequency=1000:sample_rate=44100:duration=0.5,aformat=channel_layouts=stereo")
    frames: list[AudioFrame] = []
    microphone.give = frames.append
    await until(lambda: microphone.trouble is not None)
    assert microphone.trouble == ("Micro không gửi tiếng nữa.", "The microphone gives no sound any more.")
    assert {(one.samples, one.sample_rate, one.layout.name, one.format.name) for one in frames} == {
        (FRAME, RATE, "mono", "s16")
    }
    heard = np.concatenate([one.to_ndarray()[0] for one in frames])
    assert 0.45 <= len(heard) / RATE <= 0.5
    assert np.argmax(np.abs(np.fft.rfft(heard[: RATE // 4]))) * 4 == pytest.approx(1000, abs=8)


@pytest.mark.parametrize("device", ["lavfi:no_such_filter", "pulse:default", "lavfi:testsrc", "nonsense"])
async def test_a_microphone_that_cannot_be_used_is_told(device: str) -> None:
    microphone = Microphone(device)
    await until(lambda: microphone.trouble is not None)
    assert microphone.trouble is not None
    vi, en = microphone.trouble
    assert vi.startswith("Không dùng được micro ") and "sound_device" in vi
    assert en.startswith("The microphone ") and "can't be used" in en


@pytest.mark.skipif(not Path("/usr/share/alsa/alsa.conf").exists(), reason="no ALSA on this PC")
async def test_alsa_finds_this_systems_settings() -> None:
    microphone = Microphone("alsa:null")
    came = asyncio.Event()
    microphone.give = lambda frame: came.set()
    await asyncio.wait_for(came.wait(), 60)


async def test_sound_that_waited_too_long_is_dropped_and_times_go_on() -> None:
    track = SoundTrack()
    frames = [AudioFrame(format="s16", layout="mono", samples=FRAME) for _ in range(LONGEST + 5)]
    for frame in frames:
        track.push(frame)
    assert track.waiting_since is not None
    got = [await track.recv() for _ in range(LONGEST)]
    assert got == frames[5:]
    assert [one.pts for one in got] == [number * FRAME for number in range(LONGEST)]
    assert track.waiting_since is None
