"""Where pictures come from, read from one text: a camera, a video file, a stream's address or a simulated class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge_agent.errors import SourceError
from bridge_agent.redact import without_credentials


@dataclass(frozen=True, slots=True)
class CameraPin:
    """Which camera is meant: its hardware name, or the system's name of the very unit; empty: whichever has the number.

    `virtual_allowed`: a camera without hardware behind it will do.
    """

    name: str = ""
    virtual_allowed: bool = False


ANY_CAMERA: Final = CameraPin()


@dataclass(frozen=True, slots=True)
class Device:
    """A camera of this PC, by its number (`/dev/videoN` on Linux, the N-th of DirectShow on Windows)."""

    number: int
    pin: CameraPin = ANY_CAMERA
    look_every_ms: int = 120
    """Every frame is grabbed, which empties the driver's queue; about eight a second are decoded, which costs 8 ms
    each and is what the desk looks at. A stream needs more of them."""
    mode: tuple[int, int] | None = None
    """Width and height to ask for, px; None: the usual ones in turn."""

    live = True

    def __str__(self) -> str:
        return f"camera {self.number}"


@dataclass(frozen=True, slots=True)
class Stream:
    """A network camera: rtsp://…, or http://… where it sends JPEG pictures one after the other."""

    url: str

    live = True

    def __str__(self) -> str:
        return without_credentials(self.url).replace("//…@", "//")  # what is shown or logged carries no password


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video file."""

    path: Path

    live = False

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class SimulatedClass:
    """A script of bridge_agent.simulated_class, rendered as it is watched."""

    path: Path

    live = False

    def __str__(self) -> str:
        return f"simulated:{self.path}"


Source = Device | Stream | VideoFile | SimulatedClass


def parse_source(text: str, pin: CameraPin = ANY_CAMERA) -> Source:
    """The source that a text names: a number, /dev/video0, rtsp://…, http://…, simulated:SCRIPT.toml, a video's path.

    `pin`: which camera of this PC is meant; checked when it is opened, as it may be plugged in later. A mode may follow
    its number, as `calibrate camera` advises: `0@3840x2160`.

    Raises SourceError when it can't be any of these or the file does not exist. Whether a camera answers or a video can
    be decoded shows when it is opened.
    """
    text = text.strip()
    if match := re.fullmatch(r"(?:/dev/video)?(\d{1,3})(?:@(\d{2,5})x(\d{2,5}))?", text):
        mode = (int(match[2]), int(match[3])) if match[2] else None
        return Device(int(match[1]), pin, mode=mode)
    if re.match(r"(rtsp|http)s?://[^/]", text, re.IGNORECASE):
        return Stream(text)
    if text.startswith("simulated:"):
        return SimulatedClass(_file(text.removeprefix("simulated:")))
    if "://" in text or not text:
        raise SourceError(
            f"Không dùng được nguồn {text}. Hãy ghi số của camera (0), đường dẫn tệp video, rtsp://… hoặc simulated:….",
            f"The source {text} will not do. Write a camera's number (0), a video's path, rtsp://… or simulated:….",
        )
    return VideoFile(_file(text))


def _file(text: str) -> Path:
    path = Path(text).expanduser()
    if path.is_file():
        return path
    if path.is_dir():
        raise SourceError(
            f"{path} là thư mục. Hãy chỉ một tệp video hoặc số của camera.",
            f"{path} is a folder. Name a video file or a camera's number.",
        )
    raise SourceError(
        f"Không tìm thấy {path or 'nguồn hình'}. Hãy kiểm tra đường dẫn, hoặc ghi số của camera (0).",
        f"{path or 'The source'} was not found. Check the path, or write a camera's number (0).",
    )
