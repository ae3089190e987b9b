"""The level of a microphone of this PC as the agent would publish it (streaming.sound), in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

EVERY_S: Final = 0.1
QUIETEST: Final = -90.0
"""dBFS of digital silence, where a logarithm has none."""


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the last tenth of a second was, dBFS (0: as loud as can be)."""

    db: float


@dataclass(frozen=True, slots=True)
class NoSound:
    """The microphone gives none, and why."""

    vi: str
    en: str


Heard = Level | NoSound


def listen(conn: Connection, device: str) -> None:
    """The process's life, until anything comes over the pipe, or it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(_listen(conn, device))
    except (EOFError, OSError):
        os._exit(0)  # nobody is there any more; the microphone's thread may be stuck in its driver
    os._exit(0)


async def _listen(conn: Connection, device: str) -> None:
    from bridge_agent.streaming.sound import Microphone

    microphone, powers = Microphone(device), list[float]()
    microphone.give = lambda frame: powers.append(power(frame))
    while not conn.poll():
        await asyncio.sleep(EVERY_S)
        if powers:
            conn.send(Level(decibels(sum(powers) / len(powers))))
            powers.clear()
        elif microphone.trouble is not None:
            conn.send(NoSound(*microphone.trouble))


def power(frame: AudioFrame) -> float:
    """Mean square of the samples (s16), of 1 at most."""
    import numpy as np

    samples = frame.to_ndarray().astype(np.float64) / 32768
    return float(np.mean(samples * samples))


def decibels(power: float) -> float:
    """dBFS of a mean square."""
    from math import log10

    return max(QUIETEST, 10 * log10(power)) if power > 0 else QUIETEST


def microphones(system: str = sys.platform, cards: Path = Path("/proc/asound/pcm")) -> list[tuple[str, str]]:
    """The microphones of this PC: as `sound_device` takes each, and its name. The first is the system's own."""
    found = [("", "")]
    if system == "linux":
        found += by_alsa(_lines(cards))
    elif system == "win32":
        import av

        try:
            listed = av.enumerate_input_devices("dshow")
        except (av.FFmpegError, OSError, ValueError):
            listed = []
        found += [(f"dshow:audio={one.name}", one.description) for one in listed if "audio" in one.media_types]
    return found


def by_alsa(lines: Sequence[str]) -> list[tuple[str, str]]:
    """What /proc/asound/pcm lists that can capture: `00-00: ALC256 Analog : ALC256 Analog : playback 1 : capture 1`."""
    found = []
    for line in lines:
        place, _, rest = line.partition(":")
        card, _, device = place.partition("-")
        parts = [part.strip() for part in rest.split(":")]
        if card.isdigit() and device.isdigit() and any(part.startswith("capture") for part in parts):
            found.append((f"alsa:plughw:{int(card)},{int(device)}", parts[0]))
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
