"""A roster between its preview and its saving: sealed, in the data folder, for two hours, not too many of them."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import time
from pathlib import Path

import msgspec

from central_server.enrolment.faults import RosterError
from central_server.enrolment.grid import Grid
from central_server.errors import NotFoundError, UnavailableError
from central_server.learners.sealing import SealingKey

FOLDER = "rosters"
LIFE_S = 2 * 3600
MOST = 40
AT_ONCE = 2
"""Files that are read at the same time: each takes a core and up to 1 GB."""
_TOKEN = re.compile(r"[0-9a-f]{32}\Z")


class KeptRoster(msgspec.Struct, frozen=True):
    """What a file was read into."""

    course: str
    file_name: str
    grids: tuple[Grid, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What saving did; kept in the roster's place, so that a second click gets the same answer."""

    course: str
    new: int = 0
    known: int = 0
    enrolled: int = 0
    left_out: int = 0


class KeptRosters:
    """The folder, and who may use it when."""

    def __init__(self, data_folder: Path, key: SealingKey) -> None:
        self._folder = data_folder / FOLDER
        self._key = key
        self.reading = asyncio.Semaphore(AT_ONCE)
        """Held while a file is read."""
        self.saving = asyncio.Lock()
        """Held while a roster is saved: a second click waits for the first and gets its answer."""

    def keep(self, roster: KeptRoster) -> str:
        """Keep a roster; its token. Raises RosterError when too many wait, UnavailableError when the disk is full."""
        token = secrets.token_hex(16)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._expire()
            if sum(1 for _ in self._folder.iterdir()) >= MOST:
                raise RosterError(
                    "Đang có quá nhiều danh sách chờ ghi danh trên máy chủ. Hãy thử lại sau ít phút.",
                    "Too many rosters wait to be saved on this server. Try again in a few minutes.",
                )
            self._write(token, self._key.seal("roster", token, b"r" + msgspec.msgpack.encode(roster)))
        except OSError as error:
            raise UnavailableError(
                "Máy chủ không còn chỗ để giữ danh sách. Chưa lưu gì; hãy báo quản trị hệ thống.",
                "The server has no room for the roster. Nothing was saved; tell the administrator.",
            ) from error
        return token

    def read(self, token: str, course: str) -> KeptRoster | Outcome:
        """The roster, or what became of it. Raises NotFoundError when it has expired or is another course's."""
        if _TOKEN.match(token):
            try:
                path = self._folder / token
                if path.stat().st_mtime > time.time() - LIFE_S:
                    content = self._key.open("roster", token, path.read_bytes())
                    found = _decode(content)
                    if found.course == course:
                        return found
            except FileNotFoundError:
                pass
        raise NotFoundError(
            "Bản xem trước này đã hết hạn (sau 2 giờ) nên đã xóa. Chưa lưu gì; hãy gửi lại tệp danh sách.",
            "This preview has expired (after 2 hours) and was deleted. Nothing was saved; send the roster again.",
        )

    def done(self, token: str, outcome: Outcome) -> None:
        """Put what became of a roster in its place: the names are gone."""
        self._write(token, self._key.seal("roster", token, b"o" + msgspec.msgpack.encode(outcome)))

    def drop(self, token: str) -> None:
        """Delete a roster."""
        if _TOKEN.match(token):
            (self._folder / token).unlink(missing_ok=True)

    def _write(self, token: str, content: bytes) -> None:
        beside = self._folder / f"{token}.new"
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        beside.replace(self._folder / token)

    def _expire(self) -> None:
        for path in self._folder.iterdir():
            if path.stat().st_mtime < time.time() - LIFE_S:
                path.unlink(missing_ok=True)


def _decode(content: bytes) -> KeptRoster | Outcome:
    if content[:1] == b"o":
        return msgspec.msgpack.decode(content[1:], type=Outcome)
    return msgspec.msgpack.decode(content[1:], type=KeptRoster)
