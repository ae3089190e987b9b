"""The live picture of a camera that is tried, in a process of its own: pictures as JPEG, a QR code where one is looked
for, and why there is none. What the agent's parent needs no OpenCV for.
"""

from __future__ import annotations

import contextlib
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from bridge_agent.capture.source import CameraPin
from models.errors import DiemdanhError

if TYPE_CHECKING:
    from cv2 import QRCodeDetector
    from cv2.typing import MatLike

    from bridge_agent.capture.capture import Capture

EVERY_MS: Final = 125
WIDEST: Final = 960
"""Pixels of the picture on the page."""
BLACK: Final = 24
"""Grey levels: a picture whose brightest hundredth is darker is black. A covered lens has noise up to some 15."""
CODE_EVERY_S: Final = 0.3


@dataclass(frozen=True, slots=True)
class Look:
    """Which source is looked at. codes: look for QR codes, too."""

    source: str
    pin: CameraPin
    codes: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture, and the size of what the camera gave."""

    jpeg: bytes
    width: int
    height: int
    black: bool


@dataclass(frozen=True, slots=True)
class Code:
    """What a QR code before the camera says."""

    text: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no picture, and why. opened: there was one before, and it is tried again."""

    vi: str
    en: str
    opened: bool


Seen = Picture | Code | Nothing


def look(conn: Connection, asked: Look) -> None:
    """The process's life: until anything comes over the pipe, or it ends."""
    from bridge_agent.capture.capture import Capture
    from bridge_agent.capture.child import Pace
    from bridge_agent.capture.source import parse_source

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    try:
        source = parse_source(asked.source, asked.pin)
        with Capture(source, Pace(EVERY_MS, newest=True, real_time=True)) as capture:
            capture.open()
            _show(conn, capture, asked.codes)
    except DiemdanhError as error:
        _tell(conn, Nothing(error.vi, error.en, opened=False))
    except (EOFError, OSError):
        pass  # nobody is there any more


def _show(conn: Connection, capture: Capture, codes: bool) -> None:
    import cv2

    from bridge_agent.capture.frame import Frame, SourceOver

    reader, read_at = cv2.QRCodeDetector(), 0.0
    while not conn.poll():
        got = capture.newest(500)
        if isinstance(got, SourceOver):
            conn.send(Nothing("Tệp hình đã hết.", "The video is over.", opened=False))
            return
        if not isinstance(got, Frame):
            if capture.trouble is not None:
                conn.send(Nothing(capture.trouble.vi, capture.trouble.en, opened=True))
            continue
        height, width = got.picture.shape[:2]
        scale = min(1.0, WIDEST / width)
        small = cv2.resize(got.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        done, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 75])
        if done:
            black = sorted(grey.ravel()[:: max(1, grey.size // 5000)].tolist())[-50] < BLACK
            conn.send(Picture(jpeg.tobytes(), width, height, black))
        if codes and time.monotonic() - read_at > CODE_EVERY_S:
            read_at = time.monotonic()
            text = _code(reader, grey)
            if text:
                conn.send(Code(text))


def _code(reader: QRCodeDetector, grey: MatLike) -> str:
    import cv2

    try:
        return reader.detectAndDecode(grey)[0]
    except cv2.error:
        return ""  # a shape that it can't unwarp: the next picture is another


def _tell(conn: Connection, seen: Seen) -> None:
    with contextlib.suppress(OSError):
        conn.send(seen)
