"""What `bridge-agent doctor` measures, each within a few seconds: this PC with the real networks and encoder, its disk,
and its line to the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import httpx
import msgspec

from bridge_agent.config import FacesConfig
from bridge_agent.errors import AgentError
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock
from bridge_agent.support.udp import Ways, ways

ROOM: Final = (1920, 1080)
FACES: Final = 16
STREAM: Final = (1280, 720, 15, 1200)
"""What the agent streams by default: px, px, frames/s, kbit/s."""
FSYNCS: Final = 40
UPLOADS: Final = 8
PIECE: Final = 256 * 1024
"""Bytes of one request that measures the line; the server takes half a megabyte at once."""


class FaceSpeed(msgspec.Struct, frozen=True):
    """Milliseconds to find faces in a full HD picture, and to encode one face; with so many threads."""

    detector: str
    encoder: str
    detect_ms: float
    encode_ms: float
    threads: int


class LineSpeed(msgspec.Struct, frozen=True):
    """The way to the server. None: not measured."""

    away: tuple[str, str] | None = None
    """Why the server can't be asked, in both languages."""
    round_trip_ms: float | None = None
    offset_ms: int | None = None
    """Server's clock minus this PC's."""
    upload_kbit_s: float | None = None
    whip: bool | None = None
    """The address for the room's stream answers."""
    ways: Ways | None = None
    """Picture and sound: over UDP, or another way."""
    spared: bool = False
    """The upload rate was not measured, as a session is recorded that needs the line."""


def face_speed(faces: FacesConfig, seconds: float) -> FaceSpeed:
    """Load the networks that the settings choose, and run them. Raises WeightsError."""
    import numpy as np

    from models.faces.detect import Face
    from models.faces.engine import FaceProfile, load_engine

    engine = load_engine(FaceProfile(faces.detector, faces.encoder, faces.threads, faces.smallest_face))
    width, height = ROOM
    # Noise: the networks' time does not depend on what they see.
    picture = np.random.default_rng(1).integers(0, 255, (height, width, 3), dtype=np.uint8)
    eyes_nose_mouth = np.array([[30, 40], [66, 40], [48, 60], [34, 78], [62, 78]], np.float32)
    found = [
        Face((x, y, 96.0, 96.0), eyes_nose_mouth + np.array([x, y], np.float32), 0.9)
        for x, y in ((100.0 + 220 * (n % 8), 200.0 + 400 * (n // 8)) for n in range(FACES))
    ]
    detect = _median_ms(lambda: engine.detect(picture), seconds / 2)
    encode = _median_ms(lambda: engine.encode(picture, found), seconds / 2)
    return FaceSpeed(engine.detector.name, engine.encoder.name, detect, encode / FACES, faces.threads)


def stream_speed(seconds: float) -> float:
    """Frames a second that x264 encodes of the agent's usual stream on one core, from full HD."""
    import numpy as np
    from av.video.frame import VideoFrame

    from bridge_agent.capture.encode import H264Encoder
    from bridge_agent.capture.outlet import StreamSettings

    width, height, fps, kbit_s = STREAM
    encoder = H264Encoder(StreamSettings(width, height, fps, kbit_s), ROOM)
    rng = np.random.default_rng(2)
    still = np.repeat(np.repeat(rng.integers(40, 200, (135, 240, 3), dtype=np.uint8), 8, 0), 8, 1)
    frames = []
    for shift in range(8):  # a part of the picture moves, as people do
        moved = still.copy()
        moved[300:800, 400:1500] = np.roll(still[300:800, 400:1500], 9 * shift, 1)
        frames.append(VideoFrame.from_ndarray(moved, format="bgr24").reformat(format="yuv420p"))
    count, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds or count < 10:
        encoder.encode(frames[count % len(frames)], count * 1000 // fps)
        count += 1
    return count / passed if passed else 0.0


def fsync_ms(folder: Path, seconds: float) -> float:
    """How long a small write takes until it is on the disk, at p95. Raises OSError."""
    path, times = folder / f"doctor-{os.getpid()}.tmp", []
    ends = time.perf_counter() + seconds
    try:
        with path.open("wb", buffering=0) as file:
            for _ in range(FSYNCS):
                began = time.perf_counter()
                file.write(bytes(4096))
                os.fsync(file.fileno())
                times.append((time.perf_counter() - began) * 1000)
                if time.perf_counter() > ends:
                    break
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
    return sorted(times)[int(len(times) * 0.95)] if len(times) > 1 else times[0]


LineStep = Literal["server", "upload", "media"]
"""What is being measured: in this order."""


async def line_speed(
    server: Server,
    clock: ServerClock,
    seconds: float,
    began: Callable[[LineStep], object] = lambda step: None,
    *,
    spare: bool = False,
) -> LineSpeed:
    """Round trip, clock, upload rate (spare: without), and by which ways the room's stream can go.

    began: is told what is measured now.
    """
    trips = []
    began("server")
    try:
        for _ in range(5):
            asked = time.perf_counter()
            await server.measure_clock()
            trips.append((time.perf_counter() - asked) * 1000)
    except AgentError as error:
        return LineSpeed(away=(error.vi, error.en))
    trip = statistics.median(trips)
    upload: float | None = None
    away: tuple[str, str] | None = None
    if not spare:
        began("upload")
        try:
            upload = await _upload(server, trip, seconds)
        except AgentError as error:
            away = error.vi, error.en
    began("media")
    whip, found = await asyncio.gather(stream_answers(server.url), ways(server))
    return LineSpeed(away, trip, clock.sample().offset, upload, whip, found, spare)


async def _upload(server: Server, trip_ms: float, seconds: float) -> float:
    """kbit/s: the best of some requests, which grow while they are quick; one that is held up says nothing."""
    size, best, ends = 16 * 1024, 0.0, time.perf_counter() + seconds
    for _ in range(UPLOADS):
        began = time.perf_counter()
        answer = await server.try_line(os.urandom(size))
        took = time.perf_counter() - began
        best = max(best, answer.bytes * 8 / 1000 / max(1e-3, took - trip_ms / 1000))
        if time.perf_counter() > ends:
            break
        if took < 1.0:
            size = min(PIECE, size * 4)
    return best


async def stream_answers(url: str) -> bool:
    """Whether the address for the room's stream answers."""
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            got = await client.options(f"{url}/media/whip/doctor/doctor/camera")
    except httpx.HTTPError:
        return False
    return got.status_code == 204 and "application/sdp" in got.headers.get("accept-post", "")


def _median_ms(work: Callable[[], object], seconds: float) -> float:
    """Median time of one call, ms, after one that is not counted; three calls at least."""
    work()
    times: list[float] = []
    ends = time.perf_counter() + seconds
    while len(times) < 3 or (time.perf_counter() < ends and len(times) < 50):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
