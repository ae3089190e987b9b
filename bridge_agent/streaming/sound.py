"""The room's sound by a microphone of this PC, for rooms where no classroom page carries it. Off by default.

Tried with sound that FFmpeg makes (lavfi), through a relay to a listener who decodes it, and with ALSA's null device.
Not tried on a PC with a microphone: ALSA's default beside a desktop's sound server, DirectShow and AVFoundation. And
nothing here cancels echoes: beside loudspeakers the classroom page is the way.
"""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
import threading
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.container import InputContainer

from bridge_agent.streaming.publication import FedTrack
from models.reasons import reason

RATE: Final = 48_000
FRAME: Final = 960
"""Samples, 20 ms: what an Opus packet holds."""
LONGEST: Final = 15
"""Frames that may wait, 0.3 s: later sound is no conversation any more."""
AGAIN_S: Final = 5.0
_ALSA: Final = {
    "ALSA_CONFIG_DIR": "/usr/share/alsa",
    "ALSA_PLUGIN_DIR": f"/usr/lib/{sysconfig.get_config_var('MULTIARCH') or ''}/alsa-lib",
}
"""PyAV brings its own alsa-lib, which looks for these below /tmp/vendor: there it finds nothing, or what any user of
this PC has put there."""
_USUAL: Final = {"win32": "dshow:audio=default", "darwin": "avfoundation::0"}


class Microphone:
    """Reads the microphone in a thread of its own, opened again when it is lost, for the process's life.

    device: FORMAT:NAME as PyAV's FFmpeg has it (alsa:default, alsa:plughw:1, dshow:audio=NAME); empty: this system's
    own.
    """

    def __init__(self, device: str) -> None:
        self.trouble: tuple[str, str] | None = None
        """Why there is no sound, in both languages."""
        self._device = device or _USUAL.get(sys.platform, "alsa:default")
        self._loop = asyncio.get_running_loop()
        for name, path in _ALSA.items():
            os.environ.setdefault(name, path)
        self.give: Callable[[AudioFrame], None] = lambda frame: None
        """Gets each frame, in the event loop."""
        threading.Thread(target=self._run, daemon=True, name="microphone").start()

    def _run(self) -> None:
        while True:
            try:
                self._read()
                self.trouble = ("Micro không gửi tiếng nữa.", "The microphone gives no sound any more.")
            except Exception as error:  # PyAV raises what it likes, and this thread must not end
                why = reason(error)
                self.trouble = (
                    f"Không dùng được micro {self._device} ({why.vi}). Hãy cắm lại micro, hoặc sửa sound_device.",
                    f"The microphone {self._device} can't be used ({why.en}). Plug it in again, or mend sound_device.",
                )
            time.sleep(AGAIN_S)

    def _read(self) -> None:
        kind, _, name = self._device.partition(":")
        resampler = AudioResampler(format="s16", layout="mono", rate=RATE, frame_size=FRAME)
        with av.open(name, format=kind, timeout=5.0) as container:
            if not isinstance(container, InputContainer) or not container.streams.audio:
                raise ValueError("no sound in it")
            for frame in container.decode(audio=0):
                for part in resampler.resample(frame):
                    self.trouble = None
                    self._loop.call_soon_threadsafe(self._came, part)

    def _came(self, frame: AudioFrame) -> None:
        self.give(frame)


class SoundTrack(FedTrack):
    """The newest sound; aiortc encodes it."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._queue: deque[AudioFrame] = deque(maxlen=LONGEST)
        self._come = asyncio.Event()
        self._samples = 0

    def push(self, frame: AudioFrame) -> None:
        """Sound came; what waits too long is dropped."""
        self.waiting_since = self.waiting_since or time.monotonic()
        self._queue.append(frame)
        self._come.set()

    async def recv(self) -> Any:
        """For the sender."""
        while not self._queue:
            self._come.clear()
            await self._come.wait()
        frame = self._queue.popleft()
        self.waiting_since = time.monotonic() if self._queue else None
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
        self._samples += frame.samples
        return frame
