"""Short-lived tokens with which a holder may publish or play streams of a session (RFC 6750 bearer tokens).

A token is its claims and their HMAC-SHA256: nothing of it is kept, and it ends by itself. What it allows is checked
when a resource is made, and so is whether the holder still has that right (classroom.rights).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from central_server.errors import DataFolderError, MediaTokenError
from central_server.key_file import key_file
from models.reasons import reason
from models.wire import Source

KEY_FILE = "media-key"
TOKEN_LIFE_MS = 600_000
"""Ten minutes: longer than any reconnecting takes, so that a page renews it now and then."""
TOKEN_LIMIT = 2_000
"""Characters; a longer one is none of ours."""
Act = Literal["publish", "play"]


def seat_holder(sign_in: str, entered: str = "") -> str:
    """A browser as a holder: by its account's sign-in (id), as a room (RoomSignIn.key), or both; what is not is empty.

    Not the account: a browser that was signed out holds nothing any more.
    """
    return f"seat:{sign_in}:{entered}"


class MediaClaims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says."""

    holder: str
    """`device:ID`, or a browser's as seat_holder tells it."""
    session: str
    room: str
    """Id of the bridge point."""
    act: Act
    sources: tuple[Source, ...]
    until: int
    """Server time, ms."""

    def allows(self, act: Act, session: str, room: str, source: str) -> bool:
        """Whether it lets its holder do that."""
        return self.act == act and self.session == session and self.room == room and source in self.sources


class MediaTokens:
    """Issues and checks tokens; key: 32 random bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, holder: str, session: str, room: str, act: Act, sources: tuple[Source, ...], now: int) -> str:
        """A token that is good until TOKEN_LIFE_MS after now (server time, ms). Whoever calls has checked the right.

        holder: as in MediaClaims. room: id of the bridge point.
        """
        claims = MediaClaims(
            holder=holder, session=session, room=room, act=act, sources=sources, until=now + TOKEN_LIFE_MS
        )
        body = base64.urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
        return f"{body.decode()}.{self._mac(body)}"

    def check(self, token: str, now: int, *, over: bool = False) -> MediaClaims:
        """What a token says. Raises MediaTokenError when it is not ours, or (unless `over`) its time is over."""
        body, _, mac = token.partition(".")
        try:
            if len(token) > TOKEN_LIMIT or not hmac.compare_digest(self._mac(body.encode("ascii")), mac):
                raise MediaTokenError()
            claims = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=MediaClaims)
        except (UnicodeEncodeError, TypeError, binascii.Error, msgspec.MsgspecError) as error:
            # TypeError: compare_digest takes no letters beyond ASCII.
            raise MediaTokenError() from error
        if now >= claims.until and not over:
            raise MediaTokenError()
        return claims

    def _mac(self, body: bytes) -> str:
        return hmac.digest(self._key, b"diemdanh media token 1\n" + body, "sha256").hex()


def media_key(folder: Path) -> bytes:
    """The key in the data folder, generated the first time. Raises DataFolderError when it can't be read or written."""
    path = folder / KEY_FILE
    try:
        key = bytes.fromhex(key_file(path, lambda: secrets.token_hex(32)))
        if len(key) != 32:
            raise ValueError("the key is cut")
    except (OSError, ValueError) as error:
        why = reason(error)
        raise DataFolderError(
            f"Không đọc được khóa truyền hình {path} ({why.vi}). Hãy xóa tệp này: máy chủ sẽ tạo khóa mới.",
            f"The media key {path} can't be read ({why.en}). Delete the file: the server makes a new one.",
        ) from error
    return key
