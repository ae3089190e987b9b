"""A stream lasts no longer than the right to it: the floor, the account, the sign-in, the ticket and the device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from sqlalchemy import event

from central_server.accounts.permission import Grant
from central_server.bridge_points.rotation import revoke
from central_server.classroom.rights import _without_right
from central_server.media.media import Held
from central_server.media.messages import Name
from models.wire import Source
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.media.peers import Painted, Peer, Peers, RefusedByServerError, until


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lesson]:
    with lesson(tmp_path_factory.mktemp("rights")) as one:
        one.server.account("visitor", Grant("technician", None, one.rooms["DA"]))
        yield one


@pytest.fixture
async def peers(here: Lesson) -> AsyncIterator[Peers]:
    made = Peers(here.server)
    yield made
    await made.close()


def tokens(here: Lesson, client: httpx.Client) -> dict[str, str]:
    """By room code."""
    play = client.get(f"/api/sessions/{SESSION}/classroom/tokens").json()["play"]
    return {code: play[room] for code, room in here.rooms.items() if room in play}


def looking_in(here: Lesson, client: httpx.Client, room: str) -> str:
    got = client.get(f"/api/sessions/{SESSION}/rooms/{here.rooms[room]}/tokens").json()
    return str(got["play"][here.rooms[room]])


async def give_floor(here: Lesson, room: str) -> None:
    fields = {"room": here.rooms[room]} if room else {}
    got = await asyncio.to_thread(here.act, here.signed_in("lecturer"), "floor", "", **fields)
    assert got.status_code == 200, got.text


async def refused(peers: Peers, room: str, source: Source, token: str) -> int:
    with pytest.raises(RefusedByServerError) as answer:
        await peers.play(room, source, token=token)
    return answer.value.answer.status_code


async def ended(peer: Peer) -> None:
    await until(lambda: peer.connection.connectionState == "closed")


async def test_who_saw_a_room_for_its_floor_sees_it_no_longer_than_that_and_who_looks_in_goes_on(
    here: Lesson, peers: Peers
) -> None:
    room = here.rooms["BC"]
    await peers.publish(room, "camera", Painted())
    await give_floor(here, "BC")
    visitor, owner = here.signed_in("visitor"), here.signed_in("technician")
    token = tokens(here, visitor)["BC"]
    watching = await peers.play(room, "camera", token=token)
    others = [
        await peers.play(room, "camera", token=one)
        for one in (tokens(here, owner)["BC"], looking_in(here, here.signed_in("manager"), "BC"))
    ]
    await watching.until(3)
    await give_floor(here, "")
    await ended(watching)
    for one in others:
        await one.until(3)
    assert await refused(peers, room, "camera", token) == 403


def test_the_streams_of_one_page_are_judged_by_what_is_read_once(here: Lesson) -> None:
    of, room = here.server.services, here.rooms["TDM"]
    token = looking_in(here, here.signed_in("manager"), "TDM")
    holder = of.media.tokens.check(token, here.server.clock()).holder
    sources: tuple[Source, ...] = ("camera", "sound", "screen")
    held = {str(n): Held(holder, "play", Name(SESSION, room, sources[n % 3])) for n in range(9)}
    asked: list[str] = []

    def statement(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        asked.append(sql)

    event.listen(of.engine, "before_cursor_execute", statement)
    try:
        assert _without_right(of, {"0": held["0"]}, {SESSION: frozenset({room})}) == []
        one = len(asked)
        assert _without_right(of, held, {SESSION: frozenset({room})}) == []
        assert len(asked) == 2 * one
    finally:
        event.remove(of.engine, "before_cursor_execute", statement)


async def test_an_account_that_is_disabled_or_signed_out_and_a_revoked_device_lose_their_streams(
    here: Lesson, peers: Peers
) -> None:
    room, agent = here.rooms["TDM"], here.agent("TDM")
    token = here.server.services.media.tokens.issue(
        f"device:{agent.device}", SESSION, room, "publish", ("camera",), here.server.clock()
    )
    publisher = await peers.publish(room, "camera", Painted(), token=token)
    manager, visitor, room_page = here.signed_in("manager"), here.signed_in("visitor"), here.enter(agent)
    theirs = [looking_in(here, manager, "TDM"), tokens(here, visitor)["TDM"], tokens(here, room_page)["TDM"]]
    looking, watching, projected = [await peers.play(room, "camera", token=one) for one in theirs]
    here.server.do(
        lambda connection: connection.exec_driver_sql("UPDATE account SET disabled = 1 WHERE login = 'visitor'")
    )
    assert manager.post("/sign-out").status_code == 200
    await ended(watching)
    await ended(looking)
    await projected.until(3)
    for one in theirs[:2]:
        assert await refused(peers, room, "camera", one) == 403
    here.server.do(revoke("TDM", here.server.clock()))
    await ended(publisher)
    await ended(projected)
    with pytest.raises(RefusedByServerError):
        await peers.publish(room, "camera", Painted(), token=token)
