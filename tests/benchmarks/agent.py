"""The agent in a class: a room of 30 at 1080p, looked at once a second, while its stream goes to a server's relay.

The agent's process tree as it is: a parent with the agent's own modules, recognition with 30 templates, capture with an
x264 720p15 encode, and streaming, which publishes it by WHIP to a real server's relay (not counted). The camera is a
file of full HD JPEG frames, 15 a second, in real time: so much of a USB camera's 30 is decoded (the others are passed
over undecoded). The file is rendered once, in a minute or two, and kept in the temporary folder. Left out: what the
parent writes and sends, a few records a minute.

CPU seconds a second of wall time hardly depend on what else the PC does; gaps between verifications do, and the sweep
adapts to it. Needs ../shared/pictures.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import av
import msgspec
import psutil

from bridge_agent.capture.outlet import MeetingPlace, StreamSettings
from bridge_agent.capture.simulated import locator
from bridge_agent.config import FacesConfig
from bridge_agent.eyes import Assignment
from bridge_agent.recognition.commands import HeldTemplate
from bridge_agent.recognition.events import Ended, Failed, Sighted, Sweep
from bridge_agent.simulated_class.classes import seats_for
from bridge_agent.simulated_class.render import Room
from bridge_agent.simulated_class.script import HeadTurned, Person, Script
from bridge_agent.streaming.messages import Pass, StreamAssignment, StreamState
from models.faces.encode import IntelEncoder
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import portrait_vector, read_picture
from tests.benchmarks.agents_parent import parent
from tests.benchmarks.measure import Measure
from tests.bridge_agent.judging import people
from tests.central_server.media.peers import SESSION, Ticking, device_at
from tests.central_server.running import running, write_course

SHARED = Path(__file__).resolve().parents[3] / "shared"
LEARNERS, SECONDS, FPS, SIZE = 30, 75, 15, (1920, 1080)
WARM_S, MEASURED_S = 4.0, 62.0
GOAL_CORES, GOAL_MB, GOAL_GAP_S = 0.7, 600.0, 10.0


@dataclass
class Taken:
    """What was heard while it was measured."""

    cores: float = 0.0
    memory_mb: float = 0.0
    verified: dict[str, list[int]] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    stream: list[StreamState] = field(default_factory=list)
    """As the streaming process told it, once a second."""
    seconds: float = 0.0


def run() -> Iterator[Measure]:
    """Gaps between verifications, CPU and memory of the whole tree, and the stream that came out beside."""
    if not (SHARED / "pictures" / "london").is_dir():
        print("# agent: left out, it needs ../shared/pictures", file=sys.stderr)
        return
    os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    taken = measured(_film(_script()), _templates())
    bounds = taken.sweeps[0].at, taken.sweeps[-1].at
    gaps = [
        (after - before) / 1000
        for times in taken.verified.values()
        for before, after in pairwise(sorted({bounds[0], *times, bounds[1]}))
    ]
    missing = LEARNERS - len(taken.verified)
    worst = max(gaps) if gaps and not missing else float("inf")
    name = f"agent, room of {LEARNERS} at 1080p with a 720p15 stream"
    yield Measure(f"{name}: longest gap between verifications", worst, "s", goal=GOAL_GAP_S, ok=worst <= GOAL_GAP_S)
    yield Measure(f"{name}: median gap", statistics.median(gaps), "s")
    yield Measure(f"{name}: CPU of all processes", taken.cores, "cores", goal=GOAL_CORES, ok=taken.cores <= GOAL_CORES)
    yield Measure(
        f"{name}: memory of all processes", taken.memory_mb, "MB", goal=GOAL_MB, ok=taken.memory_mb <= GOAL_MB
    )
    yield Measure(f"{name}: a look at the room", statistics.median(s.took_ms for s in taken.sweeps), "ms")
    yield Measure(f"{name}: interval between looks, median", statistics.median(s.sweep_ms for s in taken.sweeps), "ms")
    yield Measure(f"{name}: learners known at once, median", statistics.median(s.known for s in taken.sweeps), "")
    yield Measure(f"{name}: stream", statistics.mean(s.fps for s in taken.stream), "frames/s")
    yield Measure(f"{name}: stream", statistics.mean(s.kbit_s for s in taken.stream), "kbit/s")
    up = sum(s.up for s in taken.stream) / len(taken.stream)
    yield Measure(f"{name}: stream up at the relay", up * 100, "%", goal=100, ok=up == 1)


def measured(film: Path, templates: tuple[HeldTemplate, ...]) -> Taken:
    """Run the agent's tree on the film for MEASURED_S seconds, publishing to a server."""
    place, taken = MeetingPlace(), Taken()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", Ticking()) as server:
        server.load(write_course(Path(folder) / "course.toml"))
        media, now = server.services.media, server.services.now()
        leave = Pass(
            media.tokens.issue(
                f"device:{device_at(server.services, 'r1')}", SESSION, "r1", "publish", ("camera",), now
            ),
            "r1",
            600.0,
            (),
        )
        out = place.out(StreamSettings())
        faces = FacesConfig(detector="yunet", encoder="intel")
        room = Assignment(str(film), film.parent, {}, 1000, faces, templates, stream=out)
        context = multiprocessing.get_context("spawn")
        events, theirs = context.Pipe()
        assignment = StreamAssignment(server.address, SESSION, out)
        process = context.Process(target=parent, args=(theirs, room, assignment, leave))
        process.start()
        theirs.close()
        try:
            _listen(events, process, taken)
        finally:
            for one in _tree(process):
                one.kill()
            process.join()
            place.close()
    return taken


