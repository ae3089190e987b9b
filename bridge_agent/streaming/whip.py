"""Publishing over HTTP as RFC 9725 (WHIP) says: an offer is posted, the answer comes back with the resource's address.

Without trickle ICE and ICE restarts, which aiortc has not: an offer holds all its candidates, and a lost connection is
deleted and posted anew. So the resource's ETag, which those need, is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin

import httpx
import msgspec

from models.wire import IceServer

SDP: Final = "application/sdp"
POST_S: Final = httpx.Timeout(9.0, connect=3.0)
"""An answer takes a round trip and some 50 ms; a server whose relay starts holds it for up to 8 s. Over a dead line no
connection is made: then the next try comes soon."""
DELETE_S: Final = 2.0
_LINK: Final = re.compile(r'<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^";,\s]+))*)')
_PARAMETER: Final = re.compile(r';\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^";,\s]+))')


class WhipError(Exception):
    """No stream was made. status: of the answer; 0: there was none. retry_after_s: how long the server asks to wait."""

    def __init__(self, status: int, vi: str, en: str, retry_after_s: float = 0.0) -> None:
        super().__init__(en)
        self.status, self.vi, self.en, self.retry_after_s = status, vi, en, retry_after_s


class _Said(msgspec.Struct):
    """The server's reason."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A stream that the server made."""

    url: str
    answer: str
    """SDP."""
    ice_servers: tuple[IceServer, ...]
    """As the Link headers say: for the next connection, as this one's candidates are gathered."""


class Whip:
    """One server's WHIP endpoint, over an HTTP client that follows redirections (section 4.5 of the RFC)."""

    def __init__(self, http: httpx.AsyncClient, server: str) -> None:
        self._http, self._server = http, server

    async def publish(self, place: tuple[str, str, str], token: str, offer: str) -> Resource:
        """Post an offer for (session, room, source). Raises WhipError."""
        url = f"{self._server}/media/whip/" + "/".join(quote(part, safe="") for part in place)
        headers = {"Content-Type": SDP, "Accept": SDP, "Authorization": f"Bearer {token}"}
        try:
            got = await self._http.post(url, content=offer.encode(), headers=headers, timeout=POST_S)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise WhipError(0, "không kết nối được máy chủ", type(error).__name__) from error
        location = got.headers.get("location", "")
        if got.status_code != 201 or not location:
            raise _refused(got)
        return Resource(urljoin(str(got.url), location), got.text, ice_servers(got.headers.get_list("link")))

    async def delete(self, resource: Resource, token: str) -> None:
        """End a stream; a server that is away, or answers nonsense, ends it by itself."""
        try:
            await self._http.delete(resource.url, headers={"Authorization": f"Bearer {token}"}, timeout=DELETE_S)
        except (httpx.RequestError, httpx.InvalidURL):
            return


def _refused(got: httpx.Response) -> WhipError:
    try:
        wait = max(0.0, float(got.headers.get("retry-after", "0")))
    except ValueError:
        wait = 0.0  # a date, which no clock of a bridge point should be trusted with
    try:
        said = msgspec.json.decode(got.content, type=_Said)
        vi, en = said.vi, said.en
    except msgspec.MsgspecError:
        vi = en = f"HTTP {got.status_code}"
    return WhipError(got.status_code, vi, en, wait)


def ice_servers(links: Iterable[str]) -> tuple[IceServer, ...]:
    """The STUN and TURN servers in Link headers (section 4.6); others, and what can't be read, are passed over."""
    found = []
    for link in links:
        for url, rest in _LINK.findall(link):
            given = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}
            if given.get("rel") != "ice-server" or not re.match(r"(stun|turn)s?:", url):
                continue
            found.append(IceServer(urls=(url,), username=given.get("username"), credential=given.get("credential")))
    return tuple(found)


def for_try(servers: Sequence[IceServer], number: int) -> tuple[IceServer, ...]:
    """The servers of one try: all STUN and one TURN address, another with each try.

    aiortc uses one TURN server only; where an office blocks UDP the next try goes over TCP, and the one after over TLS.
    """
    stun = [one for one in servers if all(url.startswith("stun") for url in one.urls)]
    turn = [
        IceServer(urls=(url,), username=one.username, credential=one.credential)
        for one in servers
        for url in one.urls
        if url.startswith("turn")
    ]
    return (*stun, *([turn[number % len(turn)]] if turn else []))
