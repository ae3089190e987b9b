"""The room's stream: frames that capture decodes anyway, scaled and encoded once with x264, for whoever sends them on.

It lives in the capture process, as raw frames of full size are dear to move (deploy/decisions/0004); what leaves it are
packets of some hundred kbit/s. Off unless a `StreamOut` is handed to capture, and idle while nobody listens there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from typing import Any, Final, Protocol

import av
import cv2
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from bridge_agent.capture.outlet import (
    Given,
    NotEncoded,
    Packet,
    Rate,
    Still,
    StreamOut,
    StreamSettings,
    WantKeyFrame,
    WantStill,
)
from bridge_agent.capture.reader import Raw
from models.reasons import reason

STILL_WIDTH: Final = 480
STILL_LIMIT: Final = 60_000
"""Bytes."""
_CALL_EVERY_S: Final = 1.0
_AGAIN_S: Final = 1.0
"""Until a new encoder is tried: making one takes as long as some pictures."""
_CLOCK: Final = Fraction(1, 1000)
_FINEST: Final = "22"
"""The finest quantiser: what is finer than this is the camera's noise, and took most of the bits and of the time."""


def fitted(size: tuple[int, int], most: tuple[int, int]) -> tuple[int, int]:
    """The size of a picture (width, height) within `most`: same shape, no larger than it is, even as H.264 wants it."""
    scale = min(1.0, most[0] / size[0], most[1] / size[1])
    return max(2, int(size[0] * scale / 2 + 1e-6) * 2), max(2, int(size[1] * scale / 2 + 1e-6) * 2)


class H264Encoder:
    """x264 without delay: every frame gives its packet at once. `size`: of the frames that will come.

    The settings' bit rate is the most; a calm room costs a fraction of it (deploy/decisions/0025).
    """

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
            "preset": "ultrafast",
            "x264-params": "deblock=0,0",  # which ultrafast leaves out: it costs little and shows in calm areas
            "qmin": _FINEST,
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


class Line(Protocol):
    """The way to the streaming process, as multiprocessing's Connection is one. All raise OSError when it is cut."""

    def send(self, what: Given, /) -> None:
        """Send; may block for as long as the other side likes."""

    def poll(self, timeout: float = 0.0, /) -> bool:
        """Whether there is something to receive."""

    def recv(self) -> Any:
        """What was sent; EOFError when the other side hung up."""


class StreamThread:
    """Encodes in a thread of its own, the newest frame only: neither a slow encoder nor a slow receiver holds capture.

    `call` makes the line to whoever listens and raises OSError while nobody does; then nothing is encoded. A new line
    begins with a key frame and at the full rate. A picture that can't be encoded is told as NotEncoded; a moment later
    a new encoder takes the next one.
    """

    def __init__(self, settings: StreamSettings, call: Callable[[], Line], now: Callable[[], float] = time.monotonic):
        self._settings, self._call, self._now = settings, call, now
        self._every_ms = 1000 / settings.fps
        self._due = 0.0
        self._turn = threading.Condition()
        self._newest: Raw | None = None
        self._call_at = self._again_at = float("-inf")
        self._key = self._still = False
        self._line: Line | None = None
        self._encoder: H264Encoder | None = None
        self._wanted = settings
        """As the listener wants it now."""
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
        last = -1
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._newest is not None)
                raw, self._newest = self._newest, None
            if raw is None or raw.at <= last:
                continue
            last = raw.at
            self._line = self._line or self._called()
            if self._line is None:
                continue
            try:
                self._hear(self._line)
                for what in self._made_of(raw):
                    self._line.send(what)
            except (OSError, EOFError):
                self._line = None  # nobody listens: capture goes on, and calls again

    def _called(self) -> Line | None:
        now = self._now()
        if now < self._call_at:
            return None
        self._call_at = now + _CALL_EVERY_S
        try:
            line = self._call()
        except (OSError, EOFError, AuthenticationError):
            return None
        self._encoder, self._wanted = None, self._settings
        self._every_ms, self._key, self._still = 1000 / self._settings.fps, True, False
        return line

    def _hear(self, line: Line) -> None:
        """Take in what is asked for."""
        while line.poll():
            match line.recv():
                case WantKeyFrame():
                    self._key = True
                case WantStill():
                    self._still = True
                case Rate(kbit_s, fps):
                    # x264 can change its rate as it runs, but PyAV not its buffer: a new encoder, once in many seconds.
                    wanted = replace(self._wanted, kbit_s=kbit_s, fps=fps)
                    if wanted != self._wanted:
                        self._encoder, self._wanted = None, wanted
                    self._every_ms = 1000 / fps

    def _made_of(self, raw: Raw) -> list[Given]:
        if self._now() < self._again_at:
            return []
        try:
            return list(self._encoded(raw))
        except Exception as error:
            # Broad: PyAV, OpenCV and NumPy raise what they like, some of it as OSError, and this thread must not end.
            self._encoder, self._again_at = None, self._now() + _AGAIN_S
            return [NotEncoded(*reason(error))]

    def _encoded(self, raw: Raw) -> Iterator[Given]:
        frame = raw.decoded
        if frame is None:
            frame = VideoFrame.from_ndarray(raw.picture(), format="bgr24")
        if self._still:
            self._still = False
            yield Still(raw.at, still(frame))
        self._encoder = self._encoder or H264Encoder(self._wanted, (frame.width, frame.height))
        yield from self._encoder.encode(frame, raw.at, key=self._key)
        self._key = False


def still(frame: VideoFrame) -> bytes:
    """A JPEG of the frame as the classroom page shows rooms: at most STILL_WIDTH wide, under STILL_LIMIT bytes."""
    width, height = fitted((frame.width, frame.height), (STILL_WIDTH, STILL_WIDTH))
    small = frame.reformat(width, height, "bgr24", interpolation=Interpolation.AREA).to_ndarray()
    for quality in (75, 60, 45, 30, 15):
        jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= STILL_LIMIT:
            break
    return jpeg


def stream_into(out: StreamOut) -> StreamThread:
    """Encode for whoever listens there."""
    return StreamThread(out.settings, lambda: Client(out.address, authkey=out.key))
