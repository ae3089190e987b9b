"""Turning faces into vectors that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.align import chip, similarity
from models.faces.compared import COMPARED
from models.faces.detect import Face
from models.faces.dlib_geometry import CHIP, PADDING, dlib_box
from models.faces.match import Metric
from models.faces.runtime import FivePoints, Network, Precision

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]


class Encoder(Protocol):
    """What turns faces into vectors, with the scores from which a match counts.

    `threshold` holds for people known to sit in the room, `strict_threshold` where strangers may come (check-in);
    `margin` is by how much the next likely learner must trail. All are scores as `models.faces.match.scores` gives.
    """

    @property
    def name(self) -> str:
        """The name that templates carry."""
        ...

    @property
    def metric(self) -> Metric:
        """How vectors are compared."""
        ...

    @property
    def length(self) -> int:
        """How many numbers a vector has."""
        ...

    @property
    def threshold(self) -> float:
        """The score from which a match counts in seated presence."""
        ...

    @property
    def strict_threshold(self) -> float:
        """The score from which a match counts where strangers may come."""
        ...

    @property
    def margin(self) -> float:
        """By how much the next likely learner must trail."""
        ...

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        """The vectors (n, d) of the n faces in the picture `bgr` (h, w, 3)."""
        ...


class IntelEncoder:
    """face-reidentification-retail-0095 (Intel Open Model Zoo 2023.0): 256 numbers of length 1, cosine.

    Thresholds: measured on 2.17 M impostor pairs of LFW and on East Asian faces; at 0.50 a stranger before a class of
    30 is taken for a learner once in 1,000 times, 0.45 is for faces that were checked in before.

    Args:
        weights: face-reidentification-retail-0095.xml, its .bin beside it.
        threads: cores to use.
        precision: see `Network`.
    """

    name = "face-reidentification-retail-0095"
    metric: Metric = "cosine"
    length = 256
    threshold = 0.45
    strict_threshold = COMPARED["face-reidentification-retail-0095"].door
    margin = 0.05
    _SIZE: Final = 128
    # The five points in the chip: the model's page in Open Model Zoo, as shares of its side.
    _POINTS: Final = np.array(
        [
            [0.31556875, 0.46157411],
            [0.68262292, 0.46157411],
            [0.50026250, 0.64050536],
            [0.34947188, 0.82469196],
            [0.65343646, 0.82469196],
        ]
    )

    def __init__(self, weights: Path, *, threads: int = 2, precision: Precision = "native") -> None:
        self._network = Network(weights, size=(self._SIZE, self._SIZE), threads=threads, precision=precision)

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        """The vectors (n, 256) of the faces in `bgr` (h, w, 3)."""
        if not faces:
            return np.zeros((0, 256), np.float32)
        target = self._POINTS * self._SIZE
        chips = np.stack([chip(bgr, similarity(face.points, target), self._SIZE) for face in faces])
        vectors = self._network.run_batch(chips).reshape(len(faces), -1)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


class DlibEncoder:
    """dlib's face recognition ResNet, run as ONNX: 128 numbers, compared by distance; score = 1 - distance.

    The threshold is a distance of 0.45, never the usual 0.6: at 0.6 it takes 39 % of East Asian pairs of different
    people for the same person, at 0.45 0.7 %.

    Args:
        weights: the converted network (models.faces.dlib_onnx).
        points: shape_predictor_5_face_landmarks.dat.
        threads: cores to use.
        precision: see `Network`.
    """

    name = "dlib-resnet-v1"
    metric: Metric = "distance"
    length = 128
    threshold = 1 - 0.45
    strict_threshold = COMPARED["dlib-resnet-v1"].door
    margin = 0.03

    def __init__(self, weights: Path, points: Path, *, threads: int = 2, precision: Precision = "native") -> None:
        self._network = Network(weights, size=(CHIP, CHIP), rgb=True, threads=threads, precision=precision)
        self._points = FivePoints(points)

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        """The vectors (n, 128) of the faces in `bgr` (h, w, 3)."""
        if not faces:
            return np.zeros((0, 128), np.float32)
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        chips = self._points.chips(rgb, [dlib_box(face.box) for face in faces], CHIP, PADDING)
        return self._network.run_batch(np.ascontiguousarray(chips[..., ::-1]))
