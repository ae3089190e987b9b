"""How a face is turned, and whether its nose stands out: measured on YuNet's five points and on the picture's grey.

A flat or bent picture of a face can be tilted so that its points look turned: YuNet, which has learnt what turned faces
look like, puts the nose of a bent card up to 30 degrees aside. What such a picture can't do is move the nose's own
pixels against those of the bridge above it and the mouth below it, for all three lie on one upright line of the card.
On a head the tip stands out by a third of the eye distance. `Relief` measures that: deploy/decisions/0018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.detect import Face

Picture = NDArray[np.uint8]
Doubles = NDArray[np.float64]

DEGREES: Final = 80.0
"""Degrees of yaw a unit of nose offset (eye distances), against a head-pose network on real faces; residual 5.5."""

_EYE, _SIZE = 40, (96, 112)
"""px between the eyes, and from eyes to mouth, in a chart; its width and height."""
_FRAME: Final = np.array([[28, 30], [68, 30], [48, 70]], np.float32)
"""Where the eyes and the mouth's middle lie in a chart."""
_BRIDGE_Y, _NOSE_Y, _MOUTH_Y = 31, 52, 70
_HALF: Final = (10, 7)
"""Half the size of a patch that is looked for."""
_REACH: Final = (18, 4)
"""How far it is looked for, px: 0.45 of the eye distance aside, which a nose reaches at about 36 degrees."""
_TELLING: Final = (0.12, 0.45)
"""How far the nose point must have gone, in eye distances: 10 to 36 degrees. Beyond, the nose hides too much."""
_ALIKE: Final = 0.5
"""Normalised correlation under which a patch counts as not found."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How the five points of one face lie.

    yaw: degrees; positive where the nose points to the picture's right, which is the person's own left. basis: (2, 2),
    its columns the way from eye to eye and from the eyes' to the mouth's middle, px. nose: where the nose lies in that
    basis, so that tilting a flat picture changes nothing in it (but for perspective).
    """

    yaw: float
    basis: Doubles
    nose: Doubles


def pose(face: Face) -> Pose | None:
    """The pose of a face from its five points; None when they lie on one line or nearly so."""
    points = np.asarray(face.points, np.float64)
    eyes, mouth = (points[0] + points[1]) / 2, (points[3] + points[4]) / 2
    basis = np.stack([points[1] - points[0], mouth - eyes], axis=1)
    lengths = np.linalg.norm(basis, axis=0)
    if lengths.min() < 1 or abs(np.linalg.det(basis)) < 0.1 * lengths.prod():
        return None
    nose = np.linalg.solve(basis, points[2] - eyes)
    return Pose(float(nose[0]) * DEGREES, basis, nose)


def narrowing(now: Pose, straight: Pose) -> float:
    """How much narrower the face has become against `straight`, in whatever direction: 1 not at all, 0 edge on.

    For a picture turned out of its plane it is the cosine of the angle (the lesser singular value of the affine map,
    by the greater).
    """
    values = np.linalg.svd(now.basis @ np.linalg.inv(straight.basis), compute_uv=False)
    return float(values[1] / max(float(values[0]), 1e-9))


class Relief:
    """Compares later looks at one face with a straight one."""

    def __init__(self, picture: Picture, face: Face, straight: Pose) -> None:
        """`straight`: the pose of `face` in the BGR `picture`."""
        self._chart = _chart(picture, face)
        self._straight = straight
        self._nose_x = round(_FRAME[2, 0] + float(straight.nose[0]) * _EYE)

    def measure(self, picture: Picture, face: Face, now: Pose) -> float | None:
        """How far the nose's pixels went aside against bridge and mouth, as a share of how far the nose point went.

        About 0.8 for a head (simulated: 0.6 to 1.1), about 0 for whatever is printed, also bent. None when the face is
        turned too little or too far to tell, or a patch was not found again.
        """
        turned = float(now.nose[0] - self._straight.nose[0])
        if not _TELLING[0] <= abs(turned) <= _TELLING[1]:
            return None
        chart = _chart(picture, face)
        middle = round(float(_FRAME[2, 0]))
        bridge = self._shift(chart, middle, _BRIDGE_Y)
        # A nose goes the way the face turns, and no further than its point: anywhere else is another thing like it.
        nose = self._shift(chart, self._nose_x, _NOSE_Y, (-0.25 * turned, 1.35 * turned))
        mouth = self._shift(chart, middle, _MOUTH_Y)
        if bridge is None or nose is None or mouth is None:
            return None
        return (nose - (bridge + mouth) / 2) / turned

    def _shift(self, chart: Picture, x: int, y: int, within: tuple[float, float] = (-0.45, 0.45)) -> float | None:
        """How far the patch at (x, y) of the straight chart has moved aside, in eye distances; sought `within`."""
        wide, high = _HALF
        aside, down = _REACH
        x = min(max(x, wide + aside), _SIZE[0] - wide - aside - 1)
        patch = self._chart[y - high : y + high + 1, x - wide : x + wide + 1]
        where = chart[y - high - down : y + high + down + 1, x - wide - aside : x + wide + aside + 1]
        if patch.std() < 1 or where.std() < 1:
            return None
        found = cv2.matchTemplate(where, patch, cv2.TM_CCOEFF_NORMED)
        shifts = (np.arange(found.shape[1]) - aside) / _EYE
        found[:, (shifts < min(within)) | (shifts > max(within))] = -1
        _, best, _, at = cv2.minMaxLoc(found)
        return (at[0] - aside) / _EYE if best >= _ALIKE else None


def _chart(picture: Picture, face: Face) -> Picture:
    """The face in grey with both eyes and the mouth's middle at their places in _FRAME (112, 96)."""
    points = np.asarray(face.points, np.float32)
    source = np.stack([points[0], points[1], (points[3] + points[4]) / 2]).astype(np.float32)
    matrix = np.asarray(cv2.getAffineTransform(source, _FRAME), np.float64)
    # Only what the chart covers is touched: the cost does not grow with the picture.
    corners = np.array([[0, 0], [_SIZE[0], 0], [0, _SIZE[1]], [_SIZE[0], _SIZE[1]]], np.float64)
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    there = corners @ inverse[:, :2].T + inverse[:, 2]
    low = np.maximum(np.floor(there.min(0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(there.max(0)).astype(int) + 3, (picture.shape[1], picture.shape[0]))
    if (high - low < 2).any():
        return np.zeros((_SIZE[1], _SIZE[0]), np.uint8)
    grey = cv2.cvtColor(picture[low[1] : high[1], low[0] : high[0]], cv2.COLOR_BGR2GRAY)
    # Noise of single pixels, in a face that is shrunk too, is no texture.
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    grey = cv2.GaussianBlur(grey, (0, 0), max(0.8, 0.5 / scale))
    local = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ low])
    return np.asarray(cv2.warpAffine(grey, local, _SIZE, flags=cv2.INTER_LINEAR), np.uint8)
