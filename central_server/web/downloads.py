"""Files that the browser saves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
CSV = "text/csv; charset=utf-8"
_PIECE = 256 * 1024


def download(content: bytes, name: str, media_type: str) -> Response:
    """A file to be saved by the browser."""
    return Response(content, media_type=media_type, headers=_saved_as(name))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


class FileOnce(StreamingResponse):
    """A large file to be saved by the browser; closed, and so gone from the disk, once it is sent or sending broke.

    file: of tempfile.TemporaryFile, which has no name on Linux: a server that is killed leaves nothing behind either.
    """

    def __init__(self, file: IO[bytes], name: str, media_type: str) -> None:
        self._file = file
        headers = _saved_as(name) | {"Content-Length": str(file.seek(0, os.SEEK_END))}
        super().__init__(self._pieces(), media_type=media_type, headers=headers)

    def _pieces(self) -> Iterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()
