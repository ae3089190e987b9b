"""Between dlib's way to draw a face and YuNet's.

The numbers are medians over 188 portraits (London set, deepface's pairs, face_recognition's examples) in which both
detectors found one face; the spread of a box is 5 % of its side, that of a point 1.6 to 3.1 px in the 150 px chip.
The tests use some of the same pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.faces.align import similarity, transform

Floats = NDArray[np.float32]

CHIP: Final = 150  # px, side of the square that dlib's encoder takes
PADDING: Final = 0.25  # share of the face's side around it

# In units of sqrt(width * height) of YuNet's box: dlib's side, and the shift of its centre to the right and down.
_SIDE, _RIGHT, _DOWN = 0.917, 0.014, 0.083
# YuNet's own width and height in the same unit.
_WIDTH, _HEIGHT = 0.854, 1.171

# Where dlib's five points lie in its chip: get_face_chip_details in dlib's image_transforms/interpolation.h (Boost).
_DLIB_POINTS: Final = (
    np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    )
    + PADDING
) * (CHIP / (1 + 2 * PADDING))
# Where YuNet's five points lie in the same chip (measured).
_YUNET_POINTS: Final = np.array(
    [[47.74, 43.95], [102.92, 45.06], [74.84, 77.28], [49.65, 100.38], [98.71, 101.34]], np.float64
)


def dlib_box(box: Sequence[float]) -> tuple[float, float, float, float]:
    """The left, top, right, bottom in px that dlib's detector would draw for YuNet's box (x, y, width, height)."""
    x, y, width, height = box
    unit = float(np.sqrt(width * height))
    half = _SIDE * unit / 2
    centre_x, centre_y = x + width / 2 + _RIGHT * unit, y + height / 2 + _DOWN * unit
    return centre_x - half, centre_y - half, centre_x + half, centre_y + half


def face_box(dlib: Sequence[float] | NDArray[np.floating]) -> tuple[float, float, float, float]:
    """The x, y, width, height in px that YuNet would draw for dlib's box (left, top, right, bottom)."""
    left, top, right, bottom = (float(side) for side in dlib[:4])
    unit = (right - left) / _SIDE
    width, height = _WIDTH * unit, _HEIGHT * unit
    centre_x, centre_y = (left + right) / 2 - _RIGHT * unit, (top + bottom) / 2 - _DOWN * unit
    return centre_x - width / 2, centre_y - height / 2, width, height


def yunet_points(five: NDArray[np.floating]) -> Floats:
    """YuNet's points (5, 2) in px from dlib's (5, 2).

    Eyes and nose follow dlib's own points (so a turned head shows); dlib has no mouth, so its corners are where an
    average face has them.
    """
    to_chip = similarity(five, _DLIB_POINTS)
    back = np.linalg.inv(np.vstack([to_chip, [0, 0, 1]]))[:2]
    moved = transform(to_chip, five) - _DLIB_POINTS
    own = _YUNET_POINTS.copy()
    own[0] += moved[2:4].mean(0)
    own[1] += moved[0:2].mean(0)
    own[2] += moved[4]
    return transform(back, own).astype(np.float32)
