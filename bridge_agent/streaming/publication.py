"""One stream of the room, kept published: connection after connection, watched by its receiver reports."""

from __future__ import annotations

import asyncio
import random
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from bridge_agent.backoff import Backoff
from bridge_agent.clock import boot_ms
from bridge_agent.streaming.adaptation import Report
from bridge_agent.streaming.messages import Pass
from bridge_agent.streaming.watchdog import GOOD_S, PAUSES_S, REPLACED_S, Signs, Why, pause, verdict
from bridge_agent.streaming.whip import Resource, Whip, WhipError, for_try
from models.wire import IceServer, Source

LOOK_S: Final = 0.25
GATHER_S: Final = 6.0
"""Gathering candidates takes 5 s where a STUN or TURN server does not answer."""
CLOSE_S: Final = 3.0
"""Closing a connection can hang: after this long it is left to itself."""
CODECS: Final = {"video": ("video/H264", "video/rtx"), "audio": ("audio/opus",)}
CLOCK_RATES: Final = {"video": 90_000, "audio": 48_000}


class FedTrack(MediaStreamTrack):
    """A track that is given what it sends."""

    waiting_since: float | None = None
    """Since when the sender has not taken what was given, seconds of the monotonic clock; None while it has all."""


class NoLeaveError(Exception):
    """The server gives no token."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


@dataclass(frozen=True, slots=True)
class Stream:
    """What is published, and who hears of it."""

    session: str
    source: Source
    track: Callable[[], FedTrack]
    """A new one for each connection."""
    sender: Callable[[RTCRtpSender], None]
    """Told of the sender before it begins."""
    reported: Callable[[Report], None]
    changed: Callable[[], None]
    """A connection has come to stand, or one that stood was lost: `Publication.connected` tells which."""


class Publication:
    """Keeps a stream published until cancelled. `leave`: gives a pass (`anew`: the last one was refused), or raises
    NoLeaveError. Times are seconds of the monotonic clock.
    """  # fmt: skip

    def __init__(self, stream: Stream, whip: Whip, leave: Callable[[bool], Awaitable[Pass]]) -> None:
        self.connected_at: int | None = None
        """Since when the connection stands, ms of the boot-time clock; None while none does."""
        self.reported_at = 0
        """When the relay last told that it hears it, on the same clock."""
        self.sent_bytes = 0
        """Of all connections."""
        self.counted_at = 0.0
        """When they were counted."""
        self.why: Why | None = None
        """Why the last connection was given up; None while one stands."""
        self.said = ("", "")
        """What the server said to it, in both languages."""
        self._stream, self._whip, self._leave = stream, whip, leave
        self._links: tuple[IceServer, ...] = ()
        self._tries = 0
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """A connection stands."""
        return self.connected_at is not None

    async def run(self) -> None:
        """Until cancelled; the stream is ended then. Whatever goes wrong with one connection, another is made."""
        backoff, anew = Backoff(PAUSES_S, GOOD_S), False
        try:
            while True:
                began, asked_s = time.monotonic(), 0.0
                try:
                    self.why = await self._once(anew)
                    self.said, anew = ("", ""), False
                except NoLeaveError as error:
                    self.why, self.said, anew = "no_leave", (error.vi, error.en), False
                except WhipError as error:
                    self.why = _refused(error.status)
                    self.said, asked_s, anew = (error.vi, error.en), error.retry_after_s, error.status in (401, 403)
                except TimeoutError:
                    self.why, self.said, anew = "unreachable", ("", ""), False
                except Exception as error:
                    # aiortc, aioice and PyAV raise what they like, as for an answer that is no SDP. Never the message:
                    # it may hold what the server sent.
                    where = traceback.extract_tb(error.__traceback__)[-1]
                    what = f"{type(error).__name__}, {where.name}:{where.lineno}"
                    self.why, self.said, anew = "failed", (what, what), False
                if self.why == "replaced":
                    self.said = ("", "")
                    await asyncio.sleep(REPLACED_S)
                    continue
                usual_s = backoff.ended(time.monotonic() - began)
                await asyncio.sleep(pause(usual_s, random.random(), asked_s))  # noqa: S311 - spreads load, no secret
        finally:
            if self._closing:
                await asyncio.wait(self._closing, timeout=0.5)

    async def _once(self, anew: bool) -> Why:
        """One connection, until it is to be given up. Raises NoLeaveError, WhipError, or TimeoutError."""
        leave = await self._leave(anew)
        servers = for_try(leave.ice_servers or self._links, self._tries)
        connection = RTCPeerConnection(
            RTCConfiguration([RTCIceServer(list(one.urls), one.username, one.credential) for one in servers])
        )
        resource: Resource | None = None
        try:
            track = self._stream.track()
            transceiver = connection.addTransceiver(track, "sendonly")
            known = RTCRtpSender.getCapabilities(track.kind).codecs
            transceiver.setCodecPreferences([one for one in known if one.mimeType in CODECS[track.kind]])
            self._stream.sender(transceiver.sender)
            async with asyncio.timeout(GATHER_S):
                await connection.setLocalDescription(await connection.createOffer())
            offer = connection.localDescription.sdp
            place = (self._stream.session, leave.room, self._stream.source)
            resource = await self._whip.publish(place, leave.token, offer)
            self._links = resource.ice_servers
            await connection.setRemoteDescription(RTCSessionDescription(resource.answer, "answer"))
            why = await self._watch(connection, transceiver.sender, track)
        finally:
            self._stands(None)
            # Not waited for: on a dead line it takes seconds, and publishing again replaces what is left anyway.
            task = asyncio.ensure_future(self._end(connection, resource, leave.token))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return why

    def _stands(self, since: int | None) -> None:
        before, self.connected_at = self.connected_at, since
        if (before is None) != (since is None):
            self._stream.changed()

    async def _watch(self, connection: RTCPeerConnection, sender: RTCRtpSender, track: FedTrack) -> Why:
        now = time.monotonic()
        signs, seen, sent = Signs(now, connection.connectionState), None, 0
        while (why := verdict(signs, now)) is None:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            signs = replace(
                signs,
                state=connection.connectionState,
                has_way=connection.iceConnectionState == "completed",
                waiting_since=track.waiting_since,
            )
            if signs.state == "connected" and signs.connected_at is None:
                signs = replace(signs, connected_at=now)
                self.why, self.said = None, ("", "")
                self.reported_at = boot_ms()
                self._stands(self.reported_at)
            if signs.connected_at is None:
                continue
            stats = await sender.getStats()
            for one in stats.values():
                if one.type == "outbound-rtp":
                    self.sent_bytes += one.bytesSent - sent
                    sent, self.counted_at = one.bytesSent, now
                    if sent and signs.sent_at is None:
                        signs = replace(signs, sent_at=now)
                elif one.type == "remote-inbound-rtp" and one.timestamp != seen:
                    seen, signs, self.reported_at = one.timestamp, replace(signs, report_at=now), boot_ms()
                    jitter_s = one.jitter / CLOCK_RATES[sender.kind]
                    self._stream.reported(Report(now, one.fractionLost / 256, one.roundTripTime, jitter_s))
        if signs.connected_at is None:
            self._tries += 1  # by the next TURN server
        self.why = why
        return why

    async def _end(self, connection: RTCPeerConnection, resource: Resource | None, token: str) -> None:
        try:
            if resource is not None:
                await self._whip.delete(resource, token)
        finally:
            closing = asyncio.ensure_future(connection.close())
            done, _ = await asyncio.wait([closing], timeout=CLOSE_S)
            if done:
                closing.exception()  # a connection that fails at closing is closed


def _refused(status: int) -> Why:
    if status == 409:
        return "replaced"
    return "refused" if status else "unreachable"
