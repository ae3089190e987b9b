"""Handing aiortc pictures that are encoded already: all that leans on its private parts stands in this file.

aiortc 1.16.0 packetises an av.Packet that a track gives instead of encoding it, which it does for files; that a viewer
asks for a key frame it tells its own encoder only. `missing` holds the installed aiortc to both, when streaming starts
and in a test (contract); where it fails pictures are decoded and aiortc encodes them again (`DecodedTrack`), which
costs five times as much and needs nothing private.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, cast

import aiortc
import av
from aiortc import RTCRtpSender
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from bridge_agent.capture.outlet import Packet
from bridge_agent.streaming.publication import FedTrack

VERSION: Final = "1.16.0"
LONGEST: Final = 30
"""Pictures that may wait for the sender, 2 s of them: then they are old, and the next key frame is waited for."""
_CLOCK: Final = Fraction(1, 1000)


def missing() -> list[str]:
    """What of aiortc is not as this file needs it; empty when pictures can be passed on as they are."""
    wrong = [] if aiortc.__version__ == VERSION else [f"aiortc {aiortc.__version__} instead of {VERSION}"]
    for name, call in (("_next_encoded_frame", ".pack(data)"), ("_handle_rtcp_packet", "self._send_keyframe()")):
        method = getattr(RTCRtpSender, name, None)
        if method is None or call not in inspect.getsource(method):
            wrong.append(f"RTCRtpSender.{name}: {call}")
    if not callable(getattr(RTCRtpSender, "_send_keyframe", None)):
        wrong.append("RTCRtpSender._send_keyframe")
    return wrong


def on_key_frame_wanted(sender: RTCRtpSender, wanted: Callable[[], None]) -> None:
    """Call `wanted` whenever the receiver asks for a key frame (PLI or FIR)."""
    cast(Any, sender)._send_keyframe = wanted


class PacketTrack(FedTrack):
    """The room's picture as packets, the newest ones: a sender that does not keep up skips to the next key frame.

    want_key: asks capture for one. now: seconds of a steady clock.
    """

    kind = "video"

    def __init__(self, want_key: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._want_key, self._now = want_key, now
        self._queue: deque[Packet] = deque()
        self._come = asyncio.Event()
        self._broken = True
        """Packets are dropped until a key frame comes."""
        self._started = False
        """The connection stands: the sender has asked for its first picture."""

    def push(self, packet: Packet) -> None:
        """A picture came from capture."""
        if self.waiting_since is None:
            self.waiting_since = self._now()
        if not self._started:
            return
        if len(self._queue) >= LONGEST:
            self._queue.clear()
            self._broken = True
        if packet.key:
            self._broken = False
        if self._broken:
            self._want_key()
            return
        self._queue.append(packet)
        self._come.set()

    async def next(self) -> Packet:
        """The next picture, as soon as there is one."""
        if not self._started:
            self._started = True
            self._want_key()
        while not self._queue:
            self._come.clear()
            await self._come.wait()
        packet = self._queue.popleft()
        self.waiting_since = self._now() if self._queue else None
        return packet

    async def recv(self) -> Any:
        """For the sender, which packetises it."""
        packet = await self.next()
        out = av.Packet(packet.data)
        out.pts, out.time_base = packet.at, _CLOCK
        return out


class DecodedTrack(PacketTrack):
    """The same as pictures, which aiortc encodes again: where packets can't be handed on."""

    def __init__(self, want_key: Callable[[], None], now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(want_key, now)
        self._decoder: VideoCodecContext | None = None

    async def recv(self) -> Any:
        """For the sender, which encodes it."""
        while True:
            packet = await self.next()
            if self._decoder is None or packet.key:
                self._decoder = av.CodecContext.create("h264", "r")
                self._decoder.options = {"flags": "low_delay"}
            encoded = av.Packet(packet.data)
            encoded.pts, encoded.time_base = packet.at, _CLOCK
            frames = await asyncio.to_thread(self._decoder.decode, encoded)
            if frames:
                frame: VideoFrame = frames[-1]
                frame.pts, frame.time_base = packet.at, _CLOCK
                return frame
