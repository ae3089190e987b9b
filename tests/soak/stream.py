"""The streaming process and capture's encoder while the relay is lost again and again: published anew each time.

In real time, for media knows no other: minutes instead of hours, and in them as many losses as a bad line gives in a
day. The camera is a small film of JPEG frames, 15 a second; server and relay are real.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import psutil

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.outlet import MeetingPlace, StreamOut, StreamSettings
from bridge_agent.capture.source import VideoFile
from bridge_agent.errors import SourceError
from bridge_agent.streaming.messages import Pass, StreamAssignment, StreamCommand, StreamEvent, StreamState, WantPass
from bridge_agent.streaming.start import publish
from central_server.media.media import Media
from models.child_process import ChildProcess
from tests.bridge_agent.composed import Composition
from tests.central_server.media.peers import SESSION, Ticking, device_at
from tests.central_server.running import running, write_course
from tests.soak.gauge import Sample, read

WHOLE_S: Final = 480.0
SIZE: Final = (640, 360)
FPS: Final = 15
UP_S: Final = 4.0
"""So long the stream is left alone when it is up; then the relay is killed."""
PATIENCE_S: Final = 120.0
LEAST: Final = 0.02
"""Republished so often a second at least, or it was no soak."""


def streamed(folder: Path, seconds: float = WHOLE_S, every_s: float = 5.0) -> Iterator[Sample]:
    """Samples of the streaming process and of capture. Raises RuntimeError when it was hardly ever published anew."""
    with running(folder / "server", Ticking()) as server:
        server.load(write_course(folder / "course.toml"))
        film, media, now = _film(folder / "room.mkv", seconds + 60), server.services.media, server.services.now()
        device = f"device:{device_at(server.services, 'r1')}"
        token = media.tokens.issue(device, SESSION, "r1", "publish", ("camera",), now)
        place = MeetingPlace()
        out = place.out(StreamSettings(*SIZE, FPS, 300))
        found: list[Sample] = []
        with _watching(film, out) as capture:
            assignment = StreamAssignment(server.address, SESSION, out)
            up = asyncio.run(
                _publish(assignment, Pass(token, "r1", 3_600.0, ()), media, capture, seconds, every_s, found)
            )
        place.close()
    if up < seconds * LEAST:
        raise RuntimeError(f"the stream was up {up} times only")
    print(f"# stream: published {up} times in {seconds:.0f} s", flush=True)
    yield from found


@contextlib.contextmanager
def _watching(film: Path, out: StreamOut) -> Iterator[psutil.Process]:
    """Capture plays the film in real time, as recognition has it do."""
    over, started = threading.Event(), threading.Event()
    pid: list[int] = []

    def watch() -> None:
        while not over.is_set():
            with (
                contextlib.suppress(SourceError),  # a busy PC opens it too late: again
                Capture(VideoFile(film), Pace(1000, newest=True, real_time=True), stream=out) as capture,
            ):
                capture.open()
                pid.append(capture.pid or 0)
                started.set()
                while not over.is_set():
                    capture.newest(500)
                    over.wait(0.5)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        if not started.wait(PATIENCE_S):
            raise RuntimeError("the film can't be opened")
        yield psutil.Process(pid[0])
    finally:
        over.set()
        thread.join()


async def _publish(
    assignment: StreamAssignment,
    leave: Pass,
    media: Media,
    capture: psutil.Process,
    seconds: float,
    every_s: float,
    found: list[Sample],
) -> int:
    """Publish, kill the relay when the stream has been up for a while, and so on; how often it came up."""
    process: ChildProcess[StreamEvent, StreamCommand] = ChildProcess("streaming", publish, assignment)
    began, sampled, up_since, count = time.monotonic(), 0.0, 0.0, 0
    try:
        while (now := time.monotonic()) - began < seconds:
            match await process.event(PATIENCE_S):
                case WantPass():
                    process.tell(leave)
                case StreamState(up=True):
                    if not up_since:
                        up_since, count = now, count + 1
                    elif now - up_since > UP_S and media.relay_pid is not None:
                        os.kill(media.relay_pid, signal.SIGKILL)
                        up_since = now + seconds  # not again before it was seen to be down
                case StreamState(up=False):
                    up_since = 0.0
                case None:
                    raise RuntimeError(f"the streaming process ended: {await process.exit_code()}")
            if now - began - sampled >= every_s:
                sampled = now - began
                for name, one in (("streaming", psutil.Process(process.pid)), ("capture that encodes", capture)):
                    found.append(read(one, name, sampled))
    finally:
        await asyncio.to_thread(process.kill)
    return count


def _film(path: Path, seconds: float) -> Path:
    """A room in which something moves: two seconds of it, again and again."""
    shown = Composition(seconds=2, fps=FPS, movement="sway", noise=2.0, size=SIZE).frames()
    jpegs = [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes() for one in shown]
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuvj420p"
        for number in range(int(seconds * FPS)):
            packet = av.Packet(jpegs[number % len(jpegs)])
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, FPS), True
            packet.pts = packet.dts = number
            container.mux(packet)
    return path
