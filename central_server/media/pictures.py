"""The rooms' still pictures, which their agents send now and then for the classroom page. In memory only, newest alone.

Nobody's face is kept: a picture goes with the next one, two minutes after it came, or when its session is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from central_server.errors import InvalidError

PICTURE_LIMIT: Final = 60_000
"""Bytes."""
WIDTH_LIMIT: Final = 480
SOON_S: Final = 3
SELDOM_S: Final = 30
"""In how many seconds the next picture is wanted: while somebody looks, and while nobody does."""
LOOKED_MS: Final = 15_000
"""Pages ask every 3 s: who has not for so long looks no more."""
OLD_MS: Final = 120_000
"""A picture that old says nothing of the room."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG of a room, and when it came (server time, ms)."""

    jpeg: bytes
    at: int


class Pictures:
    """The newest picture of each room of each session. Used from the server's event loop only."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Picture]] = {}
        """By session and room."""
        self._ends: dict[str, int] = {}
        self._looked: dict[str, int] = {}

    def put(self, session: str, room: str, jpeg: bytes, now: int, end: int) -> int:
        """Keep a room's picture; in how many seconds the next one is wanted. end: of the session, server time, ms.

        Raises InvalidError when it is no JPEG of the size agreed upon.
        """
        check_jpeg(jpeg)
        self._forget(now)
        self._ends[session] = end
        self._kept.setdefault(session, {})[room] = Picture(jpeg, now)
        return SOON_S if now - self._looked.get(session, -LOOKED_MS) < LOOKED_MS else SELDOM_S

    def get(self, session: str, room: str, now: int) -> Picture | None:
        """A room's picture, for somebody who may see it, and who is taken to go on looking."""
        self._forget(now)
        self._looked[session] = now
        return self._kept.get(session, {}).get(room)

    def times(self, session: str, now: int) -> dict[str, int]:
        """Of which rooms there is a picture, and when it came; for somebody who is taken to go on looking."""
        self._forget(now)
        self._looked[session] = now
        return {room: picture.at for room, picture in self._kept.get(session, {}).items()}

    def _forget(self, now: int) -> None:
        """Drop what is old, and all of sessions that are over."""
        for session in [one for one, end in self._ends.items() if end <= now]:
            del self._ends[session]
            self._kept.pop(session, None)
        for session, rooms in list(self._kept.items()):
            for room in [one for one, picture in rooms.items() if now - picture.at > OLD_MS]:
                del rooms[room]
            if not rooms:
                del self._kept[session]
        for session in [one for one, at in self._looked.items() if now - at > LOOKED_MS]:
            del self._looked[session]


def check_jpeg(jpeg: bytes) -> None:
    """Raises InvalidError unless these are the bytes of a JPEG, at most WIDTH_LIMIT wide and PICTURE_LIMIT long."""
    width = _width(jpeg) if len(jpeg) <= PICTURE_LIMIT else None
    if width is None or not 0 < width <= WIDTH_LIMIT:
        raise InvalidError(
            f"Hình phải là JPEG, rộng tối đa {WIDTH_LIMIT} điểm ảnh và không quá {PICTURE_LIMIT} byte.",
            f"A picture must be a JPEG at most {WIDTH_LIMIT} pixels wide and {PICTURE_LIMIT} bytes long.",
        )


def _width(jpeg: bytes) -> int | None:
    """The width in a JPEG's frame header (ITU-T T.81, B.2.2); None where there is none. Nothing is decoded."""
    if not jpeg.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(jpeg[at + 7 : at + 9])
        if length < 2:
            return None
        at += 2 + length
    return None
