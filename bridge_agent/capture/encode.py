"""The room's stream: frames that capture decodes anyway, scaled and encoded once with x264, for whoever sends them on.

It lives in the capture process, as raw frames of full size are dear to move (deploy/decisions/0004); what leaves it are
packets of some hundred kbit/s. Off unless a `StreamOut` is handed to capture.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing.connection import Connection
from typing import Final

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from bridge_agent.capture.reader import Raw

_CLOCK: Final = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the stream looks like: 720p at 15 frames a second shows a room and its board, at about a megabit a second.

    `width` and `height` are the most: a picture keeps its shape and is never enlarged. `key_every_s`: a receiver that
    comes in without asking for a key frame waits no longer than this.
    """

    width: int = 1280
    height: int = 720
    fps: int = 15
    kbit_s: int = 1200
    key_every_s: int = 10


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded frame: H.264 in Annex B, taken at `at` (ms on the source's clock). A key frame brings its headers."""

    at: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class StreamOut:
    """Where the packets go: `pipe` takes a `Packet` each; anything that comes back asks for a key frame."""

    pipe: Connection
    settings: StreamSettings = StreamSettings()


def fitted(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """The size of a picture (width, height) within `most`: same shape, no larger than it is, even as H.264 wants it."""
    scale = min(1.0, most[0] / size[0], most[1] / size[1])
    return max(2, int(size[0] * scale / 2 + 1e-6) * 2), max(2, int(size[1] * scale / 2 + 1e-6) * 2)


class H264Encoder:
    """x264 `superfast` without delay: every frame gives its packet at once. `size`: of the frames that will come."""

    def __init__(self, settings: StreamSettings, size: tuple[int, int]) -> None:
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)  # noqa: S101  # libx264 is a video codec; for mypy
        context.width, context.height = fitted(size, (settings.width, settings.height))
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = _CLOCK, Fraction(settings.fps)
        context.bit_rate = settings.kbit_s * 1000
        context.gop_size = settings.fps * settings.key_every_s
        # More threads cost more and a frame has time: 66 ms.
        context.thread_count = 1
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "profile": "baseline",  # what every browser and phone decodes
            "forced-idr": "1",
            "maxrate": f"{settings.kbit_s}k",
            "bufsize": f"{settings.kbit_s}k",
        }
        self._context, self._scaler = context, VideoReformatter()

    def encode(self, frame: VideoFrame, at: int, *, key: bool = False) -> list[Packet]:
        """The packets of a frame of any format, taken at `at`; times must rise. `key`: make it a key frame."""
        small = self._scaler.reformat(
            frame,
            self._context.width,
            self._context.height,
            "yuv420p",
            interpolation=Interpolation.FAST_BILINEAR,
        )
        small.pts, small.time_base = at, _CLOCK
        small.pict_type = PictureType.I if key else PictureType.NONE
        return [Packet(at, packet.is_keyframe, bytes(packet)) for packet in self._context.encode(small)]


class StreamThread:
    """Encodes in a thread of its own, the newest frame only: neither a slow encoder nor a slow receiver holds capture.

    `send` may block, and raises OSError when nobody listens any more, which ends the thread. `wants_key` says whether
    a receiver has asked for a key frame since it was last called.
    """

    def __init__(
        self, settings: StreamSettings, send: Callable[[Packet], object], wants_key: Callable[[], bool]
    ) -> None:
        self._every_ms = 1000 / settings.fps
        self._due = 0.0
        self._turn = threading.Condition()
        self._newest: Raw | None = None
        self._settings, self._send, self._wants_key = settings, send, wants_key
        threading.Thread(target=self._run, daemon=True, name="stream").start()

    def offer(self, raw: Raw) -> None:
        """Take a decoded frame, if it is due."""
        # A little early will do: cameras tremble, and 15 of 30 frames must not become 14.
        if raw.at < self._due - self._every_ms / 4:
            return
        self._due = max(self._due, raw.at - self._every_ms) + self._every_ms
        with self._turn:
            self._newest = raw
            self._turn.notify()

    def _run(self) -> None:
        encoder: H264Encoder | None = None
        last = -1
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._newest is not None)
                raw, self._newest = self._newest, None
            if raw is None or raw.at <= last:
                continue
            last = raw.at
            frame = raw.decoded
            if frame is None:
                frame = VideoFrame.from_ndarray(raw.picture(), format="bgr24")
            encoder = encoder or H264Encoder(self._settings, (frame.width, frame.height))
            try:
                for packet in encoder.encode(frame, raw.at, key=self._wants_key()):
                    self._send(packet)
            except OSError:
                return  # nobody listens: the stream is over, capture goes on


def stream_into(out: StreamOut) -> StreamThread:
    """Encode into a pipe until its other end is closed."""

    def wants_key() -> bool:
        asked = False
        while out.pipe.poll():
            out.pipe.recv()
            asked = True
        return asked

    def send(packet: Packet) -> None:
        out.pipe.send(packet)

    return StreamThread(out.settings, send, wants_key)
