"""Attacks with a picture: a portrait on a card (flat, or bent round a cylinder) held before a camera, by ray casting;
and a head as bridge_agent.simulated_class has it, turned before a background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge_agent.simulated_class.cutout import Box, Cutout, posed

Picture = NDArray[np.uint8]
Doubles = NDArray[np.float64]

_NOISE = np.random.default_rng(99).normal(0, 3, 6_000_000).astype(np.int16)
"""Drawn once, as that takes longer than all the rest of a frame; each frame takes a piece of it."""


@dataclass(frozen=True)
class Held:
    """How a card is held. Lengths are widths of the pictured face, angles degrees.

    radius: of the cylinder that it is bent round, its middle towards the camera; None: flat. `level`: the cylinder lies
    level and not upright. half: half the card's width and height, cut to what the picture has. border: width of a
    lit rim (a screen's).
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    radius: float | None = None
    level: bool = False
    distance: float = 4.0
    half: tuple[float, float] = (0.9, 1.1)
    border: float = 0.0


def card(
    background: Picture, portrait: Picture, box: Box, centre: tuple[float, float], width: float, held: Held
) -> Picture:
    """The background with the card before it, the face that `box` frames `width` px wide at `centre`."""
    focal = width * held.distance
    reach = width * (max(held.half) + held.border) * 2.2
    x0, y0 = (max(0, int(c - reach)) for c in centre)
    x1, y1 = (min(size, int(c + reach)) for c, size in zip(centre, background.shape[1::-1], strict=True))
    across = ((np.arange(x0, x1) - centre[0]) / focal).astype(np.float32)
    down = ((np.arange(y0, y1) - centre[1]) / focal).astype(np.float32)
    xs, ys = np.meshgrid(across, down)
    turn = _rotation(held)
    # In the card's own space the camera moves: rays from `eye`.
    eye = np.asarray(turn.T @ np.array([0.0, 0.0, -held.distance]), np.float32)
    rays = np.stack([xs, ys, np.ones_like(xs)], -1) @ turn.astype(np.float32)
    if held.radius is None:
        far = -eye[2] / np.where(np.abs(rays[..., 2]) < 1e-9, 1e-9, rays[..., 2])
        u, v = eye[0] + far * rays[..., 0], eye[1] + far * rays[..., 1]
        hit = far > 0
    else:
        u, v, hit = _on_cylinder(eye, rays, held.radius, 1 if held.level else 0)
    out = background.copy()
    part = out[y0:y1, x0:x1]
    if held.border:
        rim = hit & (np.abs(u) < held.half[0] + held.border) & (np.abs(v) < held.half[1] + held.border)
        part[rim] = 245
    x, y, w, h = box
    map_x, map_y = (x + w / 2 + u * w).astype(np.float32), (y + h / 2 + v * w).astype(np.float32)
    hit &= (np.abs(u) < held.half[0]) & (np.abs(v) < held.half[1]) & (map_x >= 0) & (map_y >= 0)
    hit &= (map_x < portrait.shape[1] - 1) & (map_y < portrait.shape[0] - 1)
    part[hit] = cv2.remap(portrait, map_x, map_y, cv2.INTER_LINEAR)[hit]
    return out


def head(
    background: Picture, cutout: Cutout, centre: tuple[float, float], width: float, yaw: float, bowed: float = 0.0
) -> Picture:
    """The background with a head before it, turned by `yaw` degrees to its own left."""
    shown = posed(cutout, yaw, bowed, round(width)).astype(np.float32)
    out = background.copy()
    x, y = round(centre[0] - shown.shape[1] / 2), round(centre[1] - shown.shape[0] / 2)
    x0, y0 = max(0, x), max(0, y)
    x1, y1 = min(out.shape[1], x + shown.shape[1]), min(out.shape[0], y + shown.shape[0])
    part = shown[y0 - y : y1 - y, x0 - x : x1 - x]
    below = out[y0:y1, x0:x1].astype(np.float32) * (1 - part[..., 3:] / 255)
    out[y0:y1, x0:x1] = np.clip(below + part[..., :3], 0, 255).astype(np.uint8)
    return out


def room(rng: np.random.Generator, size: tuple[int, int] = (640, 480)) -> Picture:
    """A blurred, cluttered background (BGR) of this width and height."""
    coarse = rng.integers(50, 200, (size[1] // 20, size[0] // 20, 3), dtype=np.uint8)
    large = cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), 2.5), np.uint8)


def filmed(picture: Picture, rng: np.random.Generator, quality: int = 80) -> Picture:
    """The picture as a webcam gives it: with noise of 3 grey levels, as a JPEG."""
    shift = int(rng.integers(_NOISE.size - picture.size))
    noisy = np.clip(picture + _NOISE[shift : shift + picture.size].reshape(picture.shape), 0, 255).astype(np.uint8)
    done, data = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    shown = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert shown is not None
    return np.asarray(shown, np.uint8)


def _rotation(held: Held) -> Doubles:
    """From the card's space to the camera's (3, 3): yaw first, then pitch, then roll."""
    y, p, r = np.deg2rad([held.yaw, held.pitch, held.roll])
    yaw = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    roll = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(roll @ pitch @ yaw, np.float64)


def _on_cylinder(eye: Any, rays: Any, radius: float, across: int) -> tuple[Any, Any, NDArray[np.bool_]]:
    """Where rays meet the cylinder, along its arc and its axis; `across`: the coordinate that is bent."""
    depth = eye[2] - radius
    a = rays[..., across] ** 2 + rays[..., 2] ** 2
    b = eye[across] * rays[..., across] + depth * rays[..., 2]
    c = eye[across] ** 2 + depth**2 - radius**2
    under = b * b - a * c
    far = (-b - np.sqrt(np.maximum(under, 0))) / a
    arc = radius * np.arctan2(eye[across] + far * rays[..., across], -(depth + far * rays[..., 2]))
    along = eye[1 - across] + far * rays[..., 1 - across]
    return (along, arc, under > 0) if across else (arc, along, under > 0)
