"""Passing packets on without decoding them: all that leans on private parts of aiortc stands in this file.

aiortc 1.16.0 decodes what it receives and encodes what it sends. Here the receiver's jitter buffer, its last step
before the decoder, is replaced by a tap (statistics, retransmission requests and bandwidth estimates stay aiortc's
own), and packets go straight to the senders' transports. `missing` holds the installed aiortc to what is used here,
when the relay starts and in a test (contract); where it fails the relay re-encodes (ADR 0023).
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from struct import pack
from typing import Any, cast

import aiortc
from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpSender, clock, rtcrtpreceiver, rtcrtpsender
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtcpRrPacket, RtcpSrPacket, RtpPacket

from central_server.media.packets import Packet, begins_key_frame

VERSION = "1.16.0"
_RECEIVER, _SENDER = "_RTCRtpReceiver__", "_RTCRtpSender__"
_RECEIVER_NAMES = ("jitter_buffer", "rtcp_ssrc", "decoder_queue")
_SENDER_NAMES = (
    "mid", "rtp_header_extensions_map", "rtx_payload_type", "rtx_sequence_number", "ntp_timestamp", "rtp_timestamp",
    "octet_count", "packet_count",
)  # fmt: skip
_METHODS: tuple[tuple[type, str, tuple[str, ...]], ...] = (
    (RTCRtpReceiver, "_handle_rtp_packet", ("packet", "arrival_time_ms")),
    (RTCRtpReceiver, "_handle_rtcp_packet", ("packet",)),
    (RTCRtpReceiver, "_send_rtcp_pli", ("media_ssrc",)),
    (RTCRtpSender, "_handle_rtcp_packet", ("packet",)),
    (RTCRtpSender, "_retransmit", ("sequence_number",)),
    (RTCRtpSender, "_send_keyframe", ()),
    (RTCDtlsTransport, "_send_rtp", ("data",)),
    (JitterBuffer, "add", ("packet",)),
    (HeaderExtensionsMap, "set", ("values",)),
)


def missing() -> list[str]:
    """What of aiortc is not as this file needs it; empty when packets can be passed."""
    wrong = [] if aiortc.__version__ == VERSION else [f"aiortc {aiortc.__version__} instead of {VERSION}"]
    for owner, name, wanted in _METHODS:
        method = getattr(owner, name, None)
        have = tuple(inspect.signature(method).parameters)[1:] if callable(method) else None
        if have != wanted:
            wrong.append(f"{owner.__name__}.{name}{wanted}")
    for module, owner, names in (
        (rtcrtpreceiver, RTCRtpReceiver, _RECEIVER_NAMES),
        (rtcrtpsender, RTCRtpSender, _SENDER_NAMES),
    ):
        source = inspect.getsource(module)
        wrong += [f"{owner.__name__}.__{name}" for name in names if f"self.__{name}" not in source]
    if "self.__jitter_buffer.add(packet)" not in inspect.getsource(rtcrtpreceiver):
        wrong.append("RTCRtpReceiver: the jitter buffer as the step before the decoder")
    return wrong


class Incoming:
    """A publisher's receiver, whose packets are taken before anything decodes them.

    passed: gets each packet, in the order of arrival. now: a clock that never goes back, seconds.
    """

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        codec: str,
        passed: Callable[[Packet], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        self.last_heard = now()
        """When the publisher's last packet or report came."""
        self._receiver = cast(Any, receiver)  # its methods are replaced below
        self._codec, self._passed, self._now = codec, passed, now
        self._ssrc: int | None = None
        self._tapped: RtpPacket | None = None
        self._packet, self._report = self._receiver._handle_rtp_packet, self._receiver._handle_rtcp_packet
        setattr(receiver, _RECEIVER + "jitter_buffer", self)
        self._receiver._handle_rtp_packet = self._on_packet
        self._receiver._handle_rtcp_packet = self._on_report

    async def ask_key_frame(self) -> bool:
        """Ask the publisher for a key frame (PLI); False while it has sent nothing that could be asked about."""
        if self._ssrc is None:  # browsers probe with retransmission packets first: their SSRC is no picture's
            return False
        await self._receiver._send_rtcp_pli(self._ssrc)
        return True

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """In the place of JitterBuffer.add: no frame for a decoder, no key frame to ask for."""
        self._tapped = packet
        return False, None

    async def _on_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self._tapped = None
        await self._packet(packet, arrival_time_ms)  # which ends in `add`, unless the packet is none of a picture's
        tapped = self._take()
        if tapped is None:
            return
        self._ssrc, self.last_heard = tapped.ssrc, self._now()
        level = tapped.extensions.audio_level
        key = begins_key_frame(self._codec, tapped.payload)
        loud = level[1] if level else None
        await self._passed(Packet(tapped.sequence_number, tapped.timestamp, tapped.marker, tapped.payload, key, loud))

    def _take(self) -> RtpPacket | None:
        return self._tapped

    async def _on_report(self, packet: object) -> None:
        self.last_heard = self._now()
        await self._report(packet)


