"""The capture process as it is: real processes, real files, real signals."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame, Opened, SourceOver
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import Device, Source, Stream, VideoFile
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError, SourceError
from tests.bridge_agent.composed import Composition, write

pytestmark = pytest.mark.alone

EACH = Pace(1000, newest=False, real_time=False)
NEWEST = Pace(1000, newest=True, real_time=False)
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


class Camera:
    """A camera that is a whole small implementation: 20 frames a second, for as long as it is watched."""

    opened = Opened(64, 48, None)

    def frames(self) -> Iterator[Raw]:
        number = 0
        while True:
            time.sleep(0.05)
            number += 1
            picture = np.full((48, 64, 3), number % 256, np.uint8)
            yield Raw(boot_ms(), picture[..., 0], lambda picture=picture: picture)  # type: ignore[misc]

    def close(self) -> None:
        pass


class Sticking(Camera):
    """A camera whose driver hangs after ten frames."""

    def frames(self) -> Iterator[Raw]:
        for number, raw in enumerate(super().frames()):
            if number == 10:
                time.sleep(3600)
            yield raw


class Unplugged(Camera):
    """A camera that is unplugged after ten frames."""

    def frames(self) -> Iterator[Raw]:
        for number, raw in enumerate(super().frames()):
            if number == 10:
                raise CaptureLostError("rút", "unplugged")
            yield raw


class Garbled(Camera):
    """A camera whose eleventh frame the libraries do not bear."""

    def frames(self) -> Iterator[Raw]:
        for number, raw in enumerate(super().frames()):
            if number == 10:
                cv2.cvtColor(np.empty((0, 0, 3), np.uint8), cv2.COLOR_BGR2GRAY)
            yield raw


def camera(source: Source) -> Camera:
    return Camera()


def garbled(source: Source) -> Camera:
    return Garbled()


def sticking(source: Source) -> Camera:
    return Sticking()


def unplugged(source: Source) -> Camera:
    return Unplugged()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write(tmp_path / "class.mp4", Composition(seconds=4.5, movement="sway").frames(), 10)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False


def until_frame(capture: Capture) -> Frame | None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if isinstance(got := capture.newest(500), Frame):
            return got
    return None


def test_a_file_gives_one_frame_a_second_and_its_last_one(video: Path) -> None:
    with Capture(VideoFile(video), EACH) as capture:
        assert capture.open().length_ms == 4500
        got = []
        while isinstance(item := capture.next(), Frame):
            got.append(item)
        pid = capture.pid
    assert [frame.at for frame in got] == [0, 1000, 2000, 3000, 4000, 4400]
    assert [frame.number for frame in got] == [1, 11, 21, 31, 41, 45]
    assert item == SourceOver(45, 4400)
    assert [len(frame.changes) for frame in got] == [1, 10, 10, 10, 10, 4]
    assert [change.at for change in got[1].changes] == list(range(100, 1100, 100))
    assert all(0 < change.amount < 30 for change in got[2].changes)
    assert got[3].picture.shape == (270, 480, 3)
    assert pid is not None
    assert gone(pid)


def test_a_file_in_real_time_runs_on_the_boot_clock_and_gives_only_the_newest(video: Path) -> None:
    with Capture(VideoFile(video), Pace(1000, newest=True, real_time=True)) as capture:
        capture.open()
        first = until_frame(capture)
        assert first is not None
        time.sleep(1.5)
        second = capture.newest(500)
        assert isinstance(second, Frame)
        assert second.at <= boot_ms()
        assert second.at - first.at > 1300
        assert second.number - first.number >= 13
        assert len(second.changes) == second.number - first.number
        while not isinstance(over := capture.newest(500), SourceOver):
            pass
        assert over.frames == 45


def test_a_camera_whose_pictures_break_the_libraries_is_told_and_opened_again() -> None:
    with Capture(Device(0), NEWEST, reader=garbled, silence_ms=60_000) as capture:
        capture.open()
        deadline = time.monotonic() + 60
        while capture.trouble is None and time.monotonic() < deadline:
            capture.newest(200)
        assert capture.trouble is not None
        assert capture.trouble.en.startswith("Pictures from camera 0 can't be read (error)")
        assert until_frame(capture) is not None
        assert capture.trouble is None


def test_a_missing_camera_is_told_in_a_sentence() -> None:
    with Capture(Device(99), NEWEST) as capture, pytest.raises(SourceError, match="99"):
        capture.open()


def test_an_unreadable_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "no.mp4"
    path.write_bytes(b"no video")
    with Capture(VideoFile(path), EACH) as capture, pytest.raises(SourceError, match=r"no\.mp4"):
        capture.open()


def test_a_network_camera_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = Stream(f"rtsp://127.0.0.1:{server.getsockname()[1]}/x")
        capture = Capture(source, NEWEST, open_limit_ms=2000)
        with capture, pytest.raises(SourceError, match="127"):
            capture.open()


@posix
def test_a_killed_process_is_replaced() -> None:
    with Capture(Device(0), NEWEST, reader=camera) as capture:
        capture.open()
        assert until_frame(capture)
        pid = capture.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        again = until_frame(capture)
        assert again is not None
        assert capture.pid != pid
        assert capture.trouble is None


@posix
def test_a_stopped_process_counts_as_hung_and_is_replaced() -> None:
    with Capture(Device(0), NEWEST, reader=camera, silence_ms=1000) as capture:
        capture.open()
        assert until_frame(capture)
        pid = capture.pid
        assert pid
        os.kill(pid, signal.SIGSTOP)
        stopped_at = boot_ms()
        again = until_frame(capture)
        assert again is not None
        assert again.at > stopped_at
        assert gone(pid)


def test_a_hung_driver_gives_no_stale_frame_and_is_killed() -> None:
    with Capture(Device(0), NEWEST, reader=sticking, silence_ms=1000) as capture:
        capture.open()
        newest = 0
        pids: set[int] = set()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and len(pids) < 3:
            got = capture.newest(200)
            if isinstance(got, Frame):
                assert got.at > newest
                newest = got.at
            if capture.pid:
                pids.add(capture.pid)
        assert len(pids) >= 2 and newest > 0


def test_an_unplugged_camera_says_so_and_comes_back() -> None:
    with Capture(Device(0), NEWEST, reader=unplugged) as capture:
        capture.open()
        deadline = time.monotonic() + 60
        while capture.trouble is None and time.monotonic() < deadline:
            capture.newest(200)
        assert capture.trouble is not None
        assert capture.trouble.en == "unplugged"
        assert until_frame(capture) is not None


@posix
def test_capture_ends_with_its_parent_even_when_the_driver_hangs() -> None:
    capture = Capture(Device(0), NEWEST, reader=sticking)
    capture.open()
    child = capture.pid
    assert child
    time.sleep(1)  # the driver hangs by now
    assert capture._conn is not None
    capture._conn.close()  # what the system does when we are killed
    assert gone(child)
    capture._conn = None
    capture.close()


def test_asking_from_a_thread_works_too(video: Path) -> None:
    frames: list[Frame | SourceOver] = []

    def work() -> None:
        with Capture(VideoFile(video), EACH) as capture:
            capture.open()
            frames.append(capture.next())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert isinstance(frames[0], Frame)
