"""Published streams and their viewers inside the relay: packets in, the same packets out to each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from aiortc import RTCRtpSender

from central_server.media.key_frames import KeyFrames
from central_server.media.messages import Name
from central_server.media.packets import History, Numbering, Packet
from central_server.media.passing import IdleTrack, Outgoing, Wishes
from central_server.media.thinning import Passed, Thinning
from central_server.media.voice import VoiceActivity

Clock = Callable[[], float]
"""Seconds that never go back."""
CLOCK_RATES = {"VP8": 90_000, "H264": 90_000, "opus": 48_000}
SILENT_S = 6.0
"""A publisher that sent neither packet nor report for so long is gone: both come every second, and in a silent room
Opus sends something every 0.4 s."""
DEAF_S = {"camera": 8.0, "screen": 8.0, "sound": 16.0}
"""A viewer to whom packets go and who reported nothing for so long is gone: browsers report on pictures every second,
on sound every 5 s."""
THIN_KEY_S = 3.0
"""How often a viewer on a slow line gets a picture."""


class Publishing(Protocol):
    """A publisher's receiver, taken over by one of the two ways."""

    last_heard: float

    async def ask_key_frame(self) -> bool:
        """Ask for a key frame; False while that can't be done yet."""


class Viewing(Protocol):
    """A viewer's sender, taken over by one of the two ways."""

    payload_type: int
    """As the answer to the viewer's offer says."""

    async def passed(self, packet: Packet) -> None:
        """A packet of the stream came."""

    def restart(self) -> None:
        """Go on from the next key frame: another publisher, or a pause."""

    def gone(self) -> bool:
        """Whether nothing was heard of the viewer for too long."""


@dataclass
class Stream:
    """One source of a room: at most one publisher, any number of viewers. All in the relay's event loop."""

    name: Name
    now: Clock
    heard: bool = True
    """Whether packets are passed on; False for the sound of a room that may not be heard."""
    codec: str = ""
    profile: str = ""
    """Of H.264: its profile-level-id."""
    publisher: str | None = None
    """Id of the resource whose packets are passed."""
    up_at: float | None = None
    viewers: dict[str, Viewing] = field(default_factory=dict)
    voice: VoiceActivity = field(default_factory=VoiceActivity)
    keys: KeyFrames = field(default_factory=KeyFrames)
    history: History = field(default_factory=History)
    incoming: Publishing | None = None
    _asking: set[asyncio.Task[bool]] = field(default_factory=set)

    async def passed(self, packet: Packet) -> None:
        """A packet of the present publisher came."""
        if packet.level is not None:
            self.voice.level(packet.level, int(self.now() * 1000))
        self.history.add(packet)
        if packet.key and self.codec != "opus":
            self.keys.came(self.now())
        if self.heard:
            for viewer in tuple(self.viewers.values()):
                await viewer.passed(packet)

    def replace(self, publisher: str, incoming: Publishing, codec: str, profile: str) -> None:
        """From now on this publisher's packets are passed; viewers go on from its next key frame."""
        self.publisher, self.incoming, self.up_at = publisher, incoming, self.now()
        self.codec, self.profile = codec, profile
        self.history, self.keys = History(), KeyFrames()
        for viewer in self.viewers.values():
            viewer.restart()

    def end(self) -> None:
        """The publisher is gone."""
        self.publisher = self.incoming = self.up_at = None

    def hear(self, heard: bool) -> None:
        """Pass packets on, or none."""
        if heard != self.heard:
            self.heard = heard
            for viewer in self.viewers.values():
                viewer.restart()

    def want_key_frame(self, rest: float) -> None:
        """A viewer wants a key frame, `rest` seconds after the last at the earliest."""
        if self.codec != "opus":
            self.keys.want(self.now(), rest=rest)
            self.tick()

    def tick(self) -> None:
        """Ask the publisher for the key frame that is due. Called often."""
        if self.incoming is not None and self.keys.ask(self.now()):
            task = asyncio.ensure_future(self.incoming.ask_key_frame())
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)


class PassedView:
    """A viewer of a stream, to whom its packets are passed."""

    def __init__(self, stream: Stream, sender: RTCRtpSender) -> None:
        self._stream = stream
        self._outgoing = Outgoing(sender, Wishes(self._again, self._missed, self._lost))
        self._numbering, self._thinning, self._to_viewer = Numbering(), Thinning(), Passed()
        self._sent_at = self._heard_at = stream.now()
        self._started = self._new = self._passed_key = False
        self.payload_type = 0
        sender.replaceTrack(IdleTrack(sender.kind, self._start))

    def _start(self) -> None:
        """The transport is up."""
        self._outgoing.start(self.payload_type)
        self._started = self._new = True
        self._heard_at = self._stream.now()
        self._stream.want_key_frame(0)

    def restart(self) -> None:
        """Go on from the next key frame: another publisher, or a pause."""
        self._numbering.wait()
        self._heard_at = self._stream.now()
        if self._started:
            self._stream.want_key_frame(0)

    async def passed(self, packet: Packet) -> None:
        """A packet of the stream came."""
        if not self._started:
            return
        now = self._stream.now()
        thin = self._thinning.thin(now)
        if thin and self._passed_key and not packet.key:
            self._numbering.wait()
        if self._numbering.waits:
            if not packet.key:
                self._stream.want_key_frame(THIN_KEY_S if thin else 0)
                return
            gap = (now - self._sent_at) * CLOCK_RATES[self._stream.codec]
            self._numbering.start(packet, max(1, int(gap)))
        await self._send(packet, now)
        if thin and packet.marker:
            self._passed_key = True
        elif not thin or packet.key:
            self._passed_key = False

    async def _send(self, packet: Packet, now: float) -> None:
        given = self._numbering.given(packet)
        if given is None:
            return
        self._new, self._sent_at = False, now
        self._to_viewer.passed(given[0])
        try:
            await self._outgoing.send(packet, *given)
        except ConnectionError:
            self._started = False  # its connection's end is on the way

    async def _again(self, number: int) -> None:
        sequence = self._numbering.original(number)
        packet = self._stream.history.get(sequence) if sequence is not None else None
        if packet is None or not self._stream.heard or (given := self._numbering.given(packet)) is None:
            return
        try:
            await self._outgoing.send_again(packet, *given)
        except ConnectionError:
            self._started = False

    def _missed(self) -> None:
        self._stream.want_key_frame(0 if self._new else 1.0)

    def _lost(self, share: float) -> None:
        self._heard_at = self._stream.now()
        self._thinning.lost(self._to_viewer.own_share(share), self._heard_at)

    def gone(self) -> bool:
        """Whether packets go to the viewer and nothing was heard of it for too long."""
        limit, now = DEAF_S[self._stream.name.source], self._stream.now()
        return self._started and now - self._sent_at < 1 and now - self._heard_at > limit
