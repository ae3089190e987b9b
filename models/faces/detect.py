"""Finding faces in a picture."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.dlib_geometry import face_box, yunet_points
from models.faces.runtime import FivePoints, Hog, Network, Precision

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Face:
    """A face in a picture, all in its pixels.

    `box` is x, y, width, height as YuNet draws it (ear to ear, hairline to chin), also from other detectors, so that
    widths mean the same. `points` (5, 2) are the two eyes, the nose, the two mouth corners, each pair from left to
    right in the picture. `confidence` compares faces of one detector only.
    """

    box: Box
    points: Floats
    confidence: float

    @property
    def width(self) -> float:
        """The width of the box in pixels: what decides whether a face can be identified (from 48 on)."""
        return self.box[2]


class Detector(Protocol):
    """What finds faces in a BGR picture (h, w, 3), the most certain first."""

    @property
    def name(self) -> str:
        """The detector's name for settings and reports."""
        ...

    def detect(self, bgr: Picture) -> list[Face]:
        """The faces in `bgr` (h, w, 3)."""
        ...


class YuNetDetector:
    """YuNet through OpenVINO (W. Wu, H. Peng, S. Yu, YuNet: a tiny millisecond-level face detector, 2023).

    Same boxes as cv2.FaceDetectorYN, 1.3 to 2.8 times faster (deploy/decisions/0002).

    Args:
        weights: yunet_n_dynamic.onnx.
        confidence: faces under it are dropped; sqrt(class x objectness), 0 to 1.
        smallest_face: narrower boxes are dropped, px.
        threads: cores to use.
        precision: see `Network`.
    """

    name = "yunet"
    _STRIDES: Final = (8, 16, 32)
    _OVERLAP: Final = 0.3  # boxes with a greater intersection over union are one face; FaceDetectorYN's default
    _MOST: Final = 5000  # candidates that enter the suppression; FaceDetectorYN's default

    def __init__(
        self,
        weights: Path,
        *,
        confidence: float = 0.6,
        smallest_face: float = 10,
        threads: int = 2,
        precision: Precision = "native",
    ) -> None:
        self._network = Network(weights, size=(-1, -1), batch=1, threads=threads, precision=precision)
        self._confidence = confidence
        self._smallest = smallest_face

    def detect(self, bgr: Picture) -> list[Face]:
        """The faces in `bgr` (h, w, 3), the most certain first."""
        height, width = bgr.shape[:2]
        padded = cv2.copyMakeBorder(bgr, 0, -height % 32, 0, -width % 32, cv2.BORDER_CONSTANT)
        outputs = [f"{head}_{stride}" for stride in self._STRIDES for head in ("cls", "obj", "bbox", "kps")]
        heads = self._network.run(np.asarray(padded, np.uint8)[None], outputs)
        found = [
            self._decode(stride, padded.shape[1] // stride, *heads[4 * i : 4 * i + 4])
            for i, stride in enumerate(self._STRIDES)
        ]
        rows = np.concatenate(found)
        keep = cv2.dnn.NMSBoxes(
            rows[:, :4].tolist(), rows[:, 14].tolist(), self._confidence, self._OVERLAP, top_k=self._MOST
        )
        return [
            Face((float(r[0]), float(r[1]), float(r[2]), float(r[3])), r[4:14].reshape(5, 2).copy(), float(r[14]))
            for r in rows[np.asarray(keep, int).ravel()]
            if r[2] >= self._smallest
        ]

    def _decode(self, stride: int, columns: int, cls: Floats, obj: Floats, bbox: Floats, kps: Floats) -> Floats:
        """The candidates (n, 15) of one head: box, points, confidence. The cell's corner is the origin, no anchors."""
        certainty = np.sqrt(np.clip(cls[0, :, 0], 0, 1) * np.clip(obj[0, :, 0], 0, 1))
        cells = np.flatnonzero(certainty >= self._confidence)
        origin = np.stack([cells % columns, cells // columns], axis=1).astype(np.float32)
        centre = (origin + bbox[0, cells, :2]) * stride
        size = np.exp(bbox[0, cells, 2:]) * stride
        points = (kps[0, cells].reshape(-1, 5, 2) + origin[:, None]) * stride
        return np.hstack([centre - size / 2, size, points.reshape(-1, 10), certainty[cells, None]])


class DlibDetector:
    """dlib's HOG detector, 2 to 3.7 times faster than face_recognition calls it (1080p, busy 2-core PC).

    The picture is grey and enlarged only as far as the smallest wanted face needs; strips run on a thread each. A
    strip overlaps the next by more than two windows; larger faces are found in the whole picture at half size.

    Args:
        points: shape_predictor_5_face_landmarks.dat.
        smallest_face: the narrowest face that must be found, px (width as in `Face`); time grows with 1 / its square.
        threads: strips at once.
    """

    name = "dlib"
    _OVERLAP: Final = 200  # px of the enlarged picture

    def __init__(self, points: Path, *, smallest_face: float = 60, threads: int = 2) -> None:
        self._points = FivePoints(points)
        self._detectors = [Hog() for _ in range(threads)]
        # dlib's box is 1.08 times as wide as YuNet's (median of 188 pictures, see dlib_geometry)
        self._scale = Hog.WINDOW / (1.08 * smallest_face)

    def detect(self, bgr: Picture) -> list[Face]:
        """The faces in `bgr` (h, w, 3), the most certain first."""
        gray = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        large = _resized(gray, self._scale)
        rows = self._whole(large)
        if not len(rows):
            return []
        boxes, scores = rows[:, :4] / self._scale, rows[:, 4]
        corners = [(float(b[0]), float(b[1]), float(b[2] - b[0]), float(b[3] - b[1])) for b in boxes]
        keep = np.asarray(cv2.dnn.NMSBoxes(corners, scores.tolist(), 0.0, 0.3), int).ravel()
        landmarks = self._points.points(gray, boxes[keep].tolist())
        return [
            Face(face_box(boxes[i]), yunet_points(five), float(scores[i]))
            for i, five in zip(keep, landmarks, strict=True)
        ]

    def _whole(self, gray: Picture) -> NDArray[np.float64]:
        """dlib's boxes (n, 5: left, top, right, bottom, score) in the enlarged picture."""
        count = min(len(self._detectors), gray.shape[0] // (2 * self._OVERLAP))
        if count < 2:
            return np.array(self._detectors[0].run(gray), np.float64).reshape(-1, 5)
        edges = np.linspace(0, gray.shape[0], count + 1).astype(int)
        tops = [max(0, edge - self._OVERLAP // 2) for edge in edges[:-1]]
        ends = [min(gray.shape[0], edge + self._OVERLAP // 2) for edge in edges[1:]]
        with ThreadPoolExecutor(count) as pool:
            strips = [gray[top:end] for top, end in zip(tops, ends, strict=True)]
            found = list(pool.map(Hog.run, self._detectors, strips))
        rows = [
            (left, top + shift, right, bottom + shift, score)
            for shift, strip in zip(tops, found, strict=True)
            for left, top, right, bottom, score in strip
        ]
        half = self._detectors[0].run(_resized(gray, 0.5))
        rows += [(left * 2, top * 2, right * 2, bottom * 2, score) for left, top, right, bottom, score in half]
        return np.array(rows, np.float64).reshape(-1, 5)


def _resized(gray: Picture, scale: float) -> Picture:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(gray, None, fx=scale, fy=scale, interpolation=how), np.uint8)
