"""The relay with real peers: a real server and relay process, aiortc as publisher and viewer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import psutil
import pytest

from central_server.media.media import Media
from tests.central_server.media.bad_line import Line
from tests.central_server.media.peers import (
    SESSION,
    Painted,
    Peer,
    Peers,
    RefusedByServerError,
    Ticking,
    Tone,
    device_at,
    spoken,
    until,
)
from tests.central_server.running import Running, running, write_course
from tests.deploy.one_port_peers import command


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("relay")
    with running(folder / "data", Ticking()) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


@pytest.fixture
def media(server: Running) -> Media:
    return server.services.media


@pytest.fixture
async def peers(server: Running) -> AsyncIterator[Peers]:
    made = Peers(server)
    yield made
    await made.close()


def is_in_order(peer: Peer) -> bool:
    """Pictures came as they were painted: none twice, none of another moment."""
    return all(0 < (later - earlier) % 1024 < 100 for (earlier, _), (later, _) in pairwise(peer.numbers))


@pytest.mark.parametrize("codec", ["video/VP8", "video/H264"])
async def test_a_picture_reaches_two_viewers_also_the_one_who_comes_late(peers: Peers, codec: str) -> None:
    await peers.publish("r1", "camera", Painted(), codec)
    first = await peers.play("r1", "camera")
    await first.until(15)
    late = await peers.play("r1", "camera")
    await late.until(15)
    assert is_in_order(first)
    assert is_in_order(late)


async def test_whoever_publishes_anew_takes_over_and_viewers_stay(peers: Peers, media: Media) -> None:
    older = await peers.publish("r2", "camera", Painted())
    viewer = await peers.play("r2", "camera")
    await viewer.until(10)
    since = media.rooms(SESSION)["r2"].sources["camera"]
    await peers.publish("r2", "camera", Painted())
    await until(lambda: media.rooms(SESSION)["r2"].sources["camera"] != since)
    await viewer.until(20)
    await until(lambda: older.connection.connectionState == "closed")


async def test_a_pc_from_which_another_took_the_room_over_waits_until_that_one_has_stopped(
    peers: Peers, server: Running
) -> None:
    one, two = [
        peers.token("publish", "r9", f"device:{device_at(server.services, 'r9', name)}") for name in ("one", "two")
    ]  # fmt: skip
    older = await peers.publish("r9", "camera", Painted(), token=one)
    await until(lambda: "r9" in server.services.media.rooms(SESSION))
    newer = await peers.publish("r9", "camera", Painted(), token=two)
    await until(lambda: older.connection.connectionState == "closed")
    with pytest.raises(RefusedByServerError) as refused:
        await peers.publish("r9", "camera", Painted(), token=one)
    answer = refused.value.answer
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "60")
    assert "một máy khác của điểm cầu này" in answer.json()["vi"]
    headers = {"Authorization": f"Bearer {two}"}
    assert (await asyncio.to_thread(server.client().delete, newer.location, headers=headers)).status_code == 200
    again = await peers.publish("r9", "camera", Painted(), token=one)
    await until(lambda: again.connection.connectionState == "connected")


async def test_a_viewer_who_cannot_decode_the_stream_is_told_so(peers: Peers) -> None:
    await peers.publish("r3", "camera", Painted(), "video/H264")
    with pytest.raises(RefusedByServerError) as refused:
        await peers.play("r3", "camera", "video/VP8")
    assert refused.value.answer.status_code == 406
    assert "H264" in refused.value.answer.json()["vi"]


async def test_sound_is_passed_and_counted_only_of_the_rooms_that_may_be_heard(
    peers: Peers, media: Media, server: Running
) -> None:
    await media.let_hear(SESSION, frozenset())
    tone = Tone(loud=False)
    await peers.publish("r4", "sound", tone)
    viewer = await peers.play("r4", "sound")
    await until(lambda: "r4" in media.rooms(SESSION))
    assert (media.rooms(SESSION)["r4"].speaking, viewer.frames) == (False, 0)
    await spoken(media, "r4", tone)
    assert viewer.frames == 0, "nobody was let be heard"
    assert media.spoken_ms(SESSION, "r4", 0, 2**53) == 0, "what nobody hears is no speaking"
    tone.loud = True
    await until(lambda: media.rooms(SESSION)["r4"].speaking)
    began = server.clock()
    await media.let_hear(SESSION, frozenset({"r4"}))
    await viewer.until(30)
    assert viewer.loud > 10
    await media.let_hear(SESSION, frozenset({"r5"}))
    until_now = server.clock()
    tone.loud = False
    await until(lambda: not media.rooms(SESSION)["r4"].speaking)
    assert 0 < media.spoken_ms(SESSION, "r4", 0, 2**53) <= until_now - began
    assert media.spoken_ms(SESSION, "r4", 0, 1_000) == 0
    heard = viewer.frames
    media.forget(SESSION)
    await spoken(media, "r4", tone)
    assert media.spoken_ms(SESSION, "r4", 0, 2**53) == 0, "a class that nobody has open is not measured"
    assert viewer.frames - heard < 25, "of the 100 frames made since at most those that were on their way"


async def test_a_relay_that_is_killed_is_back_and_so_is_everybody(peers: Peers, media: Media) -> None:
    publisher, viewer = await peers.publish("r6", "camera", Painted()), await peers.play("r6", "camera")
    await viewer.until(5)
    generation = media.generation
    changed: list[str] = []
    end = media.listen(changed.append)
    pid = media.relay_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: media.relay_pid not in (None, pid))
    await until(lambda: media.generation > generation)
    assert SESSION in changed
    end()
    await asyncio.gather(publisher.close(), viewer.close())
    await peers.publish("r6", "camera", Painted())
    again = await peers.play("r6", "camera")
    await again.until(5)
    await media.let_hear(SESSION, frozenset())


async def test_a_relay_that_hangs_is_started_anew_and_whoever_asks_meanwhile_is_told_to_come_again(
    peers: Peers, media: Media
) -> None:
    await peers.publish("r7", "camera", Painted())
    generation, pid = media.generation, media.relay_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    peers.patient = False
    with pytest.raises(RefusedByServerError) as refused:
        await peers.publish("r7", "camera", Painted())
    assert (refused.value.answer.status_code, refused.value.answer.headers["retry-after"]) == (503, "1")
    await until(lambda: media.generation > generation)
    assert not psutil.pid_exists(pid)


async def test_a_publisher_who_falls_silent_is_taken_off(peers: Peers, media: Media) -> None:
    publisher = await peers.publish("r8", "camera", Painted())
    await until(lambda: "r8" in media.rooms(SESSION))
    cut(publisher)
    await until(lambda: "r8" not in media.rooms(SESSION))


def cut(peer: Peer) -> None:
    """As if somebody had pulled the cable: nothing leaves and nothing comes in."""
    for transceiver in peer.connection.getTransceivers():
        ice = transceiver.sender.transport.transport
        for protocol in ice._connection._protocols:
            protocol.transport.abort()


async def test_a_viewer_whose_line_is_too_slow_gets_key_frames_only_and_costs_the_others_nothing(
    peers: Peers, server: Running
) -> None:
    await peers.publish("r9", "camera", Painted())
    good = await peers.play("r9", "camera")
    line = Line(only_to_peer=True)
    slow_ones = Peers(server, line=line)
    slow = await slow_ones.play("r9", "camera")
    await asyncio.gather(slow.until(5), good.until(5))

    async def sent_a_frame() -> float:
        """Packets to the slow one for each frame that the good one got."""
        packets, frames = line.passed + line.lost, good.frames
        await good.until(15)
        return (line.passed + line.lost - packets) / (good.frames - frames)

    full, seen = await sent_a_frame(), len(good.numbers)
    line.loss = 0.6
    async with asyncio.timeout(60):
        while await sent_a_frame() > full / 2:
            pass
    numbers = [number for number, _ in good.numbers[seen:]]
    assert len(numbers) > 0.8 * (numbers[-1] - numbers[0]), "the good one got the pictures as they were made"
    assert is_in_order(good)
    await slow_ones.close()


def test_the_relay_ends_with_its_server_even_when_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "one_port").mkdir()
    (tmp_path / "one_port" / "turn-secret").write_text("north")
    serving = command(f"serve({str(tmp_path)!r}, 0)")
    with subprocess.Popen(serving, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        headers = {"Authorization": f"Bearer {told['publish']}", "Content-Type": "application/sdp"}
        path, status = f"{told['address']}/media/whip/{SESSION}/r1/camera", 503
        while status == 503:  # it starts still
            status = httpx.post(path, content="v=0", headers=headers, timeout=60).status_code
        assert status == 400
        relays = [one for one in psutil.Process(process.pid).children() if "spawn_main" in " ".join(one.cmdline())]
        assert len(relays) == 1
        process.kill()
    deadline = time.monotonic() + 60
    while runs(relays[0]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not runs(relays[0])


def runs(process: psutil.Process) -> bool:
    """Whether it does; what nobody has reaped yet does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
