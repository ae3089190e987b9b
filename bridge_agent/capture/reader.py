"""Readers: each opens one kind of source and yields its frames; a frame is cheap until its picture is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bridge_agent.capture.frame import Luma, Opened, Picture
from bridge_agent.capture.source import Device, SimulatedClass, Source, Stream, VideoFile

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


@dataclass(frozen=True, slots=True)
class Raw:
    """One decoded frame: its time in ms on the source's clock, its coarse brightness, and its picture when called."""

    at: int
    luma: Luma
    picture: Callable[[], Picture]
    decoded: VideoFrame | None = None
    """The frame as PyAV decoded it, where it did: cheaper to encode again than its picture."""


class Reader(Protocol):
    """An open source. `frames` may block for as long as a driver pleases: whoever calls it must be expendable."""

    opened: Opened

    def frames(self) -> Iterator[Raw]:
        """All frames from the first on; ends where the source ends. Raises CaptureLostError when a live one is lost."""
        ...

    def close(self) -> None:
        """Lets go of the source."""
        ...


def open_reader(source: Source) -> Reader:
    """Opens `source`. Raises SourceError when it is absent, busy or unreadable.

    Each kind's libraries are loaded only for that kind: a camera needs no PyAV, a file no OpenCV capture.
    """
    match source:
        case Device():
            from bridge_agent.capture.device import DeviceReader

            return DeviceReader(source)
        case Stream():
            from bridge_agent.capture.stream import StreamReader

            return StreamReader(source)
        case VideoFile():
            from bridge_agent.capture.video import VideoReader

            return VideoReader(source)
        case SimulatedClass():
            from bridge_agent.capture.simulated import SimulatedReader

            return SimulatedReader(source)
