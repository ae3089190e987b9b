"""Real peers of the relay: publishers and viewers by aiortc, who speak WHIP and WHEP over HTTP."""

from __future__ import annotations

import asyncio
import fractions
import math
import secrets
import time
from dataclasses import dataclass, field

import httpx
import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame
from sqlalchemy import Connection, text

from central_server.accounts.giving import NewAccount, new_account
from central_server.accounts.permission import Grant
from central_server.accounts.sign_ins import Browser as SignInBrowser
from central_server.accounts.sign_ins import make_sign_in
from central_server.clock import wall_clock
from central_server.media.media import Media
from central_server.media.tokens import Act, seat_holder
from central_server.services import Services
from models.wire import Source
from tests.central_server.media.bad_line import Line
from tests.central_server.running import START, Clock, Running

SESSION = "K1.1"
BITS, SQUARE = 10, 16
SOURCES: tuple[Source, ...] = ("camera", "sound", "screen")


class Wall(Clock):
    """The time of day, by which a TURN server judges credentials."""

    def __call__(self) -> int:
        return wall_clock()


class Ticking(Clock):
    """A server's clock that begins at START and goes on, as sound is measured in."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self) -> int:
        return START + int((time.monotonic() - self._began) * 1000)


class Painted(MediaStreamTrack):
    """A moving picture; ten squares in its corner, black or white, tell each frame's number (mod 1024)."""

    kind = "video"

    def __init__(self, width: int = 320, height: int = 240, fps: int = 15) -> None:
        super().__init__()
        self._size, self._fps = (height, width), fps
        self._began: float | None = None
        self.number = 0
        rng = np.random.default_rng(1)
        self._picture = rng.integers(60, 120, (height // 8, width // 8), np.uint8).repeat(8, 0).repeat(8, 1)

    async def recv(self) -> VideoFrame:
        if self._began is None:
            self._began = time.monotonic()
        await asyncio.sleep(max(0, self._began + self.number / self._fps - time.monotonic()))
        frame = self.frame()
        frame.pts, frame.time_base = self.number * 90_000 // self._fps, fractions.Fraction(1, 90_000)
        self.number += 1
        return frame

    def frame(self) -> VideoFrame:
        """The picture of the present number."""
        height, width = self._size
        luma = np.roll(self._picture, self.number * 4, 1)
        for bit in range(BITS):
            luma[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 230 if self.number >> bit & 1 else 20
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = luma
        return VideoFrame.from_ndarray(planes, "yuv420p")


class Tone(MediaStreamTrack):
    """Sound: loud while `loud`, else as good as silent."""

    kind = "audio"

    def __init__(self, *, loud: bool = True) -> None:
        super().__init__()
        self.loud, self._number, self._began = loud, 0, 0.0

    async def recv(self) -> AudioFrame:
        if not self._number:
            self._began = time.monotonic()
        await asyncio.sleep(max(0, self._began + self._number * 0.02 - time.monotonic()))
        wave = np.sin(np.arange(960) * 440 * 2 * math.pi / 48_000) * (12_000 if self.loud else 3)
        frame = AudioFrame.from_ndarray(wave.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, self._number * 960, fractions.Fraction(1, 48_000)
        self._number += 1
        return frame

    async def goes_on(self, frames: int) -> None:
        """Wait until so many frames more have been made."""
        wanted = self._number + frames
        await until(lambda: self._number >= wanted)


@dataclass
class Peer:
    """One connection, with the resource that the server made for it."""

    connection: RTCPeerConnection
    location: str = ""
    token: str = ""
    frames: int = 0
    loud: int = 0
    """Frames of sound that are not silent."""
    first_at: float | None = None
    """When the first frame was there, seconds of the monotonic clock."""
    last_at: float = 0.0
    asked_at: float = 0.0
    numbers: list[tuple[int, float]] = field(default_factory=list)
    """Each picture's number, and when it was there."""
    reading: asyncio.Task[None] | None = None

    async def until(self, frames: int, seconds: float = 60) -> None:
        """Wait for so many frames more."""
        wanted = self.frames + frames
        async with asyncio.timeout(seconds):
            while self.frames < wanted:  # noqa: ASYNC110 - frames are counted in a task that knows nothing of this
                await asyncio.sleep(0.01)

    def candidates(self) -> list[str]:
        """The lines of its offer that tell where it can be reached."""
        return [line for line in self.connection.localDescription.sdp.splitlines() if line.startswith("a=candidate:")]

    async def close(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
        await asyncio.wait([asyncio.ensure_future(self.connection.close())], timeout=3)


class RefusedByServerError(Exception):
    """The server's answer was no 201."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"{answer.status_code} {answer.text[:200]}")
        self.answer = answer


@dataclass
class Peers:
    """Makes peers of one server and closes them all."""

    server: Running | None
    """None: it runs elsewhere, at `address`, and tokens are given."""
    turn: RTCIceServer | None = None
    address: str = ""
    line: Line | None = None
    """A bad line that all media goes over."""
    relayed: bool = False
    """Whether the TURN server is the only way."""
    patient: bool = True
    """Whether to come again when told so."""
    made: list[Peer] = field(default_factory=list)

    def token(self, act: Act, room: str, holder: str = "", session: str = SESSION) -> str:
        """By default a device's of the room, to publish, or a class manager's, to play."""
        assert self.server is not None
        of = self.server.services
        if not holder:
            device = device_at(of, room)
            holder = f"device:{device}" if act == "publish" else seat_holder(manager_in(of))
        return of.media.tokens.issue(holder, session, room, act, SOURCES, of.now())

    def connection(self) -> RTCPeerConnection:
        policy = RTCIceTransportPolicy.RELAY if self.relayed else RTCIceTransportPolicy.ALL
        servers = [self.turn] if self.turn else []
        return RTCPeerConnection(RTCConfiguration(iceServers=servers, iceTransportPolicy=policy))

    async def publish(
        self, room: str, source: Source, track: MediaStreamTrack, codec: str = "", token: str = ""
    ) -> Peer:
        """Publish a track; `codec` (video/H264) is the only one offered."""
        connection = self.connection()
        transceiver = connection.addTransceiver(track, "sendonly")
        if codec:
            found = RTCRtpSender.getCapabilities(track.kind).codecs
            transceiver.setCodecPreferences([one for one in found if one.mimeType in (codec, "video/rtx")])
        path = f"/media/whip/{SESSION}/{room}/{source}"
        return await self._ask(connection, path, token or self.token("publish", room))

    async def play(self, room: str, source: Source, codec: str = "", token: str = "") -> Peer:
        """Play a stream, counting its frames."""
        connection = self.connection()
        kind = "audio" if source == "sound" else "video"
        transceiver = connection.addTransceiver(kind, "recvonly")
        if codec:
            found = RTCRtpSender.getCapabilities(kind).codecs
            transceiver.setCodecPreferences([one for one in found if one.mimeType in (codec, "video/rtx")])
        peer = await self._ask(connection, f"/media/whep/{SESSION}/{room}/{source}", token or self.token("play", room))
        peer.reading = asyncio.ensure_future(_count(peer, transceiver.receiver.track))
        return peer

    async def _ask(self, connection: RTCPeerConnection, path: str, token: str) -> Peer:
        peer = Peer(connection, token=token)
        self.made.append(peer)
        await connection.setLocalDescription(await connection.createOffer())
        peer.asked_at = time.monotonic()
        offer = connection.localDescription.sdp
        if self.line is not None:
            assert not self.line.down, "a line that is cut carries no request either"
            offer = self.line.offer(offer)
        address = self.server.address if self.server is not None else self.address
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=address, timeout=60, headers=headers) as client:
            got = await client.post(path, content=offer)
            for _ in range(3 if self.patient else 0):
                if got.status_code == 503:  # the relay starts, and this machine is slow
                    await asyncio.sleep(int(got.headers["retry-after"]))
                    got = await client.post(path, content=offer)
        if got.status_code != 201:
            await peer.close()
            raise RefusedByServerError(got)
        peer.location = got.headers["location"]
        answer = got.text if self.line is None else await self.line.answer(got.text)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        return peer

    async def close(self) -> None:
        await asyncio.gather(*(peer.close() for peer in self.made))
        if self.line is not None:
            self.line.close()


def device_at(of: Services, room: str, device: str = "") -> str:
    """The id of a device that belongs to the room, which takes part in the session; both are made where they lack."""
    device = device or f"d-{room}"

    def job(connection: Connection) -> None:
        for sql in (
            "INSERT OR IGNORE INTO bridge_point (id, code, name) VALUES (:room, :room, :room)",
            "INSERT OR IGNORE INTO session_bridge_point (session, bridge_point) VALUES (:session, :room)",
            "INSERT OR IGNORE INTO device (id, bridge_point, public_key, joined_at)"
            " VALUES (:device, :room, :device, 0)",
            "INSERT OR IGNORE INTO device_key (device, number, public_key, made_at, expires_at, revoked)"
            " VALUES (:device, 1, :device, 0, 9000000000000, 0)",
        ):  # fmt: skip
            connection.execute(text(sql), {"room": room, "session": SESSION, "device": device})

    of.writer.submit(job).result(60)
    return device


def manager_in(of: Services) -> str:
    """The id of a sign-in of a class manager, who may look into every room; both are made where they lack."""

    def job(connection: Connection) -> str:
        query = text("SELECT id FROM browser_session WHERE browser = 'looks in'")
        if connection.execute(query).first() is None:
            new = NewAccount(f"looks-in-{secrets.token_hex(4)}", "Looks In", (Grant("class_manager"),))
            account = new_account(new, None, of.now())(connection)
            looks_in = SignInBrowser("", "looks in")
            make_sign_in(connection, account, "password", looks_in, of.now(), of.config.accounts)
        return str(connection.execute(query).scalar_one())

    return of.writer.submit(job).result(60)


async def _count(peer: Peer, track: MediaStreamTrack) -> None:
    try:
        while True:
            frame = await track.recv()
            peer.last_at = time.monotonic()
            peer.first_at = peer.first_at or peer.last_at
            peer.frames += 1
            if isinstance(frame, AudioFrame):
                peer.loud += int(np.abs(frame.to_ndarray().astype(np.int32)).max() > 1000)
            elif isinstance(frame, VideoFrame):
                peer.numbers.append((number_in(frame), peer.last_at))
    except MediaStreamError:
        return


def number_in(frame: VideoFrame) -> int:
    """The number that Painted put into a frame."""
    line = frame.planes[0].line_size
    row = np.frombuffer(bytes(frame.planes[0]), np.uint8)[line * (SQUARE // 2) :][: BITS * SQUARE]
    squares = row.reshape(BITS, SQUARE)[:, 4:12].mean(1)
    return sum(1 << bit for bit in range(BITS) if squares[bit] > 125)


async def until(true: object, seconds: float = 60) -> None:
    """Wait until a condition (a function) holds."""
    assert callable(true)
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what another thread and another process do
            await asyncio.sleep(0.02)


async def spoken(media: Media, room: str, tone: Tone) -> None:
    """The room speaks for two seconds and is silent again: the relay has told all of it."""
    tone.loud = True
    await until(lambda: media.rooms(SESSION)[room].speaking)
    await tone.goes_on(100)
    tone.loud = False
    await until(lambda: not media.rooms(SESSION)[room].speaking)
