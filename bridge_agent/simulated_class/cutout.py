"""A head cut out of a portrait, with hair and neck, to be seen from the front, the side, above or behind.

A cut-out has its own coordinates: one unit is the width of the face box, the origin its centre, y grows downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""BGR, height × width × 3; with a fourth channel for opacity where said so."""
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""x, y, width, height in px."""

UNIT: Final = 112
"""px a face width in a cut-out; a face in a room is rarely wider."""
LEFT, TOP, RIGHT, BOTTOM = -1.15, -1.5, 1.15, 1.3
"""What a cut-out covers, in face widths."""
WIDTH: Final = round((RIGHT - LEFT) * UNIT)
HEIGHT: Final = round((BOTTOM - TOP) * UNIT)

_SKULL_X, _SKULL_Y, _SKULL_DEPTH, _SKULL_MIDDLE = 0.64, 0.98, 0.64, -0.2
"""A head as an ellipsoid, in face widths; its middle lies above the middle of the face."""


@dataclass(frozen=True)
class Cutout:
    """A head in two views, height × width × 4, float32 0..255 premultiplied by the opacity (0..1) in channel 3."""

    front: Floats
    back: Floats
    back_bowed: Floats


def cut_out(portrait: Picture, box: Box, seed: int) -> Cutout:
    """Cuts the head whose face box is `box` out of a portrait (uint8 BGR)."""
    x, y, w, h = box
    face = _canonical(portrait, (x + w / 2, y + h / 2), w)
    opacity = _opacity(face)
    colour = _without_background(face, opacity)
    front = _premultiplied(colour, opacity)
    rng = np.random.default_rng(seed)
    back = _premultiplied(_back(colour, opacity, rng, 0.74), opacity)
    back_bowed = _premultiplied(_back(colour, opacity, rng, 0.45), opacity)
    return Cutout(front, back, back_bowed)


def posed(cutout: Cutout, yaw: float, pitch: float, width: int) -> Picture:
    """The head turned by `yaw` and bowed by `pitch` degrees, its face `width` px wide: BGR + opacity, premultiplied."""
    picture = cutout.front
    if abs(yaw) > 80:
        picture = cutout.back
    elif abs(yaw) >= 1:
        picture = _over(_turned(cutout.front, math.radians(yaw), axis=0), cutout.back)
    if pitch > 72 and abs(yaw) <= 80:
        picture = cutout.back_bowed
    elif pitch >= 1 and abs(yaw) <= 80:
        picture = _over(_turned(picture, math.radians(pitch), axis=1), cutout.back_bowed)
    scale = width / UNIT
    size = (round(WIDTH * scale), round(HEIGHT * scale))
    sized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    sized[..., 3] *= 255
    return np.asarray(np.clip(np.rint(sized), 0, 255), np.uint8)


def grid(unit: float, left: float, top: float, right: float, bottom: float) -> tuple[Floats, Floats]:
    """The coordinates (x, y), in face widths, of every pixel of a patch with `unit` px a face width."""
    xs = left + (np.arange(round((right - left) * unit), dtype=np.float32) + 0.5) / unit
    ys = top + (np.arange(round((bottom - top) * unit), dtype=np.float32) + 0.5) / unit
    x, y = np.meshgrid(xs, ys)
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def smooth_step(values: Any, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, smooth between."""
    part = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def _canonical(portrait: Picture, centre: tuple[float, float], width: float) -> Picture:
    """The portrait in cut-out coordinates, HEIGHT × WIDTH × 3."""
    shrink = min(1.0, UNIT / width)
    if shrink < 1:
        portrait = np.asarray(cv2.resize(portrait, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA), np.uint8)
    scale = width * shrink / UNIT
    to_portrait = np.array(
        [
            [scale, 0, centre[0] * shrink + LEFT * width * shrink],
            [0, scale, centre[1] * shrink + TOP * width * shrink],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(portrait, to_portrait, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def _opacity(face: Picture) -> Floats:
    """Where the head, its hair and its neck are, 0..1: GrabCut, told what a head looks like."""
    x, y = grid(UNIT / 2, LEFT, TOP, RIGHT, BOTTOM)
    small = np.asarray(cv2.resize(face, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_AREA), np.uint8)
    mask = np.full(x.shape, cv2.GC_BGD, np.uint8)
    mask[_ellipse(x, y, 0, -0.3, 0.95, 1.12) | ((abs(x) < 0.5) & (y > 0.3) & (y < 1.25))] = cv2.GC_PR_BGD
    mask[_ellipse(x, y, 0, -0.15, 0.6, 0.9) | ((abs(x) < 0.36) & (y > 0.3) & (y < 1.1))] = cv2.GC_PR_FGD
    mask[_ellipse(x, y, 0, 0.0, 0.42, 0.62) | ((abs(x) < 0.25) & (y > 0.4) & (y < 1.0))] = cv2.GC_FGD
    cv2.setRNGSeed(1)  # GrabCut starts from random clusters
    cv2.grabCut(small, mask, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    found = np.asarray(cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    _, labels = cv2.connectedComponents(found)
    middle = labels[round(-TOP * UNIT / 2), round(-LEFT * UNIT / 2)]
    head = np.asarray(labels == middle, np.float32)
    large = cv2.resize(cv2.GaussianBlur(head, (0, 0), 1.2), (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    soft = smooth_step(np.asarray(large), 0.42, 0.85)
    x, y = grid(UNIT, LEFT, TOP, RIGHT, BOTTOM)
    collar = 1 - smooth_step(np.hypot(x / 0.5, (y - 0.62) / 0.48), 0.92, 1.04)
    return np.asarray(soft * np.where(y < 0.62, 1, collar), np.float32)


def _without_background(face: Picture, opacity: Floats) -> Floats:
    """The colours with those of the head drawn out over its edge, so that no rim of the old background is left."""
    inside = np.asarray(opacity > 0.97, np.float32)
    inside = np.asarray(cv2.erode(inside, np.ones((3, 3), np.uint8)), np.float32)
    sums = np.asarray(cv2.GaussianBlur(face.astype(np.float32) * inside[..., None], (0, 0), 3.0))
    weights = np.asarray(cv2.GaussianBlur(inside, (0, 0), 3.0))
    near = sums / np.maximum(weights, 1e-3)[..., None]
    keep = np.asarray(cv2.GaussianBlur(inside, (0, 0), 0.8))[..., None]
    return np.asarray(face * keep + near * (1 - keep), np.float32)


def _back(colour: Floats, opacity: Floats, rng: np.random.Generator, hairline: float) -> Floats:
    """The colours of the head from behind: hair down to `hairline` (in face widths), the neck in shade below."""
    x, y = grid(UNIT, LEFT, TOP, RIGHT, BOTTOM)
    crown = (opacity > 0.9) & (y > -0.98) & (y < -0.74) & (abs(x) < 0.4)
    cheeks = (abs(abs(x) - 0.25) < 0.08) & (abs(y - 0.12) < 0.12)
    skin = np.median(colour[cheeks], axis=0)
    hair = np.median(colour[crown], axis=0) if crown.sum() > 50 else skin
    hair = hair if hair.sum() < skin.sum() else skin * 0.8  # a bald crown shines
    streaks = rng.normal(0, 1, (HEIGHT // 14, WIDTH // 2)).astype(np.float32)
    streaks = np.asarray(cv2.resize(streaks, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))
    light = 1.08 - 0.45 * ((x / 0.85) ** 2 + ((y + 0.35) / 1.2) ** 2) + 0.10 * streaks
    texture = hair * np.clip(light, 0.35, 1.4)[..., None]
    neck = skin * np.clip(0.72 - 0.5 * x**2, 0.3, 1)[..., None]
    low = smooth_step(y, hairline - 0.08, hairline + 0.08)[..., None]
    return np.asarray(np.clip(texture * (1 - low) + neck * low, 0, 255), np.float32)


def _turned(picture: Floats, angle: float, axis: int) -> Floats:
    """The picture wrapped round the ellipsoid and turned about its upright (axis 0) or its level axis (axis 1)."""
    x, y = grid(UNIT / 4, LEFT, TOP, RIGHT, BOTTOM)
    inside = 1 - (x / _SKULL_X) ** 2 - ((y - _SKULL_MIDDLE) / _SKULL_Y) ** 2
    nose = 0.22 if axis == 0 else 0.05  # sideways it shows; from above a full one would grow over the chin
    depth = _SKULL_DEPTH * np.sqrt(np.clip(inside, 0, 1)) + nose * np.exp(-(x**2) / 0.02 - (y - 0.12) ** 2 / 0.03)
    angles = angle * (1 - smooth_step(y, 0.62, 1.0))
    along, middle = (x, 0.0) if axis == 0 else (y, _SKULL_MIDDLE)
    goes_to = middle + (along - middle) * np.cos(angles) + depth * np.sin(angles)
    comes_from = np.empty_like(along)
    lines = range(x.shape[0]) if axis == 0 else range(x.shape[1])
    for line in lines:
        at = (line, slice(None)) if axis == 0 else (slice(None), line)
        # What turns out of sight is overtaken by what comes before it: a running extreme leaves only the visible side.
        there = goes_to[at]
        forward = np.maximum.accumulate(there) if angle > 0 else np.minimum.accumulate(there[::-1])[::-1]
        forward = forward + np.arange(forward.size) * 1e-5  # interp wants rising numbers
        comes_from[at] = np.interp(along[at], forward, along[at], left=-9, right=9)
    map_x, map_y = (comes_from, y) if axis == 0 else (x, comes_from)
    map_x = np.asarray(cv2.resize(map_x, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32)
    map_y = np.asarray(cv2.resize(map_y, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR), np.float32)
    columns, rows = (map_x - LEFT) * UNIT - 0.5, (map_y - TOP) * UNIT - 0.5
    out = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    return np.asarray(out, np.float32)


def _premultiplied(colour: Floats, opacity: Floats) -> Floats:
    return np.dstack([colour * opacity[..., None], opacity]).astype(np.float32)


def _over(above: Floats, below: Floats) -> Floats:
    return np.asarray(above + below * (1 - above[..., 3:]), np.float32)


def _ellipse(x: Floats, y: Floats, x0: float, y0: float, a: float, b: float) -> NDArray[np.bool_]:
    return np.asarray(((x - x0) / a) ** 2 + ((y - y0) / b) ** 2 < 1, np.bool_)
