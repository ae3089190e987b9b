"""Whether UDP from a bridge point reaches this host: a port that answers STUN Binding requests for some seconds.

A relay's own ports are made for each stream and the system chooses them; so is this one, so a firewall that lets those
through lets this through. It answers only whoever knows the key that the asking device was told by HTTPS, with fewer
bytes than it was sent, a few times: it is of no use to reflect traffic at somebody else.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import Final

from central_server.errors import BusyError

OPEN_S: Final = 8.0
"""Some tries of a bridge point whose line is slow."""
ANSWERS: Final = 20
AT_ONCE: Final = 8
"""Ports open at a time: 300 bridge points that are set up on one morning measure for some seconds each."""


class UdpChecks:
    """The ports that are open now."""

    def __init__(self) -> None:
        self._open: dict[asyncio.DatagramTransport, str] = {}

    async def open(self, device: str) -> tuple[int, str]:
        """A port that answers from now on, and the key to it. Raises BusyError when many are open, OSError.

        A device has one at a time: its last one is closed, so none keeps the others from measuring.
        """
        for transport in [one for one, whose in self._open.items() if whose == device]:
            self._close(transport)
        if len(self._open) >= AT_ONCE:
            raise BusyError(
                "Nhiều điểm cầu đang đo đường truyền cùng lúc. Hãy đo lại sau một phút.",
                "Many bridge points measure their lines just now. Measure again in a minute.",
            )
        key = secrets.token_hex(16)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Answering(key), sock=_socket())
        self._open[transport] = device
        loop.call_later(OPEN_S, self._close, transport)
        return transport.get_extra_info("sockname")[1], key

    def close(self) -> None:
        """The server ends."""
        for transport in tuple(self._open):
            self._close(transport)

    def _close(self, transport: asyncio.DatagramTransport) -> None:
        self._open.pop(transport, None)
        transport.close()


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, key: str) -> None:
        self._key, self._left = key, ANSWERS

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # of datagrams
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        from aioice import stun  # only when a line is measured

        with contextlib.suppress(Exception):  # whatever came, aioice raises what it likes, and nobody is answered
            asked = stun.parse_message(data)
            known = secrets.compare_digest(str(asked.attributes.get("USERNAME", "")).encode(), self._key.encode())
            if not known or asked.message_class is not stun.Class.REQUEST or self._left <= 0:
                return
            self._left -= 1
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
            self._transport.sendto(bytes(answer), addr)


def _socket() -> socket.socket:
    """A port of all addresses, by IPv4 and IPv6 where the host has both."""
    try:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind(("::", 0))
    except OSError:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("0.0.0.0", 0))  # noqa: S104 - as the relay's ports are: that is what is measured
    made.setblocking(False)
    return made
