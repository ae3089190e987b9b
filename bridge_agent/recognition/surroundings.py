"""What lies around a face: does it move with it, as a picture that is held up does; is there a lit frame round it?

Flags for the technician's eye. They admit nobody and refuse nobody: a card may be cut close, and somebody may stand
before a white board.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge_agent.capture.frame import Picture
from models.records import Flag

Grey = NDArray[np.uint8]
Box = tuple[float, float, float, float]

_MOVED: Final = 0.06
"""The face has moved by this share of its width: enough to compare what is behind it."""
_WITH: Final = 0.5
"""What is around moved by at least this share of the face's way: it moves with it."""
_POINTS: Final = 6
_VOTES: Final = 3
_STEP: Final = 20.0
"""Grey levels by which a lit frame is brighter inside than outside."""
_LARGEST: Final = 25.0
"""A frame round a face that is more than so many faces large is a board or a wall."""


class Surroundings:
    """Feed it every look of one try; `flags` says what was odd."""

    def __init__(self) -> None:
        self._before: tuple[Grey, Box] | None = None
        self._moves: list[bool] = []
        self._frames: list[bool] = []

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What most of the looks showed."""
        flags: list[Flag] = []
        if sum(self._moves) >= _VOTES and sum(self._moves) > len(self._moves) / 2:
            flags.append("moving_background")
        if sum(self._frames) >= _VOTES and sum(self._frames) > len(self._frames) / 2:
            flags.append("bright_frame")
        return tuple(flags)

    def look(self, small: Picture, box: Box) -> None:
        """Take in a BGR picture of about 640 px, the face in it framed by `box` (px)."""
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
        self._frames.append(lit_frame(grey, box))
        if self._before is None or self._before[0].shape != grey.shape:
            self._before = grey, box
            return
        moved = _centre(box) - _centre(self._before[1])
        if float(np.hypot(*moved)) < _MOVED * box[2]:
            return
        if (along := _went_along(*self._before, grey, moved)) is not None:
            self._moves.append(along)
        self._before = grey, box


def lit_frame(grey: Grey, box: Box) -> bool:
    """Whether a bright, straight-edged, four-cornered area holds the face: a phone, a screen, a sheet of paper."""
    x, y, w, h = box
    middle = (float(x + w / 2), float(y + h / 2))
    edges = cv2.dilate(cv2.Canny(cv2.GaussianBlur(grey, (0, 0), 1.2), 30, 90), np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(edges, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for outline in outlines:
        area = cv2.contourArea(outline)
        if not 1.2 * w * h < area < _LARGEST * w * h:
            continue
        corners = cv2.approxPolyDP(outline, 0.03 * cv2.arcLength(outline, True), True)
        if len(corners) != 4 or not cv2.isContourConvex(corners) or cv2.pointPolygonTest(corners, middle, False) < 0:
            continue
        if _lit_sides(grey, corners.reshape(4, 2).astype(np.float64)) >= 3:
            return True
    return False


def _lit_sides(grey: Grey, corners: NDArray[np.float64]) -> int:
    """How many of the four sides are brighter inside than outside."""
    centre = corners.mean(0)
    lit = 0
    for start, end in zip(corners, np.roll(corners, -1, 0), strict=True):
        across = (start + end) / 2 - centre
        across = across / max(float(np.linalg.norm(across)), 1e-9) * 6
        along = start + np.linspace(0.15, 0.85, 24)[:, None] * (end - start)
        inside, outside = _values(grey, along - across), _values(grey, along + across)
        lit += float(np.median(inside - outside)) > _STEP
    return lit


def _values(grey: Grey, points: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = np.clip(points[:, 1].round().astype(int), 0, grey.shape[0] - 1)
    columns = np.clip(points[:, 0].round().astype(int), 0, grey.shape[1] - 1)
    return np.asarray(grey[rows, columns], np.float64)


def _went_along(before: Grey, box: Box, now: Grey, moved: NDArray[np.float64]) -> bool | None:
    """Whether what was beside and above the face moved with it; None where there is nothing to hold on to."""
    x, y, w, h = box
    mask = np.zeros_like(before)
    # Below the face is the person's own body; hair lies within 0.8 face widths of its middle.
    left, right = x + w / 2 - 1.5 * w, x + w / 2 + 1.5 * w
    mask[max(0, int(y - 0.9 * h)) : max(0, int(y + 0.7 * h)), max(0, int(left)) : max(0, int(right))] = 255
    inner = (int(x + w / 2 - 0.8 * w), int(y - 0.45 * h)), (int(x + w / 2 + 0.8 * w), int(y + 2 * h))
    cv2.rectangle(mask, inner[0], inner[1], 0, -1)
    points = cv2.goodFeaturesToTrack(before, 40, 0.02, 5, mask=mask)
    if points is None or len(points) < _POINTS:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points.astype(np.float32), points.astype(np.float32).copy(), winSize=(21, 21), maxLevel=3
    )
    good = found.ravel() == 1
    if good.sum() < _POINTS:
        return None
    went = np.median((there - points).reshape(-1, 2)[good], axis=0)
    return float(went @ moved) / float(moved @ moved) > _WITH


def _centre(box: Box) -> NDArray[np.float64]:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])
