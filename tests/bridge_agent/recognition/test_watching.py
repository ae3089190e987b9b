"""The loop of looks at the room: a camera that goes, a PC that is too slow, a picture that is covered or frozen."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Change, Frame, Opened
from bridge_agent.capture.reader import Raw
from bridge_agent.capture.source import Device, Source, VideoFile
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError
from bridge_agent.recognition.commands import Command, OpenDesk, ShowRoom, Stop
from bridge_agent.recognition.events import (
    CaptureLost,
    Event,
    RoomPicture,
    SeatLost,
    Sighted,
    Sweep,
    Trouble,
    Unwatched,
    Watched,
)
from bridge_agent.recognition.pace import SLOWEST_MS
from bridge_agent.recognition.watcher import Watcher
from bridge_agent.recognition.watching import watching
from bridge_agent.simulated_class.classes import Seat
from bridge_agent.simulated_class.script import Dark, Frozen, Person, Script
from models.faces.detect import Face
from models.faces.encode import Floats
from models.faces.engine import FaceEngine, FaceProfile, Picture, load_engine
from models.faces.match import Gallery, Metric
from models.faces.portraits import enrol
from models.records import CoverageEnd, Zone
from tests.bridge_agent.judging import film, people

NOBODY = Gallery("none", (), np.zeros((0, 0), np.float32))


class Seeing:
    """A detector that finds nobody and takes its time, as on a slow PC: `delays` in s, the last one for ever."""

    name = "none"

    def __init__(self, *delays: float) -> None:
        self._delays = list(delays)

    def detect(self, bgr: Picture) -> list[Face]:
        time.sleep(self._delays.pop(0) if len(self._delays) > 1 else self._delays[0])
        return []


class Encoding:
    """An encoder for nobody."""

    name, length, threshold, strict_threshold, margin = "none", 8, 0.45, 0.5, 0.05
    metric: Metric = "cosine"

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        return np.zeros((len(faces), 8), np.float32)


class Camera:
    """Twenty noisy frames a second, unplugged after `lasts`."""

    opened = Opened(64, 48, None)

    def __init__(self, lasts: int = 10_000) -> None:
        self._lasts = lasts

    def frames(self) -> Iterator[Raw]:
        noise = np.random.default_rng(1)
        for _ in range(self._lasts):
            time.sleep(0.05)
            picture = noise.integers(60, 200, (48, 64, 3), np.uint8)
            yield Raw(boot_ms(), picture[..., 0], lambda picture=picture: picture)  # type: ignore[misc]
        raise CaptureLostError("Camera của phòng đã bị thay.", "Another camera is in its place.")

    def close(self) -> None:
        pass


def steady(source: Source) -> Camera:
    return Camera()


def unplugged(source: Source) -> Camera:
    return Camera(lasts=30)


def seen_through(
    capture: Capture, engine: FaceEngine, sweep_ms: int, enough: Callable[[list[Event]], bool]
) -> list[Event]:
    """Events of the loop until they are enough."""
    capture.open()
    events: list[Event] = []

    def ask(wait_s: float) -> Command | None:
        time.sleep(wait_s)
        return Stop() if enough(events) else None

    for event in watching(capture, engine, NOBODY, sweep_ms=sweep_ms, ask=ask):
        events.append(event)  # `ask` looks at what has come so far
    return events


def came_back(events: list[Event]) -> bool:
    lost = [n for n, event in enumerate(events) if isinstance(event, Unwatched)]
    return bool(lost) and any(isinstance(event, Watched) for event in events[lost[0] :])


def slow_and_quick_again(events: list[Event]) -> bool:
    pace = [event.sweep_ms for event in events if isinstance(event, Sweep)]
    return bool(pace) and pace[-1] < max(pace)


@pytest.mark.alone
def test_an_unplugged_camera_closes_coverage_at_its_last_frame_says_why_and_comes_back() -> None:
    with Capture(Device(0), Pace(200, newest=True, real_time=False), reader=unplugged) as capture:
        events = seen_through(capture, FaceEngine(Seeing(0), Encoding()), 200, came_back)
    gone = next(n for n, event in enumerate(events) if isinstance(event, Unwatched))
    lost = events[gone]
    assert isinstance(lost, Unwatched)
    assert lost.ended_by == "camera_gone"
    assert lost.at == max(event.at for event in events[:gone] if isinstance(event, Watched))
    told = [event.en for event in events[gone:] if isinstance(event, Trouble) and not event.passed]
    assert "Another camera is in its place." in told
    assert came_back(events)


@pytest.mark.alone
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_capture_process_that_is_lost_and_back_at_once_is_told_each_time_and_closes_coverage() -> None:
    with Capture(Device(0), Pace(200, newest=True, real_time=False), reader=steady) as capture:

        def killed_once(events: list[Event]) -> bool:
            watched = [event for event in events if isinstance(event, Watched)]
            if len(watched) == 5 and capture.pid is not None and not any(isinstance(e, Unwatched) for e in events):
                os.kill(capture.pid, signal.SIGKILL)
                time.sleep(0.1)
            return came_back(events)

        events = seen_through(capture, FaceEngine(Seeing(0), Encoding()), 1_000, killed_once)
    assert [event.lost_by for event in events if isinstance(event, CaptureLost)] == ["ended"]
    assert next(event.ended_by for event in events if isinstance(event, Unwatched)) == "camera_gone"
    assert any(event.passed for event in events if isinstance(event, Trouble) and event.name == "camera_gone")


def test_a_desk_without_yunet_tells_the_technician_what_to_fetch_and_not_the_learners() -> None:
    engine = FaceEngine(Seeing(0), Encoding())
    said: list[Command] = [OpenDesk("check_in"), Stop()]
    with Capture(Device(0), Pace(200, newest=True, real_time=False), reader=steady) as capture:
        capture.open()
        events = list(watching(capture, engine, NOBODY, sweep_ms=200, ask=lambda wait_s: said.pop(0)))
    (trouble,) = [event for event in events if isinstance(event, Trouble)]
    assert trouble.name == "no_yunet"
    assert "weights fetch" in trouble.vi and "weights fetch" in trouble.en


def test_a_picture_of_the_room_is_given_once_for_each_wish() -> None:
    wishes: list[Command | None] = [None, ShowRoom(), None, None]
    with Capture(Device(0), Pace(200, newest=True, real_time=False), reader=steady) as capture:
        capture.open()
        events: list[Event] = []

        def ask(wait_s: float) -> Command | None:
            if isinstance(wish := wishes.pop(0) if wishes else None, ShowRoom):
                return wish
            time.sleep(wait_s)
            return Stop() if not wishes and len([one for one in events if isinstance(one, Sweep)]) >= 4 else None

        for event in watching(capture, FaceEngine(Seeing(0), Encoding()), NOBODY, sweep_ms=200, ask=ask):
            events.append(event)
    (given,) = [event for event in events if isinstance(event, RoomPicture)]
    watched = [event.at for event in events if isinstance(event, Watched)]
    assert given.at in watched and given.jpeg.startswith(b"\xff\xd8")


@pytest.mark.alone
def test_on_a_slow_pc_the_room_is_looked_at_less_often_and_more_often_again_when_there_is_time() -> None:
    slow, quick = [0.6] * 6, [0.0]
    with Capture(Device(0), Pace(200, newest=True, real_time=False), reader=steady) as capture:
        events = seen_through(capture, FaceEngine(Seeing(*slow, *quick), Encoding()), 200, slow_and_quick_again)
    told = [event.sweep_ms for event in events if isinstance(event, Sweep)]
    assert told[0] == 200
    assert 200 < max(told) <= SLOWEST_MS
    assert told[-1] < max(told)
    assert not any(isinstance(event, Unwatched) and event.ended_by != "stopped" for event in events)


@pytest.mark.parametrize(("sweep_ms", "pause_ms", "watched"), [
    (1_000, 4_500, True),
    (1_000, 7_000, False),
    (SLOWEST_MS, 7_000, True),  # one look that a slow PC leaves out
    (SLOWEST_MS, 9_500, False),
])  # fmt: skip
def test_a_pc_that_stands_still_did_not_watch_although_its_camera_went_on(
    sweep_ms: int, pause_ms: int, watched: bool
) -> None:
    """Recognition alone was stopped, or swapped out: capture has all frames of the pause, and nobody looked at them."""
    watcher = Watcher(FaceEngine(Seeing(0), Encoding()), NOBODY, sensor=True, gone="suspended")
    watcher.set_pace(sweep_ms)
    noise = np.random.default_rng(1)
    told: list[Event] = []
    stops = 10 * sweep_ms
    before = 0
    for at in (*range(sweep_ms, stops + 1, sweep_ms), *range(stops + pause_ms, stops + 20_000, sweep_ms)):
        changes = tuple(Change(moment, 9.0, 20.0, 120.0) for moment in range(before + 100, at + 1, 100))
        told += watcher.frame(Frame(at, at // 100, noise.integers(60, 200, (48, 64, 3), np.uint8), changes))
        before = at
    lost = [(event.at, event.ended_by) for event in told if isinstance(event, Unwatched)]
    assert lost == ([] if watched else [(stops, "suspended")])
    assert any(isinstance(event, Watched) and event.at >= stops + pause_ms for event in told)


@pytest.mark.timeout(180)
@pytest.mark.usefixtures("weights")
def test_coverage_closes_within_five_seconds_when_the_camera_is_covered_or_frozen(shared: Path, tmp_path: Path) -> None:
    """And the learner in a seat where no face can be told is not observed from the last sighting on."""
    who = people(shared, 3, 2)
    seats = (Seat(180, 160, 80, 0), Seat(460, 160, 80, 0))
    cast = tuple(
        Person(one.name, one.shown, (seat.x, seat.y), seat.width, ((0, 40),))
        for one, seat in zip(who, seats, strict=True)
    )
    script = Script(40, cast, (Dark(10, 18, brightness=0.0), Frozen(28, 36)), 640, 360, fps=4)
    video = film(script, tmp_path / "room.mp4")
    engine = load_engine(FaceProfile(threads=1))
    gallery, _ = enrol({one.name: one.enrol for one in who}, engine)
    right_half = (Zone(0.5, 0.0, 0.5, 1.0),)
    watcher, told = Watcher(engine, gallery, sensor=False, zones=right_half), list[tuple[int, Event]]()
    with Capture(VideoFile(video), Pace(1000, newest=False, real_time=False)) as capture:
        capture.open()
        while isinstance(got := capture.next(), Frame):
            told += [(got.at, event) for event in watcher.frame(got)]
    closed = [(at, event) for at, event in told if isinstance(event, Unwatched)]
    wanted: list[tuple[CoverageEnd, int]] = [("dark", 10_000), ("frozen", 28_000)]
    assert [event.ended_by for _, event in closed] == [cause for cause, _ in wanted]
    for (at, event), (_, began) in zip(closed, wanted, strict=True):
        assert abs(event.at - began) <= 1000
        assert at - began <= 5000
    lost = [event for _, event in told if isinstance(event, SeatLost)]
    assert {event.learner for event in lost} == {who[0].name}  # the other one sits where faces can be told
    for seat, (_, event) in zip(lost, closed, strict=True):
        assert event.at - 2000 <= seat.at <= event.at
    for cause in (10_000, 28_000):
        inside = [e for _, e in told if isinstance(e, Sighted) and cause + 1000 < e.at < cause + 7000]
        assert inside == []
    counted = [event for _, event in told if isinstance(event, Sweep) and event.faces]
    assert max(event.known for event in counted) == 2
