"""A drawn classroom as a video: what the camera of the handbook's bridge point sees. Nobody real is in it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

WIDTH, HEIGHT = 960, 540
FPS = 2
SECONDS = 400
"""Longer than the pictures take."""
_WALL, _FLOOR, _BOARD, _TABLE = (214, 220, 222), (168, 176, 182), (96, 122, 88), (120, 150, 178)
_CLOTHES = ((120, 96, 70), (92, 110, 88), (140, 120, 100), (86, 86, 120), (110, 130, 140))
_SEATS = tuple((x, y, size) for y, size, xs in (
    (330, 24, (180, 300, 420, 540, 660, 780)), (410, 32, (140, 310, 480, 650, 820)),
) for x in xs)  # fmt: skip


def draw(second: float) -> np.ndarray:
    """The room at a moment: silhouettes at their tables, who sway a little."""
    picture = np.full((HEIGHT, WIDTH, 3), _WALL, np.uint8)
    picture[300:] = _FLOOR
    cv2.rectangle(picture, (330, 60), (630, 220), _BOARD, -1)
    cv2.rectangle(picture, (330, 60), (630, 220), (90, 100, 110), 6)
    for number, (x, y, size) in enumerate(_SEATS):
        at = x + round(2 * np.sin(second / 3 + number)), y + round(1.5 * np.sin(second / 4 + 2 * number))
        clothes = _CLOTHES[number % len(_CLOTHES)]
        cv2.ellipse(
            picture, (at[0], at[1] + 2 * size), (round(1.7 * size), round(1.5 * size)), 0, 180, 360, clothes, -1
        )
        cv2.circle(picture, at, size, (150, 170, 196), -1)
        cv2.ellipse(picture, at, (size, size), 0, 180, 360, (60, 60, 66), -1)
        cv2.rectangle(picture, (x - 62, y + 2 * size), (x + 62, y + 2 * size + 18), _TABLE, -1)
    return picture


def film(path: Path) -> None:
    """Write the video. A camera's noise is added, or the agent would take the picture for a frozen one."""
    rng = np.random.default_rng(3)
    noise = rng.normal(0, 3, (HEIGHT + 64, WIDTH + 64, 1)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(FPS), options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FPS * SECONDS):
            y, x = rng.integers(0, 64, 2)
            grain = noise[y : y + HEIGHT, x : x + WIDTH]
            picture = np.clip(draw(number / FPS).astype(np.int16) + grain, 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
