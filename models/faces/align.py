"""Cutting a face out of a picture so that its five points lie where an encoder expects them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Picture = NDArray[np.uint8]

# From here on a face is halved by area before it is warped: bilinear sampling of every third pixel would alias.
_HALVE_BELOW: Final = 0.5


def similarity(source: NDArray[np.floating], target: NDArray[np.floating]) -> Doubles:
    """The rotation, uniform scale and shift (2, 3) that takes points `source` (n, 2) nearest to `target` (n, 2).

    Least squares in closed form, never a mirror image: S. Umeyama, Least-squares estimation of transformation
    parameters between two point patterns, IEEE PAMI 13(4), 1991, equations 40 to 43.

    Raises:
        ValueError: the source points all coincide, so that no scale exists.
    """
    a, b = np.asarray(source, np.float64), np.asarray(target, np.float64)
    centre_a, centre_b = a.mean(0), b.mean(0)
    a, b = a - centre_a, b - centre_b
    spread = (a**2).sum() / len(a)
    if not spread > 0:
        raise ValueError("the source points coincide")
    u, singular, vt = np.linalg.svd(b.T @ a / len(a))
    mirror = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    scaled = (singular * mirror).sum() / spread * (u * mirror) @ vt
    return np.column_stack([scaled, centre_b - scaled @ centre_a])


def transform(matrix: Doubles, points: NDArray[np.floating]) -> Doubles:
    """The points (n, 2) after the transform (2, 3)."""
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]


def chip(picture: Picture, matrix: Doubles, size: int) -> Picture:
    """The square (size, size, 3) that the transform (2, 3) cuts from `picture` (h, w, 3); outside it is black.

    Only the part of the picture that the square covers is touched, so the cost does not grow with the picture.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    corners = transform(inverse, np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float64))
    low = np.maximum(np.floor(corners.min(0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int) + 3, (picture.shape[1], picture.shape[0]))
    if (high <= low).any():
        return np.zeros((size, size, 3), np.uint8)
    part = picture[low[1] : high[1], low[0] : high[0]]
    # pixel (x, y) of the part is pixel (x + low) of the picture
    local = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ low])
    if scale < _HALVE_BELOW and min(part.shape[:2]) > 1:
        factor = 2 ** int(np.floor(np.log2(1 / scale)))
        height, width = (max(1, round(side / factor)) for side in part.shape[:2])
        shrink = np.array([part.shape[1] / width, part.shape[0] / height])
        part = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        # centre of a small pixel x lies at (x + 0.5) * shrink - 0.5 in the large picture
        shift = local[:, 2] + local[:, :2] @ ((shrink - 1) / 2)
        local = np.column_stack([local[:, :2] * shrink, shift])
    return cv2.warpAffine(part, local, (size, size), flags=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
