"""By which way picture and sound would go: UDP to the relay, UDP to a TURN server, or TURN over TCP or TLS.

Asked with STUN Binding requests (RFC 8489), which TURN servers answer without credentials; the server opens a port of
its own for some seconds and answers there as a relay's port would be reached (central_server/media/udp_check).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import msgspec

from bridge_agent.errors import AgentError
from bridge_agent.server import Server

TRIES: Final = 5
EVERY_S: Final = 0.5
"""A packet that is lost now and then is no blocked UDP: 2.5 s of silence are."""
CONNECT_S: Final = 5.0
HEADER: Final = 20
"""Bytes of a STUN message before its attributes."""


class Ways(msgspec.Struct, frozen=True):
    """Which ways get through. None: there is no such server."""

    relay_udp: bool
    turn_udp: bool | None = None
    turn_tcp: str | None = None
    """The address that answered over TCP or TLS; empty: none did."""

    @property
    def udp(self) -> bool:
        """Some way over UDP gets through."""
        return self.relay_udp or bool(self.turn_udp)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a STUN or TURN server listens (RFC 7064, RFC 7065)."""

    host: str
    port: int
    transport: str
    """udp, tcp or tls."""


def place(uri: str) -> Place | None:
    """What an address such as turns:host:443?transport=tcp says; None: it can't be read."""
    scheme, _, rest = uri.partition(":")
    where, _, query = rest.partition("?")
    try:
        parts = urlsplit(f"//{where}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if scheme not in ("stun", "turn", "turns") or not host:
        return None
    tls = scheme == "turns"
    transport = "tls" if tls else "tcp" if "transport=tcp" in query else "udp"
    return Place(host, port or (5349 if tls else 3478), transport)


async def ways(server: Server) -> Ways | None:
    """Try all ways at the same time; None: the server opens no port for it (an older one, or a busy one)."""
    try:
        asked = await server.udp()
    except AgentError:
        return None
    uris = [uri for one in asked.ice_servers for uri in one.urls]
    found = {uri: where for uri in uris if (where := place(uri)) is not None}
    over_udp = [where for where in found.values() if where.transport == "udp"]
    over_tcp = {uri: where for uri, where in found.items() if where.transport != "udp"}
    host = urlsplit(server.url).hostname or ""
    relay, turn, tcp = await asyncio.gather(
        answers_udp(Place(host, asked.port, "udp"), asked.key), _any_udp(over_udp), _first_tcp(over_tcp)
    )
    return Ways(relay, turn, tcp)


async def _any_udp(places: Iterable[Place]) -> bool | None:
    got = await asyncio.gather(*(answers_udp(one) for one in places))
    return any(got) if got else None


async def _first_tcp(places: dict[str, Place]) -> str | None:
    got = await asyncio.gather(*(answers_tcp(one) for one in places.values()))
    return next((uri for uri, good in zip(places, got, strict=True) if good), "") if got else None


async def answers_udp(to: Place, key: str = "", tries: int = TRIES) -> bool:
    """Whether a STUN server answers over UDP. key: goes with the request as its USERNAME."""
    request, id_ = _request(key)
    heard = asyncio.Event()

    class Hearing(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            if _answers(data, id_):
                heard.set()

    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            Hearing, remote_addr=(to.host, to.port)
        )
    except OSError:
        return False
    try:
        for _ in range(tries):
            transport.sendto(request)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await heard.wait()
                    return True
        return False
    finally:
        transport.close()


async def answers_tcp(to: Place) -> bool:
    """Whether a STUN server answers over TCP, or over TLS with a certificate that is good for its name."""
    request, id_ = _request("")
    secure = ssl.create_default_context() if to.transport == "tls" else None
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(to.host, to.port, ssl=secure)
            try:
                writer.write(request)
                return _answers(await reader.readexactly(HEADER), id_)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError, socket.gaierror):
        return False


def _request(key: str) -> tuple[bytes, bytes]:
    from aioice import stun  # only when it is measured

    asked = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    if key:
        asked.attributes["USERNAME"] = key
    return bytes(asked), asked.transaction_id


def _answers(data: bytes, id_: bytes) -> bool:
    """Whether bytes begin as the success response to this transaction."""
    return len(data) >= HEADER and data[:2] == b"\x01\x01" and data[8:HEADER] == id_
