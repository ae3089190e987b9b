"""RTP packets that are passed on as they are: their key frames, their numbers for each viewer. Pure."""

from __future__ import annotations

from dataclasses import dataclass

HISTORY = 1024
"""Packets kept of each stream for viewers who missed one (a power of two that divides 2^16): 4 s at 2.5 Mbit/s."""
_HALF = 0x8000
_SPS, _STAP_A, _FU_A = 7, 24, 28


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of a published stream, its payload as it came."""

    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in the codec's clock."""
    marker: int
    payload: bytes
    key: bool
    """Whether a key frame begins here; sound has no other."""
    level: int | None = None
    """Of sound: 0 (loudest) to 127 dB below full scale (RFC 6464)."""


def after(a: int, b: int) -> int:
    """How many numbers a comes after b; below 0 before it (16 bits, which wrap)."""
    return ((a - b + _HALF) & 0xFFFF) - _HALF


def begins_key_frame(codec: str, payload: bytes) -> bool:
    """Whether a key frame begins with this payload: VP8 as in RFC 7741, H.264's parameter sets as in RFC 6184."""
    if codec == "VP8":
        return _vp8_key(payload)
    if codec == "H264":
        return _h264_key(payload)
    return True


def _vp8_key(payload: bytes) -> bool:
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:  # not the start of partition 0
        return False
    at = 1
    if payload[0] & 0x80:
        if len(payload) < 3:
            return False
        more, at = payload[1], 2
        if more & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(more & 0x40) + bool(more & 0x30)
    return len(payload) > at and not payload[at] & 1


def _h264_key(payload: bytes) -> bool:
    """Where the sequence parameter set comes: a decoder that starts afresh needs it before the picture."""
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F == _SPS
    if kind != _STAP_A:
        return kind == _SPS
    at = 1
    while at + 2 < len(payload):
        if payload[at + 2] & 0x1F == _SPS:
            return True
        at += 2 + int.from_bytes(payload[at : at + 2])
    return False


class History:
    """The last packets of a stream, by their numbers."""

    def __init__(self) -> None:
        self._kept: list[Packet | None] = [None] * HISTORY

    def add(self, packet: Packet) -> None:
        """Keep it instead of the one HISTORY numbers before."""
        self._kept[packet.sequence % HISTORY] = packet

    def get(self, sequence: int) -> Packet | None:
        """The packet with that number, while it is kept."""
        packet = self._kept[sequence % HISTORY]
        return packet if packet is not None and packet.sequence == sequence else None


class Numbering:
    """Gives a viewer's packets numbers and times without gaps, whatever was left out or whoever published before."""

    def __init__(self) -> None:
        self._base: int | None = None
        """The publisher's number from which on packets are passed; None: they wait for a key frame."""
        self._shift = 0
        self._time_shift = 0
        self._last: tuple[int, int] | None = None
        """Highest number and time given."""

    @property
    def waits(self) -> bool:
        """Whether nothing is passed before the next key frame."""
        return self._base is None

    def wait(self) -> None:
        """Pass nothing before the next key frame."""
        self._base = None

    def start(self, packet: Packet, clock_gap: int) -> None:
        """Pass from this packet on. clock_gap: time since the last one passed, in the codec's clock."""
        self._base = packet.sequence
        if self._last is not None:
            sequence, timestamp = self._last
            self._shift = sequence + 1 - packet.sequence
            self._time_shift = timestamp + clock_gap - packet.timestamp

    def given(self, packet: Packet) -> tuple[int, int] | None:
        """Number and time of a packet for this viewer; None when it came before the start, or waits."""
        if self._base is None or after(packet.sequence, self._base) < 0:
            return None
        number = (packet.sequence + self._shift) & 0xFFFF
        timestamp = (packet.timestamp + self._time_shift) & 0xFFFFFFFF
        if self._last is None or after(number, self._last[0]) > 0:
            self._last = (number, timestamp)
        if after(packet.sequence, self._base) > HISTORY * 4:  # far from half of 2^16, where before and after would swap
            self._base = (packet.sequence - HISTORY * 2) & 0xFFFF
        return number, timestamp

    def original(self, number: int) -> int | None:
        """The publisher's number of what the viewer knows by this one; None when it was of before the start."""
        sequence = (number - self._shift) & 0xFFFF
        return None if self._base is None or after(sequence, self._base) < 0 else sequence
