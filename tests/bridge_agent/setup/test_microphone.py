"""The microphone by which the agent sends the room's sound: a voice is told from noise, silence and no microphone.

Sound comes from FFmpeg's own source (lavfi), read by the same code as a microphone's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge_agent.config import Config, Settings
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.listening import Level, NoSound, by_alsa
from bridge_agent.setup.state import SetupError
from bridge_agent.setup.wizard import Wizard

SPOKEN = "lavfi:aevalsrc=0.3*sin(880*t)*gt(sin(8*t)\\,0)+0.001*random(0):s=48000,arealtime"
"""Half-second syllables over a faint noise."""


def wizard(folder: Path) -> Wizard:
    made = Wizard(Settings(Config(data=str(folder), key_store="file"), None), KeyStore(), lambda: 5)
    made.joined.set()
    return made


async def until(one: Wizard, so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not so():
            one.measures.hear()  # the page still asks
            await one.state.changes.wait(one.state.changes.version, 0.5)


async def test_the_agents_own_microphone_is_heard_and_its_absence_told(tmp_path: Path) -> None:
    one = wizard(tmp_path)
    await one.choose_sound(True, SPOKEN)
    await until(one, lambda: one.state.progress.passed("sound", joined=True))
    heard: list[object] = [one.measures.level]
    assert isinstance(heard[0], Level) and one.state.progress.results["sound"].figures["microphone"] == SPOKEN
    await one.choose_sound(True, "lavfi:no_such_source")
    assert not one.state.progress.passed("sound", joined=True)  # another one has to be heard anew
    await until(one, lambda: isinstance(one.measures.level, NoSound))
    heard.append(one.measures.level)
    assert isinstance(heard[1], NoSound) and "sound_device" in heard[1].vi
    await one.close()
    assert not one.measures.running("listening")


@pytest.mark.parametrize(("loudest", "quietest"), [(-50.0, -80.0), (-40.0, -42.0), (-200.0, -200.0)])
async def test_noise_and_silence_are_no_voice(tmp_path: Path, loudest: float, quietest: float) -> None:
    one = wizard(tmp_path)
    with pytest.raises(SetupError, match="Chưa nghe thấy tiếng nói"):
        one.measures.heard("Micro USB", loudest, quietest)
    one.measures.heard("Micro USB", -30.0, -60.0)
    assert one.state.progress.passed("sound", joined=True)


def test_alsa_lists_what_can_capture() -> None:
    lines = (
        "00-00: ALC256 Analog : ALC256 Analog : playback 1 : capture 1",
        "00-03: HDMI 0 : HDMI 0 : playback 1",
        "02-00: USB Audio : USB Audio : capture 1",
        "nonsense",
    )
    assert by_alsa(lines) == [("alsa:plughw:0,0", "ALC256 Analog"), ("alsa:plughw:2,0", "USB Audio")]
