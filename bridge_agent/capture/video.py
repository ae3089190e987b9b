"""Video files through PyAV: every frame is decoded, only those asked for become BGR."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Final

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bridge_agent.capture.frame import Luma, Opened, Picture, grid
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import VideoFile
from bridge_agent.errors import SourceError

_PLAIN: Final = frozenset(
    f"{name}{sampling}p" for name in ("yuv", "yuvj") for sampling in ("410", "411", "420", "422", "440", "444")
) | {"nv12", "nv21", "gray"}
"""Pixel formats whose first plane is brightness with 8 bits a pixel."""


class VideoReader:
    """A video file: frames on the file's own clock, which starts at its first frame."""

    def __init__(self, source: VideoFile) -> None:
        self._source = source
        try:
            container = av.open(str(source.path))
        except (av.FFmpegError, OSError, ValueError) as error:
            raise _unreadable(source) from error
        if not isinstance(container, InputContainer) or not container.streams.video:
            container.close()
            raise SourceError(
                f"{source.path} không có hình. Hãy chọn một tệp video khác.",
                f"{source.path} has no pictures. Choose another video file.",
            )
        self._container = container
        self._stream: VideoStream = container.streams.video[0]
        self._stream.thread_type = "AUTO"
        length = container.duration
        self.opened = Opened(
            self._stream.width, self._stream.height, None if length is None or length <= 0 else length // 1000
        )

    def frames(self) -> Iterator[Raw]:
        """All frames that can be decoded: damaged ones are left out, a cut-off file ends where it ends.

        Raises SourceError when there is not a single one.
        """
        clock = FileClock(self._stream.average_rate or Fraction(25))
        none = True
        for frame in decoded(self._container, self._stream):
            none = False
            yield Raw(clock.time(frame.time), luma(frame), partial(picture, frame), frame)
        if none:
            raise _unreadable(self._source)

    def close(self) -> None:
        """Closes the file."""
        self._container.close()


class FileClock:
    """Times of frames in ms from the first frame on, never going back, whatever the file's time stamps say."""

    def __init__(self, rate: Fraction) -> None:
        self._step = float(1 / rate)
        self._shift: float | None = None
        self._last = -self._step

    def time(self, stamp: float | None) -> int:
        """The time of the next frame. `stamp`: its time stamp in seconds, None when it has none."""
        if stamp is None:
            now = self._last + self._step
        else:
            if self._shift is None:
                self._shift = -stamp
            now = stamp + self._shift
            if now <= self._last:  # stamps that start again (files joined end to end) go on where the last one was
                self._shift += self._last + self._step - now
                now = self._last + self._step
        self._last = now
        return round(now * 1000)


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """The frames of a stream; packets that can't be decoded are skipped, and what can't be read any more is the end."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def luma(frame: VideoFrame) -> Luma:
    """The frame's brightness on a coarse grid, without conversion where the format already holds it."""
    plane_frame = frame if frame.format.name in _PLAIN else frame.reformat(format="gray")
    plane = plane_frame.planes[0]
    pixels = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return grid(pixels, plane.width, plane.height)


def picture(frame: VideoFrame) -> Picture:
    """The frame as BGR, upright as its metadata wants it."""
    pixels = frame.to_ndarray(format="bgr24")
    turns = round(frame.rotation / 90) % 4
    upright = [None, cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE][turns]
    return np.asarray(pixels if upright is None else cv2.rotate(pixels, upright), np.uint8)


def _unreadable(source: VideoFile) -> SourceError:
    return SourceError(
        f"Không đọc được video {source.path}: tệp hỏng hoặc không phải video. Hãy thử mở bằng trình phát video.",
        f"The video {source.path} cannot be read: it is damaged or no video. Try to open it in a video player.",
    )