def _listen(events: Connection, process: BaseProcess, taken: Taken) -> None:
    """Hear the agent out: from WARM_S after the first look on, for MEASURED_S or until a slow PC has shown the film."""
    warm, began, used = 0.0, 0.0, dict[int, float]()
    while not began or time.monotonic() - began < MEASURED_S:
        match event := events.recv():
            case Failed():
                raise SystemExit(event.en)
            case Ended():
                break
            case Sweep():
                now = time.monotonic()
                warm = warm or now + WARM_S
                if began:
                    taken.sweeps.append(event)
                    taken.seconds = now - began
                    cpu = _cpu(process)
                    taken.cores = sum(cpu[pid] - used.get(pid, 0.0) for pid in cpu) / taken.seconds
                    taken.memory_mb = sum(_memory(one) for one in _tree(process)) / 1e6
                elif now >= warm:
                    began, used = now, _cpu(process)
            case StreamState() if began:
                taken.stream.append(event)
            # A name kept on its place alone, with the head turned, is a sighting and no verification.
            case Sighted() if began and event.score >= IntelEncoder.threshold:
                taken.verified.setdefault(event.learner, []).append(event.at)


def _tree(process: BaseProcess) -> list[psutil.Process]:
    top = psutil.Process(process.pid)
    return [top, *top.children(recursive=True)]


def _cpu(process: BaseProcess) -> dict[int, float]:
    out = {}
    for one in _tree(process):
        times = one.cpu_times()
        out[one.pid] = times.user + times.system
    return out


def _memory(process: psutil.Process) -> float:
    """Its share of memory in bytes, what several processes map counted once; where the system can't tell, all of it."""
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.rss))


def _script() -> Script:
    """Everybody sits for the whole time and now and then looks aside for some seconds, as people do."""
    seats = seats_for(LEARNERS, SIZE, (52, 110))
    cast = []
    for n, (who, seat) in enumerate(zip(people(SHARED, 0, LEARNERS), seats, strict=True)):
        aside = tuple(
            HeadTurned(start, start + 4, yaw=40.0 if n % 2 else -40.0) for start in range(5 + n % 17, SECONDS - 4, 20)
        )
        cast.append(Person(who.name, who.shown, (seat.x, seat.y), seat.width, ((0.0, SECONDS),), actions=aside))
    return Script(seconds=SECONDS, people=tuple(cast), width=SIZE[0], height=SIZE[1], fps=FPS)


def _film(script: Script) -> Path:
    """The room as full HD JPEG frames, rendered unless it lies there already."""
    folder = Path(tempfile.gettempdir()) / "diemdanh-bench"
    folder.mkdir(exist_ok=True)
    # Paths are no part of what it shows.
    plain = msgspec.json.encode(script, enc_hook=lambda path: Path(path).name)
    film = folder / f"room-{hashlib.sha256(plain).hexdigest()[:16]}.mkv"
    if film.exists():
        return film
    print(f"# agent: rendering {film}", file=sys.stderr)
    room = Room(script, locator(load_engine(FaceProfile(threads=1)).detector))
    part = film.with_suffix(".part")
    with av.open(str(part), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj422p"
        # Quality as of webcams: about 150 kB a frame.
        stream.codec_context.qmin = stream.codec_context.qmax = 4
        for number in range(room.frames):
            frame = av.VideoFrame.from_ndarray(room.frame(number / FPS), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    part.replace(film)
    return film


def _templates() -> tuple[HeldTemplate, ...]:
    engine = load_engine(FaceProfile("yunet", "intel", threads=1))
    out = []
    for who in people(SHARED, 0, LEARNERS):
        vector = portrait_vector(read_picture(who.enrol[0]), str(who.enrol[0]), engine)
        out.append(HeldTemplate(who.name, vector.astype("<f4").tobytes(), engine.encoder.name, 1))
    return tuple(out)
