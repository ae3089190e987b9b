"""A large file is gone from the server when it was sent, and also when sending broke."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from central_server.web.downloads import FileOnce
from tests.central_server.running import running

BIG = bytes(700_000)
SCOPE = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}


def big_file(folder: Path) -> IO[bytes]:
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - what sends it closes it: that is what is tested
    file.write(BIG)
    return file


async def _wait() -> Message:
    await anyio.sleep_forever()
    raise AssertionError


def test_a_file_that_was_sent_is_closed_and_gone(tmp_path: Path) -> None:
    file, sent = big_file(tmp_path), list[Message]()

    async def keep(message: Message) -> None:
        sent.append(message)

    answer = FileOnce(file, "gói.zip", "application/zip")
    anyio.run(answer, SCOPE, _wait, keep)
    assert b"".join(one["body"] for one in sent[1:]) == BIG
    assert (b"content-length", b"700000") in sent[0]["headers"]
    assert file.closed and not list(tmp_path.iterdir())


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_file_whose_sending_broke_is_closed_too(tmp_path: Path, after: int) -> None:
    file, sent = big_file(tmp_path), list[Message]()

    async def breaks(message: Message) -> None:
        if len(sent) == after:
            raise OSError("the browser has gone")
        sent.append(message)

    with pytest.raises(ClientDisconnect):
        anyio.run(FileOnce(file, "a.zip", "application/zip"), SCOPE, _wait, breaks)
    assert file.closed and not list(tmp_path.iterdir())


def test_a_zip_of_portraits_that_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    left = folder / "portraits-0011223344556677.zip"
    left.write_bytes(b"PK pictures")
    with running(folder):
        assert not left.exists()
