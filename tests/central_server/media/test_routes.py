"""WHIP and WHEP over HTTP as RFC 9725 says, and who may ask: what needs no connection to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from central_server.config import MediaSettings
from central_server.media.routes import OFFER_LIMIT
from central_server.media.tokens import TOKEN_LIFE_MS
from models.wire import MediaTokenAnswer, MediaTokenRequest, Refusal, Source
from tests.central_server.media.peers import SESSION, Peers, device_at
from tests.central_server.running import MINUTE, Running, join, running, write_course

WHIP, WHEP = f"/media/whip/{SESSION}/r1/camera", f"/media/whep/{SESSION}/r1/camera"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("routes")
    secret = folder / "turn-secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    settings = MediaSettings(turn=("turns:example.vn:443?transport=tcp",), turn_secret_file=str(secret), most_streams=3)
    with running(folder / "data", media=settings) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


@pytest.fixture
def client(server: Running) -> httpx.Client:
    return server.client()


@pytest.fixture
async def peers(server: Running) -> AsyncIterator[Peers]:
    made = Peers(server)
    yield made
    await made.close()


def ask(
    client: httpx.Client, path: str, token: str, body: str = "v=0", kind: str = "application/sdp"
) -> httpx.Response:
    headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.post(path, content=body, headers=headers)


async def offer(kind: str = "video", direction: str = "sendonly", count: int = 1) -> str:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for _ in range(count):
        connection.addTransceiver(kind, direction)
    await connection.setLocalDescription(await connection.createOffer())
    text = connection.localDescription.sdp
    await connection.close()
    return text


def test_nobody_gets_anything_without_a_token_for_just_that(peers: Peers, client: httpx.Client) -> None:
    good = peers.token("publish", "r1")
    body, _, mac = good.partition(".")
    other = f"{body}.{mac[:-1]}{'1' if mac.endswith('0') else '0'}"
    for bad in ("", "x", other, f"{body[:-2]}AA.{mac}", f"{body}.", f".{mac}", "a" * 3_000):
        got = ask(client, WHIP, bad)
        assert (got.status_code, "vi" in got.json()) == (401, True), bad
    for path in (WHEP, WHIP.replace("r1", "r2"), WHIP.replace("K1.1", "K1.2")):
        assert ask(client, path, good).status_code == 403, path
    assert ask(client, WHIP, peers.token("play", "r1")).status_code == 403
    assert ask(client, WHIP.replace("camera", "radio"), good).status_code == 422


def test_a_token_ends_after_ten_minutes(peers: Peers, client: httpx.Client, server: Running) -> None:
    token = peers.token("publish", "r1")
    server.clock.ms += TOKEN_LIFE_MS - 1
    assert ask(client, WHIP, token).status_code == 400
    server.clock.ms += 1
    assert ask(client, WHIP, token).status_code == 401


def test_a_body_that_is_no_offer_is_refused_with_the_reason(peers: Peers, client: httpx.Client) -> None:
    token = peers.token("publish", "r1")
    assert ask(client, WHIP, token, kind="text/plain").status_code == 415
    assert ask(client, WHIP, token, "v=0\r\n" * OFFER_LIMIT).status_code == 413
    for wrong in ("", "hello", "v=0", "v=0\r\nm=video 9 X 96\r\n", "\0" * 100):
        got = ask(client, WHIP, token, wrong)
        assert (got.status_code, "SDP" in got.json()["vi"] or "luồng" in got.json()["vi"]) == (400, True), wrong


async def test_an_offer_of_another_kind_direction_or_number_is_refused(peers: Peers, client: httpx.Client) -> None:
    token = peers.token("publish", "r1")
    for wrong in (await offer("audio"), await offer(direction="recvonly"), await offer(count=2)):
        got = await asyncio.to_thread(ask, client, WHIP, token, wrong)
        assert got.status_code == 400
    no_codec = (await offer()).replace("VP8", "VPX").replace("H264", "H26X")
    assert (await asyncio.to_thread(ask, client, WHIP, token, no_codec)).status_code == 406


async def test_an_offer_whose_lines_contradict_each_other_is_refused(peers: Peers, client: httpx.Client) -> None:
    text = await offer()
    without_map = "".join(line for line in text.splitlines(True) if not line.startswith("a=rtpmap"))
    for wrong in (without_map, text.replace("a=ice-pwd:", "a=ice-pws:"), text.replace("sha-256 ", "sha-256")):
        got = await asyncio.to_thread(ask, client, WHIP, peers.token("publish", "r1"), wrong)
        assert got.status_code == 400


async def test_a_stream_that_nobody_publishes_is_not_found_for_now(peers: Peers, client: httpx.Client) -> None:
    got = await asyncio.to_thread(ask, client, WHEP, peers.token("play", "r1"), await offer(direction="recvonly"))
    assert (got.status_code, got.headers["retry-after"]) == (404, "3")


async def test_the_answer_has_what_the_rfc_wants_and_delete_ends_it_for_its_holder_only(
    peers: Peers, client: httpx.Client, server: Running
) -> None:
    token = peers.token("publish", "r1")
    got = await asyncio.to_thread(ask, client, WHIP, token, await offer())
    assert got.status_code == 201
    assert got.headers["content-type"] == "application/sdp"
    assert got.text.startswith("v=0")
    assert "a=recvonly" in got.text
    assert "etag" not in got.headers, "there is neither trickle ICE nor an ICE restart"
    link = got.headers["link"]
    assert link.startswith('<turns:example.vn:443?transport=tcp>; rel="ice-server"; username="')
    where = got.headers["location"]

    def delete(token: str) -> int:
        return client.delete(where, headers={"Authorization": f"Bearer {token}"} if token else {}).status_code

    assert await asyncio.to_thread(delete, "") == 401
    assert await asyncio.to_thread(delete, peers.token("publish", "r1", holder="account:a2")) == 404
    server.clock.ms += TOKEN_LIFE_MS  # who has gone on for longer than a token lives may still end it
    assert await asyncio.to_thread(delete, token) == 200
    assert await asyncio.to_thread(delete, token) == 404


def test_what_the_addresses_take_is_told_and_trickle_ice_refused(client: httpx.Client) -> None:
    assert client.options(WHIP).headers["accept-post"] == "application/sdp"
    assert client.options("/media/resources/x").headers["allow"] == "DELETE, OPTIONS"
    got = client.patch("/media/resources/x", content="a=candidate", headers={"If-Match": '"x"'})
    assert (got.status_code, got.headers["allow"]) == (405, "DELETE, OPTIONS")
    assert client.get(WHIP).status_code == 405


async def test_more_streams_than_the_server_allows_are_told_to_come_later(
    peers: Peers, client: httpx.Client, server: Running
) -> None:  # fmt: skip
    text = await offer()
    tokens = [peers.token("publish", f"r{n}", holder=f"device:{device_at(server.services, f'r{n}')}") for n in range(4)]
    got = [
        await asyncio.to_thread(ask, client, WHIP.replace("r1", f"r{n}"), token, text)
        for n, token in enumerate(tokens)
    ]  # fmt: skip
    assert [one.status_code for one in got] == [201, 201, 201, 429]
    for one, token in zip(got[:3], tokens, strict=False):
        headers = {"Authorization": f"Bearer {token}"}
        await asyncio.to_thread(client.delete, one.headers["location"], headers=headers)


def test_an_agent_gets_its_token_for_its_own_room_and_a_session_of_today(server: Running, client: httpx.Client) -> None:
    agent = join(server)
    server.clock.ms += MINUTE

    def asked(session: str, source: Source = "camera") -> httpx.Response:
        body = msgspec.json.encode(MediaTokenRequest(session=session, sources=(source,)))
        return agent.request("POST", "/api/agent/media-token", body)

    got = msgspec.json.decode(asked(SESSION).content, type=MediaTokenAnswer)
    assert got.room == agent.bridge_point
    assert got.expires_at == server.clock.ms + TOKEN_LIFE_MS
    assert got.ice_servers[0].urls == ("turns:example.vn:443?transport=tcp",)
    assert ask(client, f"/media/whip/{SESSION}/{got.room}/camera", got.token).status_code == 400
    for other in (f"/media/whip/{SESSION}/{got.room}/sound", f"/media/whip/{SESSION}/r2/camera"):
        assert ask(client, other, got.token).status_code == 403
    assert asked(SESSION, "sound").status_code == 200
    assert asked(SESSION, "screen").status_code == 422, "the lecturer's page shows that"
    refused = asked("K9.9")
    assert refused.status_code == 422
    assert "Điểm cầu" in msgspec.json.decode(refused.content, type=Refusal).vi
