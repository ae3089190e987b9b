"""A bad line between a peer and the relay: a UDP proxy of our own that loses, delays and cuts."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from typing import Any

_CANDIDATE = re.compile(r"a=candidate:(\S+) 1 udp (\d+) (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*\r\n")


@dataclass
class Line:
    """How the line is now; it may change while it is used. Every proxy of one line is as bad."""

    loss: float = 0.0
    delay_s: float = 0.0
    """In each direction."""
    down: bool = False
    only_to_peer: bool = False
    """Whether only what the relay sends is lost: a line that is too slow for a stream."""
    seed: int = 1
    passed: int = 0
    lost: int = 0
    _rng: random.Random = field(init=False)
    _open: list[asyncio.BaseTransport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    def send(
        self, transport: asyncio.DatagramTransport, data: bytes, to: tuple[str, int], relay: tuple[str, int]
    ) -> None:
        """Send a datagram as the line allows."""
        good = self.only_to_peer and to == relay
        if self.down or (not good and self._rng.random() < self.loss):
            self.lost += 1
            return
        self.passed += 1
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, _send, transport, data, to)
        else:
            _send(transport, data, to)

    def offer(self, sdp: str) -> str:
        """An offer without addresses: the relay learns of the peer only what comes over the line."""
        return re.sub(r"a=candidate:.*\r\n", "", sdp)

    async def answer(self, sdp: str) -> str:
        """An answer whose one address is a proxy's, before the relay's own."""
        found = _CANDIDATE.search(sdp)
        assert found is not None, sdp
        own, port = found[3], int(found[4])
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Proxy(self, (own, port)), (own, 0))
        self._open.append(transport)
        here = transport.get_extra_info("sockname")[1]
        only = f"a=candidate:{found[1]} 1 udp {found[2]} {own} {here} typ host\r\n"
        return _first_only(sdp, only)

    def close(self) -> None:
        """No datagram passes any more."""
        for transport in self._open:
            transport.close()


def _first_only(sdp: str, candidate: str) -> str:
    lines = re.sub(r"a=candidate:.*\r\n", "", sdp)
    return lines.replace("a=end-of-candidates", candidate + "a=end-of-candidates", 1)


def _send(transport: asyncio.DatagramTransport, data: bytes, to: tuple[str, int]) -> None:
    if not transport.is_closing():
        transport.sendto(data, to)


class _Proxy(asyncio.DatagramProtocol):
    """One peer's way to the relay: its first datagram tells where the peer is."""

    def __init__(self, line: Line, relay: tuple[str, int]) -> None:
        self._line, self._relay = line, relay
        self._peer: tuple[str, int] | None = None
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if addr[1] == self._relay[1]:
            if self._peer is not None:
                self._line.send(self._transport, data, self._peer, self._relay)
            return
        self._peer = (addr[0], addr[1])
        self._line.send(self._transport, data, self._relay, self._relay)
