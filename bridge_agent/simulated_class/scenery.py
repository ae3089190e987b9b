"""What stands around the heads, made by rule: the room, its rows of desks, and clothed shoulders."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from bridge_agent.simulated_class.cutout import BOTTOM, LEFT, RIGHT, TOP, Floats, Picture, grid, smooth_step

_CLOTHES: Final = (
    (120, 88, 58),
    (74, 66, 62),
    (196, 190, 184),
    (86, 60, 110),
    (84, 104, 70),
    (150, 122, 92),
    (60, 74, 128),
    (205, 205, 200),
    (120, 116, 110),
    (70, 44, 40),
)
"""Shirt colours, BGR."""


def wall(width: int, height: int, horizon: float, seed: int) -> Picture:
    """An empty classroom seen from its front: a wall down to the row `horizon` (px), the floor below it."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    edge = horizon / height
    light = 1.06 - 0.28 * np.abs(x - 0.15) ** 1.3 - 0.12 * y
    plaster = np.array([176, 190, 194], np.float32)
    boards = np.array([92, 104, 116], np.float32)
    below = smooth_step(y, edge - 1.5 / height, edge + 1.5 / height)[..., None]
    room = (plaster * (1 - below) + boards * below) * light[..., None]
    for cell, strength in ((6, 1.5), (40, 2.5), (160, 3.5)):
        coarse = rng.normal(0, strength, (height // cell + 2, width // cell + 2)).astype(np.float32)
        room += np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))[..., None]
    _furnish(room, horizon)
    room = np.asarray(cv2.GaussianBlur(room, (0, 0), max(0.6, height / 1200)))  # the back wall is out of focus
    return np.asarray(np.clip(room, 0, 255), np.uint8)


