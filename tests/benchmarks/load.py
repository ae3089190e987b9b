"""A load of HTTP requests that costs little itself, for it runs on the same cores as the server that it measures.

One thread, plain sockets, requests that were written down before, answers looked at no closer than needed.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_OK = b"HTTP/1.1 200 "


def post(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request as it travels."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def answers_a_second(port: int, lines: Sequence[Sequence[bytes]]) -> float:
    """Send all requests of every line over a connection of its own, each after the answer to the one before it.

    Raises AssertionError for an answer that is not 200.
    """
    with ExitStack() as open_now, selectors.DefaultSelector() as ready:
        for requests in lines:
            connection = open_now.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(connection, selectors.EVENT_READ, (connection, deque(requests), bytearray()))
        begin = time.perf_counter()
        for key in list(ready.get_map().values()):
            connection, requests, _ = key.data
            connection.sendall(requests.popleft())
        while ready.get_map():
            for key, _ in ready.select():
                connection, requests, answer = key.data
                part = connection.recv(65536)
                assert part, "the server hung up"
                answer += part
                if not _whole(answer):
                    continue
                assert answer.startswith(_OK), bytes(answer)
                answer.clear()
                if requests:
                    connection.sendall(requests.popleft())
                else:
                    ready.unregister(connection)
        return sum(map(len, lines)) / (time.perf_counter() - begin)


def _whole(answer: bytearray) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = _LENGTH.search(answer, 0, end + 2)
    assert length is not None, bytes(answer)
    return len(answer) == end + 4 + int(length[1])
