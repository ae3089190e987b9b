"""Who stands before the desk's camera: the face that matters, measured finely; and the small picture that is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge_agent.capture.frame import Picture
from bridge_agent.recognition.advice import Advice, advice
from models.faces.detect import Detector, Face
from models.faces.pose import Pose, pose

SMALL_WIDTH: Final = 640
_FINE_BELOW: Final = 120
"""A face narrower than this in the small picture is looked at again in the large one: its points decide on turns."""
_FINE: Final = 160
"""px that it is wide then."""
_CENTRAL: Final = 0.5
"""A face at the picture's edge counts as so much narrower: whoever stands before the camera stands in its middle."""
_BYSTANDER: Final = 0.6
"""Faces up to this share of the first one's width are the room behind; wider ones are a second person at the desk."""


@dataclass(frozen=True, slots=True)
class Person:
    """The face before the camera, in the picture's own px."""

    face: Face
    pose: Pose

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Of the face: x, y, width, height in px."""
        return self.face.box


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the desk: the BGR picture at `at` (ms), small (at most SMALL_WIDTH wide), and who is there.

    faces: those that matter, the nearest first; the room behind is left out.
    """

    at: int
    picture: Picture
    small: Picture
    person: Person | None
    faces: tuple[Face, ...]

    @property
    def box(self) -> tuple[float, float, float, float] | None:
        """The face's box in shares of the picture."""
        if self.person is None:
            return None
        x, y, w, h = self.person.box
        height, width = self.picture.shape[:2]
        return x / width, y / height, w / width, h / height

    def advice(self, width: int, *, turned: bool = False) -> Advice | None:
        """What is wrong, as bridge_agent.recognition.advice; `width`: px that the face must have."""
        return advice(self.picture, self.faces, width=width, turned=turned)


def look(at: int, picture: Picture, detector: Detector) -> Look:
    """Look at the BGR `picture` taken at `at` (ms)."""
    small = smaller(picture)
    shrink = small.shape[1] / picture.shape[1]
    found = sorted(detector.detect(small), key=lambda face: -_nearness(face, small))
    near = [face for face in found if face.width >= found[0].width * _BYSTANDER]
    faces = tuple(_moved(face, 1 / shrink, np.zeros(2)) for face in near)
    if not faces:
        return Look(at, picture, small, None, ())
    first = faces[0]
    if shrink < 1 and near[0].width < _FINE_BELOW:
        first = _finer(picture, first, detector)
    at_pose = pose(first)
    return Look(at, picture, small, None if at_pose is None else Person(first, at_pose), (first, *faces[1:]))


def smaller(picture: Picture) -> Picture:
    """The picture, at most SMALL_WIDTH wide."""
    shrink = min(1.0, SMALL_WIDTH / picture.shape[1])
    if shrink == 1:
        return picture
    size = (SMALL_WIDTH, round(picture.shape[0] * shrink))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    wide = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    high = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    common = max(0.0, wide) * max(0.0, high)
    return common / max(one[2] * one[3] + other[2] * other[3] - common, 1e-9)


def _nearness(face: Face, picture: Picture) -> float:
    x, _, w, _ = face.box
    aside = abs((x + w / 2) / picture.shape[1] - 0.5) * 2
    return float(w * (1 - _CENTRAL * aside))


def _finer(picture: Picture, face: Face, detector: Detector) -> Face:
    """The same face found again in a cut-out of the large picture; as it was where it is not."""
    x, y, w, h = face.box
    half = max(w, h) * 1.3
    low = np.maximum(np.array([x + w / 2, y + h / 2]) - half, 0).astype(int)
    high = np.minimum(low + int(2 * half), picture.shape[1::-1])
    part = picture[low[1] : high[1], low[0] : high[0]]
    factor = _FINE / w
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    sized = np.asarray(cv2.resize(part, None, fx=factor, fy=factor, interpolation=how), np.uint8)
    again = [_moved(one, 1 / factor, low.astype(np.float64)) for one in detector.detect(sized)]
    best = max(again, key=lambda one: overlap(one.box, face.box), default=face)
    return best if overlap(best.box, face.box) > 0.3 else face


def _moved(face: Face, factor: float, by: NDArray[np.float64]) -> Face:
    x, y, w, h = (value * factor for value in face.box)
    points = np.asarray(face.points * factor + by, np.float32)
    return Face((x + float(by[0]), y + float(by[1]), w, h), points, face.confidence)
