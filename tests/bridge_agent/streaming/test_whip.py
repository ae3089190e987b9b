"""WHIP over HTTP: Link headers, redirections, refusals; and which ICE servers a try uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.streaming.whip import Resource, Whip, WhipError, for_try, ice_servers
from central_server.media.turn import link_headers
from models.wire import IceServer

PLACE = ("K1.1", "r1", "camera")
TURN = IceServer(
    urls=("turn:t.vn:3478?transport=udp", "turn:t.vn:3478?transport=tcp", "turns:t.vn:443?transport=tcp"),
    username="179:diemdanh",
    credential="c+/=",
)
STUN = IceServer(urls=("stun:t.vn:3478",))


def test_what_the_server_writes_into_link_headers_is_read_from_them() -> None:
    found = ice_servers(link_headers((STUN, TURN)))
    assert found[0] == STUN
    assert [one.urls[0] for one in found[1:]] == list(TURN.urls)
    assert {(one.username, one.credential) for one in found[1:]} == {("179:diemdanh", "c+/=")}


def test_several_servers_in_one_header_and_other_links_beside_them() -> None:
    header = (
        '<https://x/>; rel="alternate", <turn:a:1>;rel=ice-server;username=u;credential="p", <stun:b>; rel="ice-server"'
    )
    assert [one.urls for one in ice_servers([header])] == [("turn:a:1",), ("stun:b",)]


pieces = st.sampled_from(["<", ">", "stun:a", "turn:b", "http://c", ";", ",", "rel", "=", '"', "ice-server", " ", "é"])
headers = st.one_of(st.text(max_size=40), st.lists(pieces, max_size=14).map("".join))


@given(st.lists(headers, max_size=3), st.sampled_from(["stun:x", "turns:y", "http://z", ""]), st.booleans())
def test_no_header_breaks_it_nor_hides_the_next(links: list[str], url: str, named: bool) -> None:
    found = ice_servers([*links, f'<{url}>; rel="{"ice-server" if named else "next"}"'])
    assert all(one.urls[0].startswith(("stun", "turn")) for one in found)
    assert ((url,) in [one.urls for one in found[-1:]]) == (named and url in ("stun:x", "turns:y"))


def test_each_try_goes_by_another_turn_address() -> None:
    tried = [for_try((STUN, TURN), number) for number in range(4)]
    assert all(one[0] == STUN for one in tried)
    assert [one[1].urls[0] for one in tried] == [*TURN.urls, TURN.urls[0]]
    assert for_try((STUN,), 5) == (STUN,)


Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
async def asked() -> AsyncIterator[Callable[[Answer], Whip]]:
    clients: list[httpx.AsyncClient] = []

    def make(answer: Answer) -> Whip:
        client = httpx.AsyncClient(transport=httpx.MockTransport(answer), follow_redirects=True)
        clients.append(client)
        return Whip(client, "http://s.vn")

    yield make
    for client in clients:
        await client.aclose()


async def test_a_relative_location_is_of_where_the_answer_came_from(asked: Callable[[Answer], Whip]) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "s.vn" and request.method == "POST":
            return httpx.Response(307, headers={"location": "http://other.vn/media/whip/K1.1/r1/camera"})
        return httpx.Response(
            201, text="v=0", headers={"location": "/media/resources/x", "content-type": "application/sdp"}
        )

    whip = asked(answer)
    resource = await whip.publish(PLACE, "tok", "offer")
    assert resource.url == "http://other.vn/media/resources/x"
    assert seen[-1].method == "POST" and seen[-1].content == b"offer"
    await whip.delete(resource, "tok")
    assert (seen[-1].method, seen[-1].headers["authorization"]) == ("DELETE", "Bearer tok")


@pytest.mark.parametrize(
    ("answer", "status", "wait"),
    [
        (httpx.Response(503, json={"vi": "đợi", "en": "wait"}, headers={"retry-after": "1"}), 503, 1.0),
        (httpx.Response(401, json={"vi": "hết hạn", "en": "over"}), 401, 0.0),
        (httpx.Response(503, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), 503, 0.0),
        (httpx.Response(200, text="a portal's sign-in page"), 200, 0.0),
        (httpx.Response(201, text="v=0"), 201, 0.0),  # without a Location it could never be ended
    ],
)
async def test_whatever_is_no_stream_is_one_error(
    asked: Callable[[Answer], Whip], answer: httpx.Response, status: int, wait: float
) -> None:
    with pytest.raises(WhipError) as refused:
        await asked(lambda request: answer).publish(PLACE, "tok", "offer")
    assert (refused.value.status, refused.value.retry_after_s) == (status, wait)


def _away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("away")


def _garbled(request: httpx.Request) -> httpx.Response:
    """A portal that says gzip and sends something else: httpx raises DecodingError, which is no TransportError."""
    return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))


def _round_and_round(request: httpx.Request) -> httpx.Response:
    return httpx.Response(307, headers={"location": str(request.url)})


@pytest.mark.parametrize("answer", [_away, _garbled, _round_and_round])
async def test_a_server_that_is_away_or_answers_nonsense_is_an_error_too_and_no_matter_when_deleting(
    answer: Answer, asked: Callable[[Answer], Whip]
) -> None:
    whip = asked(answer)
    with pytest.raises(WhipError) as refused:
        await whip.publish(PLACE, "tok", "offer")
    assert refused.value.status == 0
    await whip.delete(Resource("http://s.vn/media/resources/x", "v=0", ()), "tok")
