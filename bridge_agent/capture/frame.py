"""A frame as capture hands it over, and how much the pictures moved since the frame before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""BGR, height × width × 3."""
Luma = NDArray[np.uint8]
"""A frame's brightness on a coarse grid of pixels, rows × columns."""
Blocks = NDArray[np.float32]
"""Mean brightness of blocks of grid pixels, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one decoded frame differs from the one before it, on a grid of its pixels, in grey levels of 0 to 255."""

    at: int
    """ms"""
    amount: float
    """Mean absolute difference of all pixels. Exactly 0: nothing changed at all."""
    peak: float
    """The greatest difference of a block's mean brightness: a head that moves shows here, noise does not."""
    light: float
    """The frame's mean brightness."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The newest frame, with a note of all that were decoded since the frame handed over before."""

    at: int
    """ms on the source's clock."""
    number: int
    """Frames decoded so far, this one included."""
    picture: Picture
    changes: tuple[Change, ...]
    """One for every frame looked at since the frame handed over before, this one included, in order."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The source is open."""

    width: int
    height: int
    length_ms: int | None
    """A file's length, if it tells one."""


@dataclass(frozen=True, slots=True)
class SourceOver:
    """There are no more frames (end of a file): how many there were, and when the last was."""

    frames: int
    at: int | None


class ChangeMeter:
    """Compares each frame's brightness with that of the frame before. Feed it every frame, or evenly spaced ones."""

    def __init__(self) -> None:
        self._before: tuple[Luma, Blocks] | None = None

    def measure(self, luma: Luma, at: int) -> Change:
        """The change at `at`; the first frame and one of another size count as wholly changed."""
        now = luma, blocks(luma)
        before, self._before = self._before, now
        light = float(now[1].mean())
        if before is None or before[0].shape != luma.shape:
            return Change(at, 255.0, 255.0, light)
        amount = float(cv2.norm(before[0], luma, cv2.NORM_L1)) / luma.size
        return Change(at, amount, largest_difference(before[1], now[1]) if amount else 0.0, light)


def blocks(luma: Luma) -> Blocks:
    """Mean brightness of blocks of 4 x 4 grid pixels: about 16 x 16 pixels of a full HD picture."""
    size = (max(1, luma.shape[1] // 4), max(1, luma.shape[0] // 4))
    return np.asarray(cv2.resize(luma.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32)


def largest_difference(before: Blocks, now: Blocks) -> float:
    """The greatest absolute difference of two block pictures of one size; 255 when their sizes differ."""
    return float(np.abs(now - before).max()) if before.shape == now.shape else 255.0


def grid(plane: NDArray[Any], width: int, height: int) -> Luma:
    """About 100,000 to 200,000 pixels of a brightness plane (a copy), evenly spaced whatever the picture's size."""
    step = max(1, int((width * height / 130_000) ** 0.5))
    return np.ascontiguousarray(plane[:height:step, :width:step], dtype=np.uint8)