class IdleTrack(MediaStreamTrack):
    """Holds a sender open that sends nothing of its own; `started` is called when the sender asks for the first frame:
    its transport is up.
    """  # fmt: skip

    def __init__(self, kind: str, started: Callable[[], None]) -> None:
        super().__init__()
        self.kind = kind
        self._started = started

    async def recv(self) -> Any:
        """Never gives a frame."""
        self._started()
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a viewer asks for: told as it asks."""

    again: Callable[[int], Awaitable[None]]
    """A packet with that number."""
    key_frame: Callable[[], None]
    lost: Callable[[float], None]
    """Share of packets that it missed since its last report."""


class Outgoing:
    """A viewer's sender, by which packets go out as they came in, under its own SSRC and numbers."""

    def __init__(self, sender: RTCRtpSender, wishes: Wishes) -> None:
        self._sender = cast(Any, sender)  # its methods are replaced below
        self._wishes = wishes
        self._extension: bytes | None = None
        self._payload_type = 0
        self._report = self._sender._handle_rtcp_packet
        self._sender._handle_rtcp_packet = self._on_report
        self._sender._retransmit = wishes.again
        self._sender._send_keyframe = wishes.key_frame

    def start(self, payload_type: int) -> None:
        """Begin, once the transport is up. payload_type: as the answer to the viewer's offer says."""
        self._payload_type = payload_type
        extensions = getattr(self._sender, _SENDER + "rtp_header_extensions_map")
        profile, value = extensions.set(HeaderExtensions(mid=getattr(self._sender, _SENDER + "mid")))
        self._extension = pack("!HH", profile, len(value) // 4) + value if value else b""

    async def send(self, packet: Packet, number: int, timestamp: int) -> None:
        """Send it under that number and time. Raises ConnectionError when the viewer is gone."""
        if self._extension is None:
            return
        sender = self._sender
        await sender.transport._send_rtp(
            self._header(packet.marker << 7 | self._payload_type, number, timestamp, sender._ssrc) + packet.payload
        )
        if packet.marker:  # the sender's reports tell which of the publisher's moments is now
            setattr(sender, _SENDER + "ntp_timestamp", clock.current_ntp_time())
            setattr(sender, _SENDER + "rtp_timestamp", timestamp)
        sender._RTCRtpSender__packet_count += 1
        sender._RTCRtpSender__octet_count += len(packet.payload)

    async def send_again(self, packet: Packet, number: int, timestamp: int) -> None:
        """Send it once more, as RFC 4588 says where that was agreed on. Raises ConnectionError."""
        kind = getattr(self._sender, _SENDER + "rtx_payload_type")
        if kind is None:
            await self.send(packet, number, timestamp)
            return
        own = getattr(self._sender, _SENDER + "rtx_sequence_number")
        setattr(self._sender, _SENDER + "rtx_sequence_number", (own + 1) & 0xFFFF)
        header = self._header(packet.marker << 7 | kind, own, timestamp, self._sender._rtx_ssrc)
        await self._sender.transport._send_rtp(header + pack("!H", number) + packet.payload)

    def _header(self, marker_and_type: int, number: int, timestamp: int, ssrc: int) -> bytes:
        extension = self._extension or b""
        return pack("!BBHLL", 0x90 if extension else 0x80, marker_and_type, number, timestamp, ssrc) + extension

    async def _on_report(self, packet: object) -> None:
        if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            for report in packet.reports:
                if report.ssrc == self._sender._ssrc:
                    self._wishes.lost(report.fraction_lost / 256)
        await self._report(packet)