def _furnish(room: Floats, horizon: float) -> None:
    """A window, a notice board, a door and a skirting line on the wall."""
    width = room.shape[1]

    def block(x0: float, y0: float, x1: float, y1: float, colour: tuple[int, int, int], line: int = -1) -> None:
        corners = (round(x0 * width), round(y0 * horizon)), (round(x1 * width), round(y1 * horizon))
        cv2.rectangle(room, *corners, colour, line, cv2.LINE_AA)

    thick = max(2, width // 240)
    for left in (0.03, 0.17):
        block(left, 0.06, left + 0.12, 0.66, (235, 232, 222))
        block(left, 0.06, left + 0.12, 0.66, (140, 150, 155), thick)
        block(left + 0.058, 0.06, left + 0.062, 0.66, (150, 160, 165))
    block(0.42, 0.14, 0.66, 0.56, (108, 138, 122))
    block(0.42, 0.14, 0.66, 0.56, (88, 106, 124), thick)
    for left, top, tone in ((0.44, 0.2, 205), (0.49, 0.22, 190), (0.54, 0.19, 215), (0.6, 0.24, 198)):
        block(left, top, left + 0.03, top + 0.24, (tone, tone + 8, tone + 10))
    block(0.84, 0.1, 0.94, 1.0, (96, 118, 142))
    block(0.84, 0.1, 0.94, 1.0, (70, 88, 108), thick)
    block(0.0, 0.97, 0.84, 1.0, (130, 142, 150))


def desk(room: Picture, left: float, right: float, top: float, unit: float) -> None:
    """Draws a table, `unit` px a face width, with its far edge at the row `top`, over `room` (in place)."""
    height, width = room.shape[:2]
    x0, x1 = max(0, round(left)), min(width, round(right))
    edge, front, foot = round(top + 0.28 * unit), round(top + 0.4 * unit), round(top + 1.5 * unit)
    if x1 <= x0:
        return
    board = (122, 152, 178)
    slant = round(0.12 * unit)
    corners = np.array([[x0 + slant, round(top)], [x1 - slant, round(top)], [x1, edge], [x0, edge]], np.int32)
    cv2.fillPoly(room, [corners], board, cv2.LINE_AA)
    cv2.rectangle(room, (x0, edge), (x1, front), tuple(0.8 * tone for tone in board), -1)
    shade = np.linspace(0.62, 0.4, max(1, min(foot, height) - front), dtype=np.float32)[:, None, None]
    panel = room[front : min(foot, height), x0 + slant : x1 - slant]
    if panel.size:
        panel[:] = np.asarray(np.array(board, np.float32) * shade[: panel.shape[0]], np.uint8)


def shoulders(unit: float, height: float, seed: int) -> Picture:
    """A clothed body, BGR + opacity, premultiplied, down to `height` face widths below the centre of its face.

    The patch spans 1.5 face widths to either side of that centre and starts 0.5 below it.
    """
    rng = np.random.default_rng(seed)
    x, y = grid(unit, -1.5, 0.5, 1.5, height)
    colour = np.array(_CLOTHES[int(rng.integers(len(_CLOTHES)))], np.float32)
    wide = rng.uniform(1.24, 1.4)
    soft = 0.7 / unit
    slope = 0.8 + 0.4 * (np.abs(x) / wide) ** 1.7
    side = wide * (0.95 + 0.05 * smooth_step(y, 1.1, 2.2))
    inside = smooth_step(y - slope, -soft, soft) * (1 - smooth_step(np.abs(x) - side, -soft, soft))
    round_off = np.hypot(np.maximum(np.abs(x) - (side - 0.34), 0) / 0.34, np.maximum(slope + 0.3 - y, 0) / 0.3)
    inside = inside * (1 - smooth_step(round_off, 0.9, 1.1))
    folds = rng.normal(0, 1, (9, 7)).astype(np.float32)
    folds = np.asarray(cv2.resize(folds, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_CUBIC))
    light = 1.05 - 0.3 * (x / wide) ** 2 - 0.08 * (y - 1) + 0.07 * folds
    arms = np.exp(-(((np.abs(x) - 0.72 * wide - 0.06 * (y - 1.4)) / 0.035) ** 2)) * smooth_step(y, 1.35, 1.7)
    light = light - 0.2 * arms
    if rng.random() < 0.5:
        light = light - 0.15 * np.exp(-(((x + 0.02) / 0.02) ** 2)) * (y > 1.15)  # buttoned down the middle
    neck = np.hypot(x / 0.5, (y - 0.62) / 0.48)
    light = light * (1 - 0.35 * np.exp(-(((neck - 1.0) / 0.09) ** 2)))  # the shadow at the collar
    light = light + 0.08 * np.exp(-(((neck - 1.2) / 0.05) ** 2))
    trousers = smooth_step(y, 3.3, 3.34)[..., None]
    colour = colour * (1 - trousers) + np.array([52, 48, 46], np.float32) * trousers
    shirt = np.clip(colour * np.clip(light, 0.2, 1.3)[..., None], 0, 255)
    opacity = inside[..., None]
    return np.asarray(np.rint(np.dstack([shirt * opacity, opacity * 255])), np.uint8)


def somebody_behind(unit: float, seed: int) -> Picture:
    """The back of a head with dark hair, a patch as of a cut-out, BGR + opacity, premultiplied: somebody in the way."""
    rng = np.random.default_rng(seed)
    x, y = grid(unit, LEFT, TOP, RIGHT, BOTTOM)
    soft = 1.5 / unit
    skull = 1 - smooth_step(np.hypot(x / 0.66, (y + 0.2) / 0.95) - 1, -soft, soft)
    neck = (1 - smooth_step(np.abs(x) - 0.36, -soft, soft)) * (y > 0) * (1 - smooth_step(y, 1.15, 1.2))
    opacity = np.maximum(skull, neck)[..., None]
    streaks = rng.normal(0, 1, (max(2, x.shape[0] // 14), max(2, x.shape[1] // 2))).astype(np.float32)
    streaks = np.asarray(cv2.resize(streaks, (x.shape[1], x.shape[0]), interpolation=cv2.INTER_CUBIC))
    hair = np.array([38, 36, 40], np.float32) * (1.1 - 0.4 * (x**2 + y**2) + 0.12 * streaks)[..., None]
    skin = np.array([96, 122, 160], np.float32) * (0.8 - 0.5 * x**2)[..., None]
    low = smooth_step(y, 0.62, 0.74)[..., None]
    colour = np.clip(hair * (1 - low) + skin * low, 0, 255)
    return np.asarray(np.rint(np.dstack([colour * opacity, opacity * 255])), np.uint8)
