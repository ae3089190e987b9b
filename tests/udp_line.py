"""A bad line for WebRTC: a proxy for a server's WHIP and the UDP that follows, with loss, delay, a rate and outages.

SDP goes through it, so both peers learn of the proxy's sockets only and send each other nothing past it. For each
connection there are two: whoever publishes talks to one, the relay to the other.
"""

from __future__ import annotations

import asyncio
import functools
import random
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import cast

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host", re.IGNORECASE)
Address = tuple[str, int]
QUEUE_S = 0.5
"""What waits longer before a line that is too slow is dropped, as in a router."""


@dataclass
class Line:
    """How the line is now; a test changes it at any time."""

    address: str = ""
    """Of the server, as it is through the line."""
    loss: float = 0.0
    delay_s: float = 0.0
    kbit_s: float | None = None
    """What it carries from the publisher to the relay."""
    cut: bool = False
    """Nothing passes, and nobody is told."""
    posts: int = 0
    """Offers that came through."""
    dropped: int = 0
    rng: random.Random = field(default_factory=lambda: random.Random(1))
    free_at: float = 0.0

    def takes(self, size: int, *, up: bool) -> float | None:
        """In how many seconds a packet arrives; None: never."""
        if self.cut or self.rng.random() < self.loss:
            self.dropped += 1
            return None
        wait = 0.0
        if up and self.kbit_s is not None:
            now = time.monotonic()
            self.free_at = max(self.free_at, now) + size / 125 / self.kbit_s
            wait = self.free_at - now
            if wait > QUEUE_S:
                self.free_at -= size / 125 / self.kbit_s
                self.dropped += 1
                return None
        return self.delay_s + wait


class _Side(asyncio.DatagramProtocol):
    """One socket: what it receives goes out by the other one to `peer`, that one's partner."""

    def __init__(self, line: Line, *, up: bool) -> None:
        self.line, self.up = line, up
        self.other: _Side | None = None
        self.peer: Address | None = None
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # asyncio's own is none by its class

    @property
    def address(self) -> Address:
        assert self.transport is not None
        host, port = self.transport.get_extra_info("sockname")[:2]
        return str(host), int(port)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.peer = addr
        wait = self.line.takes(len(data), up=self.up)
        if wait is not None:
            asyncio.get_running_loop().call_later(wait, self._pass, data)

    def _pass(self, data: bytes) -> None:
        other = self.other
        if other is not None and other.peer is not None and other.transport is not None:
            other.transport.sendto(data, other.peer)


def _replaced(sdp: str, to: Address) -> str:
    """The description with one candidate, which is the proxy's."""
    lines, done = [], False
    for line in sdp.splitlines():
        if line.startswith("a=candidate:"):
            if done:
                continue
            line, done = f"a=candidate:1 1 udp 2130706431 {to[0]} {to[1]} typ host", True
        lines.append(line)
    return "\r\n".join(lines) + "\r\n"


def _app(line: Line, server: str) -> Starlette:
    opened: list[_Side] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        for side in opened:
            if side.transport is not None:
                side.transport.close()
        await asyncio.sleep(0.05)  # until they are closed

    async def forward(request: Request) -> Response:
        while line.cut:  # noqa: ASYNC110 - a test's thread sets it
            await asyncio.sleep(0.05)
        try:
            body = await request.body()
        except ClientDisconnect:  # who asked did not wait for the line's return
            return Response(status_code=499)
        offer = request.url.path.startswith("/media/whip/") and request.method == "POST"
        sides: list[_Side] = []
        if offer:
            sdp = body.decode()
            found = _CANDIDATE.search(sdp)
            assert found is not None, "no IPv4 candidate in the offer"
            loop = asyncio.get_running_loop()
            for up in (True, False):
                _, side = await loop.create_datagram_endpoint(
                    functools.partial(_Side, line, up=up), local_addr=(found[1], 0)
                )
                sides.append(side)
                opened.append(side)
            ours, theirs = sides
            ours.other, theirs.other = theirs, ours
            ours.peer = (found[1], int(found[2]))
            body = _replaced(sdp, theirs.address).encode()
        headers = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        async with httpx.AsyncClient(base_url=server, timeout=60) as client:
            path = str(request.scope["raw_path"], "ascii") + (f"?{request.url.query}" if request.url.query else "")
            got = await client.request(request.method, path, content=body, headers=headers)
        content = got.content
        if offer and got.status_code == 201:
            line.posts += 1
            found = _CANDIDATE.search(got.text)
            assert found is not None, "no IPv4 candidate in the answer"
            sides[1].peer = (found[1], int(found[2]))
            content = _replaced(got.text, sides[0].address).encode()
        kept = {
            name: got.headers[name]
            for name in ("content-type", "location", "etag", "link", "retry-after")
            if name in got.headers
        }
        return Response(content, got.status_code, kept)

    return Starlette(
        routes=[Route("/{path:path}", forward, methods=["GET", "POST", "DELETE", "PATCH"])], lifespan=lifespan
    )


@contextmanager
def line_to(server: str) -> Iterator[Line]:
    """A line to the server at this address, until the context ends."""
    line = Line()
    config = uvicorn.Config(_app(line, server), port=0, loop="asyncio", log_level="error", timeout_graceful_shutdown=1)
    program = uvicorn.Server(config)
    thread = threading.Thread(target=program.run)
    thread.start()
    deadline = time.monotonic() + 60
    while not program.started and time.monotonic() < deadline:
        time.sleep(0.01)
    port = program.servers[0].sockets[0].getsockname()[1]
    line.address = f"http://127.0.0.1:{port}"
    try:
        yield line
    finally:
        line.cut = False
        program.should_exit = True
        thread.join(60)
