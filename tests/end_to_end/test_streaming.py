"""A class that is streamed, and one that is not: server, relay, agent, capture and streaming are real; recognition is
scripted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from models.records import AnyRecord, CheckIn, Coverage, Link, Presence
from tests.bridge_agent.streaming.room import moving
from tests.central_server.media.peers import Peers, until
from tests.central_server.running import Running, running
from tests.end_to_end.on_site import Wall
from tests.end_to_end.streamed_class import LEARNERS, SESSION, agent, records, write_course
from tests.mjpeg_camera import Camera, filming

pytestmark = [pytest.mark.alone, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("streaming")
    with running(folder / "server", Wall()) as one:
        one.load(write_course(folder / "course.toml", points=2))
        yield one


@pytest.fixture(scope="module")
def camera() -> Iterator[Camera]:
    with filming(moving(), fps=15) as one:
        yield one


def check_ins(held: list[AnyRecord]) -> int:
    return sum(isinstance(one, CheckIn) for one in held)


def everybody_was_seen_all_the_time(held: list[AnyRecord]) -> Coverage:
    """Raises AssertionError otherwise. Gives the one coverage."""
    (coverage,) = [one for one in held if isinstance(one, Coverage)]
    presences = [one for one in held if isinstance(one, Presence)]
    assert len({one.learner for one in presences}) == len(presences) == LEARNERS
    for one in presences:  # a sighting a second, on a busy PC every few
        assert abs(one.start - coverage.start) <= 10_000 and abs(one.end - coverage.end) <= 10_000
    return coverage


def sends_media(root: int) -> bool:
    """Whether a process of the tree has loaded SRTP, without which nothing is sent."""
    top = psutil.Process(root)
    return any("pylibsrtp" in path for one in [top, *top.children(recursive=True)] for path in loaded(one))


def loaded(process: psutil.Process) -> list[str]:
    """The files that it has in memory; none once it has ended."""
    try:
        return [part.path for part in process.memory_maps()]
    except psutil.NoSuchProcess:
        return []


async def test_the_class_is_seen_while_its_attendance_is_recorded(
    server: Running, camera: Camera, tmp_path: Path
) -> None:
    peers, media = Peers(server), server.services.media
    with agent(tmp_path, server, camera.address) as process:
        await until(lambda: media.rooms(SESSION), 90)
        (room,) = media.rooms(SESSION)
        viewer = await peers.play(room, "camera")
        await viewer.until(30)
        await until(lambda: check_ins(records(server)) == LEARNERS)
        await until(lambda: server.services.pictures.get(SESSION, room, server.clock()))
        assert sends_media(process.pid)
        await asyncio.sleep(3)
    await peers.close()
    held = records(server)
    coverage = everybody_was_seen_all_the_time(held)
    (link,) = [one for one in held if isinstance(one, Link)]
    assert link.ended_by == "stopped"
    assert min(coverage.end, link.end) - max(coverage.start, link.start) >= 2_000, "at once, for the 3 s above"


async def test_where_streaming_is_off_attendance_is_recorded_and_no_media_process_starts(
    server: Running, camera: Camera, tmp_path: Path
) -> None:
    earlier = {one.device for one in records(server)}

    def held() -> list[AnyRecord]:
        return [one for one in records(server) if one.device not in earlier]

    with agent(tmp_path, server, camera.address, 2, streaming="enabled = false\n") as process:
        await until(lambda: check_ins(held()) == LEARNERS, 60)
        assert not sends_media(process.pid)
        assert not server.services.media.rooms(SESSION)
        parts = [one for one in psutil.Process(process.pid).children(recursive=True) if "python" in one.name()]
        assert len(parts) <= 3  # recognition, capture, Python's tracker
    everybody_was_seen_all_the_time(held())
    assert not [one for one in held() if isinstance(one, Link)]
