"""The face_recognition package as it is: what our own detectors and encoders are measured against.

Importing it loads dlib's 68-point predictor, whose training data are for non-commercial use: only tests, benchmarks and
a profile that asks for it come here.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.compared import COMPARED
from models.faces.detect import Face
from models.faces.dlib_geometry import dlib_box, face_box, yunet_points
from models.faces.match import Metric

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


class ReferenceDetector:
    """face_recognition.face_locations: dlib's HOG detector.

    Args:
        upsample: how many times the picture is doubled first; 1 finds faces from 40 px on.
    """

    name = "face_recognition"

    def __init__(self, *, upsample: int = 1) -> None:
        import face_recognition

        self._library = face_recognition
        self._upsample = upsample

    def detect(self, bgr: Picture) -> list[Face]:
        """The faces in `bgr` (h, w, 3); it gives no confidence, so each has 1."""
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        places = self._library.face_locations(rgb, self._upsample)
        shapes = self._library.face_landmarks(rgb, places, model="small")
        faces = []
        for (top, right, bottom, left), shape in zip(places, shapes, strict=True):
            # the package calls the eye at the right in the picture "right_eye": dlib's points 0 and 1
            five = np.array([*shape["right_eye"], *shape["left_eye"], *shape["nose_tip"]], np.float32)
            faces.append(Face(face_box((left, top, right, bottom)), yunet_points(five), 1.0))
        return faces


class ReferenceEncoder:
    """face_recognition.face_encodings, one face after the other; thresholds as for our own run of the same network."""

    name = "face_recognition"
    metric: Metric = "distance"
    length = 128
    threshold = 1 - 0.45
    strict_threshold = COMPARED["face_recognition"].door
    margin = 0.03

    def __init__(self) -> None:
        import face_recognition

        self._library = face_recognition

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        """The vectors (n, 128) of the faces in `bgr` (h, w, 3)."""
        if not faces:
            return np.zeros((0, 128), np.float32)
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        boxes = [tuple(round(side) for side in dlib_box(face.box)) for face in faces]
        places = [(top, right, bottom, left) for left, top, right, bottom in boxes]
        return np.array(self._library.face_encodings(rgb, places, model="small"), np.float32)
