"""Cameras of this PC through OpenCV: V4L2 on Linux, DirectShow on Windows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from bridge_agent.capture.cameras import cameras, meant
from bridge_agent.capture.frame import Opened, Picture, grid
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import Device
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError, SourceError

_MODES: Final = ((1920, 1080), (1280, 720), (640, 480))
"""Asked for in this order. Full HD is what a face of 48 px at 4 m needs; more costs a PC more than it brings."""


class DeviceReader:
    """A camera: frames on the boot-time clock, at the moment they are grabbed."""

    def __init__(self, source: Device) -> None:
        source = meant(source, cameras())
        self._source = source
        backend = cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY
        capture = cv2.VideoCapture(source.number, backend)
        if not capture.isOpened():
            raise _absent_or_busy(source)
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))  # raw YUV fills USB 2 at 5 frames a second
        for width, height in (source.mode, *_MODES) if source.mode else _MODES:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
            if capture.get(cv2.CAP_PROP_FRAME_WIDTH) >= width:
                break
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        got, first = capture.read()
        if not got or first is None:
            capture.release()
            raise _absent_or_busy(source)
        self._capture = capture
        self.opened = Opened(first.shape[1], first.shape[0], None)

    def frames(self) -> Iterator[Raw]:
        """Frames until the camera is gone, which raises CaptureLostError."""
        looked = -self._source.look_every_ms
        while self._capture.grab():
            at = boot_ms()
            if at - looked < self._source.look_every_ms:
                continue
            looked = at
            got, bgr = self._capture.retrieve()
            if got and bgr is not None:
                yield self._raw(at, np.asarray(bgr, np.uint8))
        raise CaptureLostError(
            f"Mất hình từ camera {self._source.number}. Hãy kiểm tra dây cắm; hệ thống tự thử lại.",
            f"Camera {self._source.number} gives no more pictures. Check its cable; the agent tries again by itself.",
        )

    def close(self) -> None:
        """Lets go of the camera."""
        self._capture.release()

    def _raw(self, at: int, bgr: Picture) -> Raw:
        # Green carries most of the brightness and needs no conversion.
        return Raw(at, grid(bgr[..., 1], bgr.shape[1], bgr.shape[0]), lambda: bgr)


def _absent_or_busy(source: Device) -> SourceError:
    if sys.platform == "linux" and not Path(f"/dev/video{source.number}").exists():
        return SourceError(
            f"Không thấy camera {source.number} trên máy này. Hãy cắm camera hoặc chọn số khác.",
            f"This PC has no camera {source.number}. Plug one in or choose another number.",
        )
    return SourceError(
        f"Camera {source.number} không trả hình: có thể chưa cắm hoặc chương trình khác đang dùng. "
        "Hãy cắm lại camera và đóng chương trình đó.",
        f"Camera {source.number} gives no picture: it may be unplugged, or another program uses it. "
        "Plug it in again and close that program.",
    )
