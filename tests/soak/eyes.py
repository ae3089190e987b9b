"""Recognition and capture through eight hours of a class, as fast as the PC can: a look every two seconds.

A film of ten minutes of a small room with three learners who come and go, and a stranger, is played forty-eight times
without a break; now and then the same pictures serve the desk. Needs ../shared/pictures.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from secrets import SystemRandom
from typing import Final

import av
import msgspec
import psutil

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame
from bridge_agent.capture.simulated import locator
from bridge_agent.capture.source import parse_source
from bridge_agent.recognition.commands import OpenDesk
from bridge_agent.recognition.desk import Desk
from bridge_agent.recognition.events import Sighted, Watched
from bridge_agent.recognition.watcher import Watcher
from bridge_agent.simulated_class.classes import ordinary
from bridge_agent.simulated_class.render import Room
from bridge_agent.simulated_class.script import Script
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import enrol, read_portraits
from models.presence import Recorder
from tests.bridge_agent.judging import people, portraits
from tests.soak.gauge import Sample, read

SHARED: Final = Path(__file__).resolve().parents[3] / "shared"
LEARNERS, FILM_S, SIZE, FACES = 3, 600, (480, 270), (48.0, 54.0)
WHOLE_S: Final = 8 * 3_600
LOOK_MS: Final = 2_000
DESK_EVERY, DESK_FOR = 300, 20
"""Of so many looks so many are the desk's too."""


def possible() -> bool:
    """Whether the pictures are there."""
    return (SHARED / "pictures" / "london").is_dir()


def watched(folder: Path, seconds: float = WHOLE_S, every_s: float = 180.0) -> Iterator[Sample]:
    """Both processes' samples. Raises RuntimeError when recognition fails."""
    os.environ.setdefault("DIEMDANH_WEIGHTS", str(SHARED / "weights"))
    learners = people(SHARED, 0, LEARNERS)
    script = ordinary(learners, people(SHARED, LEARNERS, 1), seconds=FILM_S, size=SIZE, faces=FACES, fps=1)
    again = again_and_again(script, folder / "day.mkv", int(seconds))
    command = [sys.executable, "-m", "tests.soak.eyes", str(again), str(portraits(learners, folder / "portraits"))]
    process = subprocess.Popen([*command, str(every_s)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            yield msgspec.json.decode(line, type=Sample)
        if code := process.wait():
            raise RuntimeError(f"recognition ended with {code}; why stands above")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def again_and_again(script: Script, to: Path, seconds: int) -> Path:
    """A film of a frame every LOOK_MS that shows the class again and again: encoded once, its packets repeated."""
    room = Room(script, locator(load_engine(FaceProfile(threads=1)).detector))
    with av.open(str(to), "w", format="matroska") as out:
        stream = out.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.options = {"tune": "zerolatency", "crf": "20"}  # no frame refers to a later one
        packets: list[tuple[bytes, bool]] = []
        for number in range(0, room.frames, LOOK_MS // 1000):
            frame = av.VideoFrame.from_ndarray(room.frame(float(number)), format="bgr24")
            packets += [(bytes(one), one.is_keyframe) for one in stream.encode(frame)]
        for number in range(seconds * 1000 // LOOK_MS):
            content, whole = packets[number % len(packets)]
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(LOOK_MS, 1000), whole
            packet.pts = packet.dts = number
            out.mux(packet)
    return to


def main() -> int:
    """Watch the film; what the room's learners come to is kept as the agent keeps it."""
    source, folder, every_s = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    with Capture(parse_source(source), Pace(LOOK_MS, newest=False, real_time=False)) as capture:
        capture.open()
        engine = load_engine(FaceProfile("yunet", "intel", threads=1))
        gallery, problems = enrol(read_portraits(folder), engine)
        if problems:
            raise problems[0]
        watcher, recorder = Watcher(engine, gallery, sensor=False), Recorder(cut_ms=600_000)
        watcher.set_pace(LOOK_MS)
        processes = {"recognition": psutil.Process(), "capture": psutil.Process(capture.pid)}
        desk: Desk | None = None
        seen, due = 0, every_s * 1000
        while isinstance(got := capture.next(), Frame):
            for event in watcher.frame(got):
                seen += _taken(recorder, event)
            turn = got.number % DESK_EVERY
            if turn == 0:
                desk = Desk(engine, gallery, OpenDesk("check_in"), SystemRandom())
            if desk is not None:
                for _ in desk.frame(got.at, got.picture):
                    pass
            if turn == DESK_FOR:
                desk = None
            if got.at >= due:
                due += every_s * 1000
                gc.collect()
                for name, process in processes.items():
                    count = len(gc.get_objects()) if name == "recognition" else 0
                    print(msgspec.json.encode(read(process, name, got.at / 1000, count)).decode(), flush=True)
        if not seen:
            raise SystemExit("nobody was ever seen: the soak shows nothing")
    return 0


def _taken(recorder: Recorder, event: object) -> int:
    match event:
        case Watched():
            recorder.watch(event.at)
        case Sighted():
            recorder.sight(event.learner, event.at, event.score)
            return 1
        case _:
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
