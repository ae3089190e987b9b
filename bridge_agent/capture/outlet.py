"""Where capture's stream goes and what is said on the way, without PyAV: the agent's parent knows these words too.

The streaming process listens at an address; capture calls there, again and again, for as long as it gives frames. So
either may be restarted without the other. Capture encodes only while somebody listens.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the stream looks like: 720p at 15 frames a second shows a room and its board, at about a megabit a second.

    `width`, `height` and `kbit_s` are the most: a picture keeps its shape and is never enlarged. `key_every_s`: a
    receiver that comes in without asking for a key frame waits no longer than this.
    """

    width: int = 1280
    height: int = 720
    fps: int = 15
    kbit_s: int = 1200
    key_every_s: int = 10


@dataclass(frozen=True, slots=True)
class StreamOut:
    """Where capture calls, the key that proves that it may, and how it encodes at first."""

    address: str
    key: bytes
    settings: StreamSettings = StreamSettings()


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded frame: H.264 in Annex B, taken at `at` (ms on the source's clock). A key frame brings its headers."""

    at: int
    key: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Still:
    """One small JPEG of the room, taken at `at`."""

    at: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class NotEncoded:
    """The picture can't be encoded at present, and why, in a few words of both languages. Pictures after it: it can."""

    vi: str
    en: str


Given = Packet | Still | NotEncoded
"""What capture gives to the streaming process."""


@dataclass(frozen=True, slots=True)
class WantKeyFrame:
    """The next packet is to be a key frame."""


@dataclass(frozen=True, slots=True)
class WantStill:
    """A still is wanted, once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Encode so from now on: the line carries no more, or more again."""

    kbit_s: int
    fps: int


Wish = WantKeyFrame | WantStill | Rate
"""What the streaming process says to capture."""


class MeetingPlace:
    """An address of this user alone, at which the streaming process listens; `close` takes it away."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        if sys.platform == "win32":
            self.address = rf"\\.\pipe\diemdanh-{secrets.token_hex(16)}"
        else:
            # Not in the data folder: a socket's path may have 107 characters and no more.
            self._folder = Path(tempfile.mkdtemp(prefix="diemdanh-"))
            self.address = str(self._folder / "stream")
        self.key = secrets.token_bytes(32)

    def out(self, settings: StreamSettings) -> StreamOut:
        """The way there, for capture and for the streaming process."""
        return StreamOut(self.address, self.key, settings)

    def close(self) -> None:
        """Nobody meets here any more."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def clear(address: str) -> None:
    """Take away what a listener that was killed left at the address."""
    if sys.platform != "win32" and Path(address).exists():
        Path(address).unlink()
