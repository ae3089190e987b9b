"""A simulated class as files: the video that a camera would have made, and the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import msgspec

from bridge_agent.simulated_class.render import Locate, Room
from bridge_agent.simulated_class.script import Script, ScriptError
from bridge_agent.simulated_class.truth import truth


def write_video(
    script: Script, path: Path, locate: Locate, progress: Callable[[float], None] | None = None, *, crf: int = 20
) -> None:
    """Renders the class into an mp4 file (H.264, yuv420p), which appears only when it is complete.

    `progress` hears the part done, 0 to 1, once a second of class. The sensor's noise makes big files: 1080p at 5 fps
    with `crf` 20 takes some 0.6 MB a second of class. Raises ScriptError.
    """
    room = Room(script, locate)
    part = path.with_name(path.name + ".part")
    try:
        _encode(room, part, crf, progress or (lambda _: None))
        part.replace(path)
    except OSError as error:  # PyAV's errors of the disk are OSErrors too
        raise _unwritable(path) from error
    finally:
        part.unlink(missing_ok=True)


def write_truth(script: Script, path: Path) -> None:
    """Writes the truth as JSON: seconds, presence, strangers, observable and face_shown spans. Raises ScriptError."""
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(truth(script)), indent=2) + b"\n")
    except OSError as error:
        raise _unwritable(path) from error


def _encode(room: Room, path: Path, crf: int, progress: Callable[[float], None]) -> None:
    script = room.script
    each_second = max(1, round(script.fps))
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264",
            rate=Fraction(script.fps).limit_denominator(1001),
            options={"crf": str(crf), "preset": "veryfast"},
        )
        stream.width, stream.height, stream.pix_fmt = script.width, script.height, "yuv420p"
        for number in range(room.frames):
            picture = av.VideoFrame.from_ndarray(room.frame(number / script.fps), format="bgr24")
            container.mux(stream.encode(picture))
            if number % each_second == 0:
                progress(number / room.frames)
        container.mux(stream.encode())
    progress(1.0)


def _unwritable(path: Path) -> ScriptError:
    return ScriptError(f"Không ghi được tệp {path}.", f"The file {path} cannot be written.")
