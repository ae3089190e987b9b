"""The way round for an aiortc whose private parts are not as passing.py needs them: decode and encode anew.

Public parts only (aiortc.contrib.media.MediaRelay). It costs thirty to sixty times the processor time for each viewer,
so the relay says that it does this; a class of a few rooms goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpSender
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from central_server.media.streams import Stream

FULL_SCALE = 32768.0


class DecodedIncoming:
    """A publisher's receiver, whose frames are decoded."""

    def __init__(self, receiver: RTCRtpReceiver, now: Callable[[], float], first: Callable[[], None]) -> None:
        self.last_heard = now()
        self.relay, self.track = MediaRelay(), receiver.track
        self._now, self._first = now, first
        self.stream: Stream | None = None
        self._reading = asyncio.ensure_future(self._read(self.relay.subscribe(self.track, buffered=False)))

    async def ask_key_frame(self) -> bool:
        """Nothing to ask for: viewers get pictures of their own encoder."""
        return True

    async def _read(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                self.last_heard = self._now()
                self._first()
                if self.stream is not None and isinstance(frame, AudioFrame):
                    self.stream.voice.level(level_of(frame), int(self._now() * 1000))
        except MediaStreamError:
            return


def level_of(frame: AudioFrame) -> int:
    """dB below full scale, 0 to 127, of signed 16-bit sound."""
    samples = frame.to_ndarray().astype(np.float64)
    loud = float(np.sqrt(np.mean(samples**2))) / FULL_SCALE
    return 127 if loud <= 0 else min(127, max(0, round(-20 * float(np.log10(loud)))))


class DecodedView(MediaStreamTrack):
    """What a viewer's sender encodes: frames of the stream's publisher, while they may be passed."""

    def __init__(self, stream: Stream, sender: RTCRtpSender) -> None:
        super().__init__()
        self.kind = sender.kind
        self.payload_type = 0
        self._stream = stream
        self._source: MediaStreamTrack | None = None
        sender.replaceTrack(self)

    async def recv(self) -> object:  # type: ignore[override]  # MediaStreamTrack says Frame | Packet
        """The next frame."""
        while self._source is None:
            incoming = self._stream.incoming
            if isinstance(incoming, DecodedIncoming):
                self._source = incoming.relay.subscribe(incoming.track, buffered=False)
            else:
                await asyncio.sleep(0.1)  # its first frame is on the way
        while True:
            frame = await self._source.recv()
            if self._stream.heard:
                return frame

    async def passed(self, packet: object) -> None:
        """Nothing is passed as it is."""

    def restart(self) -> None:
        """Nothing to do: a viewer of another publisher asks anew."""

    def gone(self) -> bool:
        """ICE tells, after half a minute."""
        return False
