"""The peers of bench media: pictures encoded beforehand, and viewers who count packets' frames and decode nothing."""

from __future__ import annotations

import asyncio
import fractions
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

import av
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from av.video.codeccontext import VideoCodecContext

from central_server.errors import RelayAwayError
from central_server.media.media import Media, Resource
from central_server.media.packets import Packet
from central_server.media.passing import Incoming
from tests.central_server.media.peers import Painted

SECONDS = 4
"""Length of what is published again and again; it begins with a key frame."""
TAIL = 24
"""A frame is known again by its last bytes."""


@dataclass(frozen=True)
class Encoding:
    """A kind of picture."""

    name: str
    codec: str
    library: str
    width: int
    height: int
    fps: int
    bit_rate: int
    options: tuple[tuple[str, str], ...]


ENCODINGS = (
    Encoding("VP8 480p15", "VP8", "libvpx", 640, 480, 15, 800_000, (("deadline", "realtime"), ("cpu-used", "8"))),
    Encoding(
        "H264 720p25", "H264", "libx264", 1280, 720, 25, 1_500_000,
        (("preset", "superfast"), ("tune", "zerolatency"), ("profile", "baseline"), ("slice-max-size", "0")),
    ),
)  # fmt: skip


@cache
def encoded(encoding: Encoding) -> tuple[bytes, ...]:
    """SECONDS of frames, each as the encoder gave it."""
    codec = av.CodecContext.create(encoding.library, "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = encoding.width, encoding.height, "yuv420p"
    codec.bit_rate, codec.framerate = encoding.bit_rate, fractions.Fraction(encoding.fps)
    codec.time_base, codec.gop_size = fractions.Fraction(1, encoding.fps), encoding.fps * SECONDS
    codec.options = dict(encoding.options)
    source, found = Painted(encoding.width, encoding.height, encoding.fps), []
    for number in range(encoding.fps * SECONDS):
        source.number = number
        frame = source.frame()
        frame.pts, frame.time_base = number, codec.time_base
        found += [bytes(packet) for packet in codec.encode(frame)]
    found += [bytes(packet) for packet in codec.encode(None)]
    return tuple(found)


class Encoded(MediaStreamTrack):
    """Publishes what was encoded, again and again."""

    kind = "video"

    def __init__(self, encoding: Encoding) -> None:
        super().__init__()
        self.encoding, self.frames = encoding, encoded(encoding)
        self.sent = 0
        self.sent_at: dict[bytes, float] = {}
        """By a frame's tail, when it was last handed out."""
        self._began = 0.0

    async def recv(self) -> av.Packet[Any]:
        fps = self.encoding.fps
        if not self.sent:
            self._began = time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self.sent / fps - time.monotonic()))
        data = self.frames[self.sent % len(self.frames)]
        packet = av.Packet(data)
        packet.pts = packet.dts = self.sent * 90_000 // fps
        packet.time_base = fractions.Fraction(1, 90_000)
        self.sent += 1
        self.sent_at[data[-TAIL:]] = time.monotonic()
        return packet


@dataclass
class Watcher:
    """A viewer."""

    connection: RTCPeerConnection
    frames: list[tuple[bytes, float]] = field(default_factory=list)
    """Each frame's tail, and when its last packet came."""
    delays: list[float] = field(default_factory=list)
    """Seconds from when a frame was handed to the publisher's sender, where `track` tells."""
    track: Encoded | None = None

    async def passed(self, packet: Packet) -> None:
        """A packet came."""
        if packet.marker:
            now = time.monotonic()
            tail = packet.payload[-TAIL:]
            self.frames.append((tail, now))
            if self.track is not None and (sent := self.track.sent_at.get(tail)) is not None:
                self.delays.append(now - sent)

    async def until(self, frames: int) -> None:
        """Wait for so many frames."""
        async with asyncio.timeout(20):
            while len(self.frames) < frames:  # noqa: ASYNC110 - frames are counted as packets come
                await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Leave."""
        await asyncio.wait([asyncio.ensure_future(self.connection.close())], timeout=3)


def connection() -> RTCPeerConnection:
    """One that asks no server."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def publish(media: Media, track: MediaStreamTrack, codec: str = "VP8") -> RTCPeerConnection:
    """Publish a track as the one camera."""
    peer = connection()
    transceiver = peer.addTransceiver(track, "sendonly")
    found = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([one for one in found if one.name in (codec, "rtx")])
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp
    made = await patiently(lambda: media.publish("account:publisher", "s", "r", "camera", offer))
    await peer.setRemoteDescription(RTCSessionDescription(made.answer, "answer"))
    return peer


async def patiently(ask: Callable[[], Awaitable[Resource]]) -> Resource:
    """Ask again while a busy machine takes its time."""
    for _ in range(10):
        try:
            return await ask()
        except RelayAwayError as error:
            await asyncio.sleep(error.retry_after)
    return await ask()


async def watch(media: Media, track: Encoded | None = None) -> Watcher:
    """A new viewer of the one camera."""
    watcher, offer = await offering(track)
    made = await patiently(lambda: media.play(f"account:{id(watcher)}", "s", "r", "camera", offer))
    await watcher.connection.setRemoteDescription(RTCSessionDescription(made.answer, "answer"))
    return watcher


async def offering(track: Encoded | None = None) -> tuple[Watcher, str]:
    """A viewer that is about to ask, and its offer."""
    watcher = Watcher(connection(), track=track)
    transceiver = watcher.connection.addTransceiver("video", "recvonly")
    Incoming(transceiver.receiver, "", watcher.passed, time.monotonic)
    await watcher.connection.setLocalDescription(await watcher.connection.createOffer())
    return watcher, watcher.connection.localDescription.sdp


class Elsewhere:
    """Viewers in a second process."""

    def __init__(self, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._count = count
        self._process = context.Process(target=_watch_there, args=(theirs, count), daemon=True)
        self._process.start()
        theirs.close()

    async def join(self, media: Media) -> None:
        """Let them in."""
        for number in range(self._count):
            offer = await asyncio.to_thread(self._pipe.recv)
            self._pipe.send(await self._let_in(media, f"account:there{number}", offer))

    async def _let_in(self, media: Media, holder: str, offer: str) -> str:
        return (await patiently(lambda: media.play(holder, "s", "r", "camera", offer))).answer

    async def counted(self) -> list[int]:
        """How many frames each has got."""
        self._pipe.send(None)
        got: list[int] = await asyncio.to_thread(self._pipe.recv)
        return got

    def end(self) -> None:
        """Let them go."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _watch_there(pipe: Connection, count: int) -> None:
    async def watch_all() -> None:
        watchers = []
        for _ in range(count):
            watcher, offer = await offering()
            pipe.send(offer)
            answer = await asyncio.to_thread(pipe.recv)
            await watcher.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            watchers.append(watcher)
        while True:
            await asyncio.to_thread(pipe.recv)
            pipe.send([len(watcher.frames) for watcher in watchers])

    asyncio.run(watch_all())
