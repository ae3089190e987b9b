"""Where the relay process begins: what the server itself can import without loading aiortc."""

from __future__ import annotations

from multiprocessing.connection import Connection

from central_server.media.messages import Settings


def main(pipe: Connection, settings: Settings) -> None:
    """The relay process."""
    from central_server.media.relay import main as run  # here: the server never loads aiortc and its codecs

    run(pipe, settings)
