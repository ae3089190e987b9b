"""Composed rooms without faces: textured heads on a wall, with noise, movement, freezes; and real encodings of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Movement = Literal["none", "sway", "tremble"]
HEADS = 6


@dataclass(frozen=True)
class Composition:
    """A room: `seconds` long, `frozen` from when to when, `present(t)` the numbers (0 to 5) of the heads in view."""

    seconds: float = 30.0
    fps: int = 10
    noise: float = 0.0
    movement: Movement = "none"
    frozen: tuple[float, float] | None = None
    present: Callable[[float], Iterable[int]] = lambda t: range(HEADS)
    light: Callable[[float], float] = lambda t: 1.0
    size: tuple[int, int] = (480, 270)
    each: int = 1
    """Every picture comes this many times, as when a slow camera is recorded fast."""

    def frames(self) -> Iterator[Picture]:
        """All frames."""
        rng = np.random.default_rng(1)
        width, height = self.size
        wall = np.clip(cv2.GaussianBlur(rng.normal(150, 40, (height, width, 3)), (0, 0), 3), 0, 255).astype(np.uint8)
        texture = cv2.GaussianBlur(rng.uniform(0, 255, (HEADS, 80, 80, 3)).reshape(-1, 80, 3), (0, 0), 2.5)
        heads = np.clip((texture - 127) * 4 + 127, 0, 255).astype(np.uint8).reshape(HEADS, 80, 80, 3)
        grain = rng.normal(0, 1, (5, height, width, 3)).astype(np.float32)
        last: Picture | None = None
        for number in range(round(self.seconds * self.fps)):
            t = number / self.fps
            stuck = self.frozen is not None and self.frozen[0] <= t < self.frozen[1]
            if last is None or not (stuck or number % self.each):
                picture = wall.copy()
                for head in self.present(t):
                    x, y = 30 + (head % 3) * 150, 30 + (head // 3) * 130
                    if self.movement == "sway":
                        x += round(3 * math.sin(0.9 * t + head))
                        y += round(2 * math.sin(0.7 * t + 2 * head))
                    elif self.movement == "tremble":
                        x, y = x + int(rng.integers(-1, 2)), y + int(rng.integers(-1, 2))
                    picture[y : y + 80, x : x + 80] = heads[head]
                lit = picture * self.light(t) + (self.noise * grain[number % 5] if self.noise else 0)
                last = np.clip(lit, 0, 255).astype(np.uint8)
            yield last


def write(path: Path, frames: Iterable[Picture], fps: float, codec: str = "libx264", **options: str) -> Path:
    """Encode frames. `codec`: one of FFmpeg's, or cv2:FOURCC for OpenCV's writer. Returns the path."""
    if codec.startswith("cv2:"):
        writer: cv2.VideoWriter | None = None
        for frame in frames:
            if writer is None:
                size = (frame.shape[1], frame.shape[0])
                writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec[4:]), fps, size)
            writer.write(frame)
        assert writer is not None
        writer.release()
        return path
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=round(fps))
        assert isinstance(stream, av.VideoStream)
        stream.pix_fmt = "yuv420p"
        stream.options = dict(options)
        for number, frame in enumerate(frames):
            if number == 0:
                stream.height, stream.width = frame.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        container.mux(stream.encode(None))
    return path
