"""What the room's stream costs the agent at 720p15: encoding and sending, to a real server's relay.

Counted: the streaming process (taking packets from capture, RTP, SRTP, reports), and what capture's process uses more
while somebody listens than before, which is scaling and x264. Not counted: decoding the camera's pictures, which
recognition needs anyway, and the relay. The camera is a file of 1280 x 720 JPEG frames, 15 a second, in real time.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import psutil

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.outlet import MeetingPlace, StreamSettings
from bridge_agent.capture.source import VideoFile
from bridge_agent.streaming.messages import Pass, StreamAssignment, StreamCommand, StreamEvent, StreamState, WantPass
from bridge_agent.streaming.start import publish
from models.child_process import ChildProcess
from tests.benchmarks.measure import Measure
from tests.bridge_agent.composed import Composition
from tests.central_server.media.peers import SESSION, Ticking, device_at
from tests.central_server.running import running, write_course

MEASURED_S, WARM_S = 15.0, 4.0
FILM_S = 90
GOAL_CORES = 0.1


def run() -> Iterator[Measure]:
    """Cores of the whole streaming, and its parts."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", Ticking()) as server:
        server.load(write_course(Path(folder) / "course.toml"))
        film = _film(Path(folder) / "room.mkv")
        media, now = server.services.media, server.services.now()
        token = media.tokens.issue(
            f"device:{device_at(server.services, 'r1')}", SESSION, "r1", "publish", ("camera",), now
        )
        yield from asyncio.run(_measured(film, server.address, Pass(token, "r1", 600.0, ())))


def _film(path: Path) -> Path:
    """A room in which something moves, as a webcam's JPEG frames: two seconds of them, again and again."""
    shown = Composition(seconds=2, fps=15, movement="sway", noise=2.0, size=(1280, 720)).frames()
    jpegs = [cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() for one in shown]
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=15)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuvj420p"
        for number in range(FILM_S * 15):
            packet = av.Packet(jpegs[number % len(jpegs)])
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 15), True
            packet.pts = packet.dts = number
            container.mux(packet)
    return path


async def _measured(film: Path, address: str, leave: Pass) -> list[Measure]:
    place, over = MeetingPlace(), threading.Event()
    out = place.out(StreamSettings())

    def watch() -> None:
        with Capture(VideoFile(film), Pace(1000, newest=True, real_time=True), stream=out) as capture:
            capture.open()
            pid.append(capture.pid or 0)
            while not over.is_set():
                capture.newest(500)
                over.wait(0.5)

    pid: list[int] = []
    watching = threading.Thread(target=watch)
    watching.start()
    while not pid:  # noqa: ASYNC110 - a thread opens it
        await asyncio.sleep(0.1)
    capture = psutil.Process(pid[0])
    await asyncio.sleep(WARM_S)
    alone = await _cores(capture)
    process: ChildProcess[StreamEvent, StreamCommand] = ChildProcess(
        "streaming", publish, StreamAssignment(address, SESSION, out)
    )
    state: StreamState | None = None
    states: list[StreamState] = []
    began = time.monotonic()
    while state is None or not state.up:
        event = await process.event(60)
        if isinstance(event, WantPass):
            process.tell(leave)
        if isinstance(event, StreamState):
            state = event
        assert event is not None and time.monotonic() - began < 180, "the stream does not come up"
    await asyncio.sleep(WARM_S)
    both = await asyncio.gather(_cores(capture), _cores(psutil.Process(process.pid)))
    with contextlib.suppress(TimeoutError):
        while True:
            if isinstance(event := await process.event(0.01), StreamState):
                states.append(event)
    over.set()
    await asyncio.to_thread(process.kill)
    await asyncio.to_thread(watching.join)
    place.close()
    encoding, sending = max(0.0, both[0] - alone), both[1]
    whole, rates = encoding + sending, [one.kbit_s for one in states]
    name = "agent's stream at 720p15"
    return [
        Measure(f"{name}: encoding and sending", whole, "cores", goal=GOAL_CORES, ok=whole <= GOAL_CORES),
        Measure(f"{name}: encoding (in capture)", encoding, "cores"),
        Measure(f"{name}: sending (a process of its own)", sending, "cores"),
        Measure(f"{name}: decoding for recognition, not counted", alone, "cores"),
        Measure(f"{name}: sent", sum(rates) / max(1, len(rates)), "kbit/s"),
        Measure(f"{name}: frames", sum(one.fps for one in states) / max(1, len(states)), "frames/s"),
    ]


async def _cores(process: psutil.Process) -> float:
    """Processor seconds a second, over MEASURED_S."""
    began, before = time.monotonic(), process.cpu_times()
    await asyncio.sleep(MEASURED_S)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return used / (time.monotonic() - began)
