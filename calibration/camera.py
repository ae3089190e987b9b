"""The room's camera, measured on its own pictures: sharpness, light, flicker, noise, and how wide faces are where.

Pure: BGR pictures (h, w, 3) and the boxes of the faces in them come in; measures, zones and advice come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from calibration.camera_advice import DIM, GLARE, SHARP, advise
from calibration.profile import CameraPart, ZoneMeasured
from models.record_kinds import Zone

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]

COLUMNS, ROWS = 4, 3
IDENTIFY_PX: Final = 48
"""Narrower faces are not identified by a single look (bridge_agent.recognition.identity)."""
_STRIPS, _LINES = 8, 120
_FACE: Final = (48, 64)
"""Faces are made this size (width, height) before their sharpness is measured, so that near and far ones compare."""
_MAD: Final = 0.6745
_DARKEST: Final = 40.0
"""Stripes are measured against at least this brightness: in a dark picture everything is large."""


@dataclass(frozen=True, slots=True)
class _FaceSeen:
    column: int
    row: int
    width: float
    sharpness: float
    light: float


class CameraMeter:
    """Takes in pictures in the order they were taken, all of one size; `part` tells what they say."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._size = (0, 0)
        self._before: Picture | None = None
        self._bands: list[Floats] = []
        self._noise: list[float] = []
        self._histogram = np.zeros(256, np.int64)
        self._zone_light = np.zeros((ROWS, COLUMNS))
        self._zone_sharpness: list[Floats] = []
        self._faces: list[_FaceSeen] = []
        self._frames = 0

    def add(self, picture: Picture, faces: Sequence[Box]) -> None:
        """One picture and the boxes (x, y, width, height, px) of the faces in it; another size starts anew."""
        gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        if gray.shape != self._size and self._frames:
            self._begin()  # what was measured belongs to another mode of the camera
        self._size = gray.shape[0], gray.shape[1]
        self._frames += 1
        self._histogram += np.bincount(gray[::2, ::2].ravel(), minlength=256)
        if self._before is not None:
            self._noise.append(noise(self._before, gray))
            self._bands.append(bands(gray) - bands(self._before))
        self._before = gray
        self._zone_light += cv2.resize(gray, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
        height, width = gray.shape
        still = float(np.median(self._noise)) if self._noise else 0.0
        for x, y, w, h in faces:
            crop = gray[max(0, int(y)) : int(y + h), max(0, int(x)) : int(x + w)]
            if min(crop.shape) >= 8:
                column = min(COLUMNS - 1, max(0, int((x + w / 2) / width * COLUMNS)))
                row = min(ROWS - 1, max(0, int((y + h / 2) / height * ROWS)))
                self._faces.append(_FaceSeen(column, row, w, sharpness(crop, still), float(crop.mean())))

    def part(self, made_at: int, device: str, fps: float) -> CameraPart:
        """What was measured, with advice. Raises ValueError when no picture came."""
        if not self._frames:
            raise ValueError("no picture")
        levels = np.arange(256)
        total = self._histogram.sum()
        zones = self._zones()
        light = float((self._histogram * levels).sum() / total)
        part = CameraPart(
            made_at=made_at, device=device, width=self._size[1], height=self._size[0], fps=round(fps, 1),
            frames=self._frames,
            sharpness=round(float(np.median([f.sharpness for f in self._faces])), 3) if self._faces else 0.0,
            light=round(light, 1),
            dark_share=round(float(self._histogram[:16].sum() / total), 4),
            bright_share=round(float(self._histogram[250:].sum() / total), 4),
            flicker=round(self._flicker(light), 4),
            noise=round(float(np.median(self._noise)), 2) if self._noise else 0.0,
            zones=zones, advice=(),
        )  # fmt: skip
        return advise(part, len(self._faces) / self._frames)

    def _flicker(self, light: float) -> float:
        """How much the lines' brightness jumps from picture to picture in stripes, as a part of the brightness."""
        if not self._bands:
            return 0.0
        # the median over time: a cut, or a camera that was touched, is no flicker
        return float(np.median(np.sqrt(np.mean(np.square(self._bands), axis=1)))) / max(light, _DARKEST)

    def _zones(self) -> tuple[ZoneMeasured, ...]:
        light = self._zone_light / self._frames
        zones = []
        for row in range(ROWS):
            for column in range(COLUMNS):
                here = [face for face in self._faces if (face.row, face.column) == (row, column)]
                beside = here or [face for face in self._faces if face.row == row]
                px = float(np.median([face.width for face in beside])) if beside else None
                sharp = float(np.median([face.sharpness for face in beside])) if beside else 0.0
                lit = float(np.median([face.light for face in here])) if here else float(light[row, column])
                zones.append(
                    ZoneMeasured(
                        zone=Zone(column / COLUMNS, row / ROWS, 1 / COLUMNS, 1 / ROWS),
                        face_px=None if px is None else round(px, 1),
                        faces=len(here),
                        sharpness=round(sharp, 3),
                        light=round(lit, 1),
                        identifies=px is not None and px >= IDENTIFY_PX and sharp >= SHARP and DIM <= lit <= GLARE,
                    )
                )
        return tuple(zones)


def sharpness(face: Picture, noise_level: float) -> float:
    """How sharp a grey face (h, w) is: the variance of its Laplacian as a part of its own, noise taken out.

    At 48 px of width the London faces have 0.39 (median), blurred by 1 px 0.11 and by 1.5 px 0.06, where Intel's scores
    fall from 0.90 to 0.75; noise of standard deviation s adds 20 s² to a 3 x 3 Laplacian's variance.
    """
    small = np.asarray(cv2.resize(face, _FACE, interpolation=cv2.INTER_AREA), np.float32)
    left = (noise_level * min(1.0, _FACE[0] / int(face.shape[1]))) ** 2
    edges = float(np.asarray(cv2.Laplacian(small, cv2.CV_32F), np.float32).var()) - 20 * left
    return float(max(0.0, edges) / (max(0.0, float(small.var()) - left) + 25))


def noise(before: Picture, now: Picture) -> float:
    """The sensor's noise, as the standard deviation in grey levels, from two pictures (h, w) a moment apart.

    By the median of the absolute differences, so that people who move do not count; whole steps are smoothed by taking
    the mean below and at the median.
    """
    apart = np.abs(now[::3, ::3].astype(np.int16) - before[::3, ::3].astype(np.int16)).ravel()
    counts = np.bincount(apart, minlength=2)
    whole = np.cumsum(counts) / len(apart)
    middle = int(np.searchsorted(whole, 0.5))
    below = float(whole[middle - 1]) if middle else 0.0
    inside = (0.5 - below) / max(1e-9, float(whole[middle]) - below)
    # level k holds differences of k - 1/2 to k + 1/2, and level 0 those up to 1/2
    value = middle - 0.5 + inside if middle else 0.5 * inside
    return 0.0 if counts[0] == len(apart) else float(value / _MAD / np.sqrt(2))


def bands(gray: Picture) -> Floats:
    """The brightness (lines,) of the lines of a grey picture (h, w) without its mean: lamps and shutters stripe it.

    The median over upright strips, so that a person who moves in some of them does not count.
    """
    small = np.asarray(cv2.resize(gray, (_STRIPS, _LINES), interpolation=cv2.INTER_AREA), np.float32)
    strips = small - small.mean(0, keepdims=True)
    lines = np.median(strips, axis=1)
    return np.asarray(lines - lines.mean(), np.float32)


@dataclass(frozen=True, slots=True)
class ModeTried:
    """What a camera gave when a mode was asked for."""

    width: int
    height: int
    fps: float


def best_mode(tried: Sequence[ModeTried], narrowest_px: float | None, at_width: int) -> ModeTried | None:
    """The mode to use; None when none gave pictures.

    Full HD where the camera gives ten pictures a second of it, or else the largest that it does so; a larger mode only
    where faces are too narrow in pictures `at_width` px wide (`narrowest_px`), as it costs the PC more.
    """
    fluent = [mode for mode in tried if mode.fps >= 10] or [mode for mode in tried if mode.fps > 0]
    if not fluent:
        return None
    enough = [mode for mode in fluent if mode.width <= 1920]
    usual = max(enough or fluent, key=lambda mode: (mode.width * mode.height, mode.fps))
    if narrowest_px is None or narrowest_px * usual.width / at_width >= IDENTIFY_PX:
        return usual
    return max(fluent, key=lambda mode: (mode.width * mode.height, mode.fps))
