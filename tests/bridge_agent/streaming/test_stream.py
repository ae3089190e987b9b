"""The stream whole: real camera, capture and streaming processes, server, relay and viewer."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import zlib
from collections.abc import AsyncIterator, Iterator

import cv2
import numpy as np
import psutil
import pytest

from bridge_agent.capture.outlet import WantStill
from bridge_agent.streaming.messages import Stop
from tests.bridge_agent.streaming import another_aiortc
from tests.bridge_agent.streaming.room import Room, moving
from tests.central_server.media.peers import SESSION, Peer, Peers, Ticking, until
from tests.central_server.running import Running, running, write_course
from tests.mjpeg_camera import Camera, filming
from tests.udp_line import Line, line_to


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("stream")
    with running(folder / "data", Ticking()) as one:
        one.load(write_course(folder / "course.toml"))
        yield one


@pytest.fixture(scope="module")
def camera() -> Iterator[Camera]:
    with filming(moving(), fps=15) as one:
        yield one


@pytest.fixture(scope="module")
def line(server: Running) -> Iterator[Line]:
    with line_to(server.address) as one:
        yield one


@pytest.fixture
async def peers(server: Running) -> AsyncIterator[Peers]:
    made = Peers(server)
    yield made
    await made.close()


@pytest.fixture
async def room(request: pytest.FixtureRequest, server: Running, camera: Camera, line: Line) -> AsyncIterator[Room]:
    """A room behind the line, which is good at first."""
    line.loss = line.delay_s = 0.0
    line.cut, line.kbit_s = False, None
    # The machine of the tests is busy: processes that start in 1 s take 20 there.
    one = Room(f"r{zlib.crc32(request.node.name.encode())}", line.address, server.services, camera)
    yield one
    line.cut = False
    await one.close()


async def viewer_of(room: Room, peers: Peers) -> Peer:
    await until(lambda: room.up)
    return await peers.play(room.name, "camera")


async def test_the_rooms_picture_and_sound_reach_a_viewer_and_a_still_the_parent(
    room: Room, peers: Peers, caplog: pytest.LogCaptureFixture
) -> None:
    room.sound = "lavfi:sine=frequency=440,arealtime"  # a tone that FFmpeg makes, as slowly as it sounds
    room.start()
    viewer = await viewer_of(room, peers)
    await viewer.until(30)
    await until(lambda: "sound" in room.services.media.rooms(SESSION)[room.name].sources)
    await room.services.media.let_hear(SESSION, frozenset({room.name}))
    listener = await peers.play(room.name, "sound")
    await until(lambda: listener.loud >= 90)  # Opus frames of 20 ms in which the tone is
    assert room.process is not None
    room.process.tell(WantStill())
    await until(lambda: room.stills)
    picture = cv2.imdecode(np.frombuffer(room.stills[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None and picture.shape == (270, 480, 3)
    assert len(room.stills[0].jpeg) <= 60_000
    await until(lambda: room.state is not None and 12 <= room.state.fps <= 18)
    state = room.state
    assert state is not None
    assert (state.trouble, state.step, state.reencodes) == (None, 0, "")
    assert 20 < state.kbit_s < 900

    # Told to stop it takes the stream down at the server: nobody has to wait until it falls silent.
    with caplog.at_level(logging.INFO):
        room.process.tell(Stop())
        await until(lambda: room.name not in room.services.media.rooms(SESSION))
    ends = [one.getMessage() for one in caplog.records if "stream ended" in one.getMessage()]
    assert ends and not any("silent" in one for one in ends), ends


async def test_a_streaming_process_that_dies_and_a_capture_that_dies_find_each_other_again(
    room: Room, peers: Peers
) -> None:
    room.start()
    viewer = await viewer_of(room, peers)
    await viewer.until(10)
    assert room.process is not None
    await asyncio.to_thread(room.process.kill)
    room.states.clear()
    seen = len(room.recognised)
    room.stream()
    await until(lambda: room.up)
    assert len(room.recognised) > seen, "recognition went on meanwhile"
    await viewer.until(10)
    capture = next(one for one in psutil.Process().children(recursive=True) if _is_capture(one))
    capture.kill()
    await viewer.until(1)
    await asyncio.sleep(2)
    await viewer.until(10)


def _is_capture(process: psutil.Process) -> bool:
    """The one that has the camera's connection open."""
    return any(conn.raddr and conn.status == "ESTABLISHED" for conn in process.net_connections("tcp")) and not any(
        conn.type == 2 for conn in process.net_connections("udp")
    )


async def test_a_streaming_process_that_hangs_costs_recognition_nothing(room: Room) -> None:
    snow = itertools.cycle(np.random.default_rng(1).integers(0, 255, (8, 180, 320, 3), np.uint8))
    with filming(lambda: next(snow), fps=15) as camera:
        room.camera = camera
        room.start()
        await until(lambda: room.up)
        assert room.process is not None and room.process.pid is not None
        await until(lambda: room.state is not None and room.state.kbit_s > 300)
        os.kill(room.process.pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(6)  # what goes into the pipe fills it (208 kB) meanwhile
            stopped = len(room.recognised)
            await until(lambda: len(room.recognised) >= stopped + 12)
        finally:
            os.kill(room.process.pid, signal.SIGCONT)


async def test_after_an_outage_the_picture_is_back(room: Room, peers: Peers, line: Line) -> None:
    room.start()
    viewer = await viewer_of(room, peers)
    await viewer.until(10)
    line.cut = True
    await until(lambda: not room.up)
    state = room.state
    assert state is not None and state.trouble in ("line", "no_way")
    known = [state.at for _, state in room.states if state.up]
    assert state.at > known[-1] + 4_000, "that there are no more shows later"
    line.cut = False
    await until(lambda: room.up)
    await viewer.until(5)


async def test_after_a_relay_was_killed_the_picture_is_back(room: Room, peers: Peers) -> None:
    room.start()
    await until(lambda: room.up)
    media = room.services.media
    assert media.relay_pid is not None
    os.kill(media.relay_pid, signal.SIGKILL)
    room_states = len(room.states)
    await until(lambda: any(not state.up for _, state in room.states[room_states:]))
    await until(lambda: room.up)
    viewer = await peers.play(room.name, "camera")
    await viewer.until(3)


@pytest.mark.alone
async def test_a_line_that_loses_much_gets_less_and_the_picture_goes_on(room: Room, peers: Peers, line: Line) -> None:
    room.start()
    viewer = await viewer_of(room, peers)
    line.loss, line.delay_s = 0.02, 0.1
    await viewer.until(30)
    state = room.state
    assert state is not None and state.up and state.step == 0, "2 % is bad luck, which retransmission mends"
    line.loss = 0.25
    await until(lambda: room.state is not None and room.state.step >= 2)  # a report may be lost, too
    line.loss = 0.0
    await viewer.until(20)


async def test_where_packets_cannot_be_handed_on_pictures_are_encoded_again(room: Room, peers: Peers) -> None:
    room.target = another_aiortc.publish
    room.start()
    viewer = await viewer_of(room, peers)
    await viewer.until(20)
    state = room.state
    assert state is not None and "0.0.0" in state.reencodes
