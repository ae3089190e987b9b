"""The recognition process as the running agent starts it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from bridge_agent.clock import boot_ms
from bridge_agent.recognition.child import RecognitionSettings, main
from bridge_agent.recognition.commands import CloseDesk, HeldTemplate, OpenDesk, SetGallery, Stop
from bridge_agent.recognition.events import (
    DeskLook,
    Ended,
    Event,
    Failed,
    InDoubt,
    Preview,
    Ready,
    Sighted,
    Sweep,
    Trouble,
    Unwatched,
    Watched,
)
from models.child_process import Alive
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import portrait_vector, read_picture
from models.records import Zone
from tests.bridge_agent.composed import write
from tests.bridge_agent.judging import people, portraits

pytestmark = pytest.mark.alone


@contextmanager
def recognition(settings: RecognitionSettings) -> Iterator[tuple[BaseProcess, Connection]]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, settings))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        ours.close()
        process.join(60)
        if process.is_alive():
            process.kill()


def until(conn: Connection, kind: type[Event], seconds: float = 60) -> list[Event]:
    """All events up to the first of this kind, but signs of life."""
    events: list[Event] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if conn.poll(0.2):
            event = conn.recv()
            if isinstance(event, Alive):
                continue
            events.append(event)
            if isinstance(event, kind):
                return events
    raise AssertionError(f"no {kind} among {events}")


@pytest.fixture
def settings(shared: Path, tmp_path: Path, weights: Path) -> RecognitionSettings:
    """A video of eight seconds that shows one learner; a second one is in the folder but not in the roster."""
    one, other = people(shared, 0, 2)
    wall = np.full((360, 480, 3), 120, np.uint8)
    wall[40:260, 120:340] = cv2.resize(read_picture(one.shown), (220, 220))
    noise = np.random.default_rng(1)
    frames = [np.clip(wall + noise.normal(0, 4, wall.shape), 0, 255).astype(np.uint8) for _ in range(80)]
    video = write(tmp_path / "class.mp4", frames, 10)
    return RecognitionSettings(str(video), portraits([one, other], tmp_path / "p"), {one.name: "learner-1"}, 500)


@pytest.fixture
def standing(settings: RecognitionSettings, shared: Path, tmp_path: Path) -> RecognitionSettings:
    """The learner stands before the camera for half a minute and never turns: a busy PC needs that long to look."""
    wall = np.full((360, 480, 3), 120, np.uint8)
    wall[20:340, 80:400] = cv2.resize(read_picture(people(shared, 0, 2)[0].shown), (320, 320))
    noise = np.random.default_rng(1)
    frames = [np.clip(wall + noise.normal(0, 4, wall.shape), 0, 255).astype(np.uint8) for _ in range(5)] * 60
    return replace(settings, source=str(write(tmp_path / "standing.mp4", frames, 10)))


def test_a_class_in_real_time_on_the_boot_clock(settings: RecognitionSettings) -> None:
    began = boot_ms()
    with recognition(settings) as (_, conn):
        events = until(conn, Ended)
    now = boot_ms()
    assert isinstance(events[0], Ready)
    assert events[0].learners == ("learner-1",)
    sighted = [event for event in events if isinstance(event, Sighted)]
    assert {event.learner for event in sighted} == {"learner-1"}
    assert all(began < event.at <= now for event in sighted)
    assert any(isinstance(event, Sweep) and event.faces == 1 for event in events)
    unwatched = [event for event in events if isinstance(event, Unwatched)]
    assert [event.ended_by for event in unwatched] == ["stopped"]
    assert isinstance(events[-1], Ended)
    assert events[-1].frames == 80


@pytest.mark.parametrize("last", [Stop(), "what another version may send"])
def test_told_to_stop_it_ends_with_its_capture(settings: RecognitionSettings, last: object) -> None:
    with recognition(settings) as (process, conn):
        until(conn, Watched)
        assert process.pid
        children = psutil.Process(process.pid).children(recursive=True)
        conn.send(last)
        assert isinstance(until(conn, Ended)[-2], Unwatched)
        process.join(60)
        assert process.exitcode == 0
    _, alive = psutil.wait_procs(children, timeout=60)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def test_one_camera_serves_the_desk_and_the_room(standing: RecognitionSettings) -> None:
    with recognition(standing) as (_, conn):
        until(conn, Ready)
        conn.send(OpenDesk("check_in"))
        events = until(conn, Preview)
        events += until(conn, Watched)
        # Nobody in this video turns his head: it is a doubt, whichever the draw.
        events += until(conn, InDoubt)
        conn.send(CloseDesk())
        events += until(conn, Sighted)
        conn.send(Stop())
        events += until(conn, Ended)
    looks = [event for event in events if isinstance(event, DeskLook)]
    assert {"challenge"} <= {look.stage for look in looks}
    doubt = next(event for event in events if isinstance(event, InDoubt))
    assert (doubt.why, doubt.learner) == ("challenge", "learner-1")
    # The room kept its own, slower beat, and nothing of it was lost to the desk.
    assert {event.learner for event in events if isinstance(event, Sighted)} == {"learner-1"}
    assert [event.ended_by for event in events if isinstance(event, Unwatched)] == ["stopped"]
    assert sum(isinstance(event, Preview) for event in events) == len(looks)


def test_a_gallery_that_is_told_counts_for_the_desk_too(standing: RecognitionSettings) -> None:
    opposite = -np.ones(256, "<f4") / 16
    nobody = HeldTemplate("learner-1", opposite.tobytes(), "face-reidentification-retail-0095", 3)
    with recognition(standing) as (_, conn):
        until(conn, Ready)
        conn.send(SetGallery((nobody,)))
        conn.send(OpenDesk("check_in"))
        doubt = until(conn, InDoubt)[-1]
    assert isinstance(doubt, InDoubt)
    assert doubt.why == "unknown"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_killed_it_takes_capture_along(settings: RecognitionSettings) -> None:
    with recognition(settings) as (process, conn):
        until(conn, Watched)
        assert process.pid
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        os.kill(process.pid, signal.SIGKILL)
        process.join(60)
        _, alive = psutil.wait_procs(children, timeout=60)
        assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_capture_killed_closes_coverage(settings: RecognitionSettings) -> None:
    with recognition(settings) as (process, conn):
        until(conn, Sighted)
        assert process.pid
        capture = next(c for c in psutil.Process(process.pid).children() if "spawn_main" in " ".join(c.cmdline()))
        killed_at = boot_ms()
        capture.kill()
        events = until(conn, Trouble)
    gone = next(event for event in events if isinstance(event, Unwatched))
    assert gone.ended_by == "camera_gone"
    assert gone.at <= killed_at


def test_a_missing_camera_is_one_failed_event(settings: RecognitionSettings) -> None:
    absent = RecognitionSettings("99", settings.portraits, settings.roster)
    with recognition(absent) as (process, conn):
        events = until(conn, Failed)
        process.join(60)
        assert process.exitcode == 0
    assert len(events) == 1


def test_a_bad_portrait_costs_only_its_own_learner(settings: RecognitionSettings) -> None:
    (settings.portraits / "broken.jpg").write_bytes(b"no picture")
    roster = {**settings.roster, "broken": "learner-2"}
    with recognition(RecognitionSettings(settings.source, settings.portraits, roster, 500)) as (_, conn):
        events = until(conn, Ready)
    trouble = [event for event in events if isinstance(event, Trouble)]
    assert [event.name for event in trouble] == ["portraits"]
    assert "broken.jpg" in trouble[0].en
    assert isinstance(events[-1], Ready)
    assert events[-1].learners == ("learner-1",)


def test_templates_do_without_portraits_and_those_of_another_encoder_are_told(
    settings: RecognitionSettings, shared: Path
) -> None:
    one = people(shared, 0, 1)[0]
    engine = load_engine(FaceProfile(threads=1))
    vector = portrait_vector(read_picture(one.enrol[0]), "portrait", engine).astype("<f4").tobytes()
    templates = (HeldTemplate("learner-1", vector, engine.encoder.name, 1), HeldTemplate("learner-2", b"", "other", 1))
    zones = (Zone(0.0, 0.0, 1.0, 0.9),)
    known = RecognitionSettings(settings.source, settings.portraits / "none", {}, 500, templates=templates, zones=zones)
    with recognition(known) as (_, conn):
        events = until(conn, Sighted)
    assert [event.name for event in events if isinstance(event, Trouble)] == ["templates"]
    ready = next(event for event in events if isinstance(event, Ready))
    assert (ready.learners, ready.zones) == (("learner-1",), zones)
    assert isinstance(events[-1], Sighted)
    assert events[-1].learner == "learner-1"
