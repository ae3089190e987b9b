"""One look at one frame: faces found, encoded, and each compared with all learners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from bridge_agent.capture.frame import Picture
from bridge_agent.recognition.track import Box, Seen
from bridge_agent.recognition.zones import SMALL_PX
from models.faces.detect import Face
from models.faces.engine import FaceEngine
from models.faces.match import Gallery, assign, scores

_TURNED: Final = 0.375
"""Nose beside the eyes' middle by this part of the eye distance: about 30 degrees (80 degrees a unit)."""
_BOWED: Final = (0.25, 0.75)
"""Where the nose lies between eyes (0) and mouth (1) in a face that is neither raised nor bowed much."""


@dataclass(frozen=True, slots=True)
class Found:
    """The faces of one frame, and for each its score for every learner (empty where it was not encoded)."""

    faces: list[Seen]
    likeness: list[dict[str, float]]


def sweep(at: int, picture: Picture, engine: FaceEngine, gallery: Gallery) -> Found:
    """Find, encode and match all faces of the BGR `picture` taken at `at` (ms); those under SMALL_PX stay unencoded."""
    found = sorted(engine.detect(picture), key=lambda face: -face.width)
    clear = [face for face in found if face.width >= SMALL_PX]
    vectors = engine.encode(picture, clear)
    alike = scores(gallery, vectors)
    votes = assign(alike, engine.encoder.threshold, engine.encoder.margin)
    faces: list[Seen] = []
    likeness: list[dict[str, float]] = []
    height, width = picture.shape[:2]
    for i, face in enumerate(found):
        place = _place(face.box, width, height)
        if i >= len(clear):
            faces.append(Seen(at, face.box, None, False, None, -1.0, place))
            likeness.append({})
            continue
        vote = gallery.learners[votes[i]] if votes[i] >= 0 else None
        best = float(alike[i].max()) if alike.shape[1] else -1.0
        faces.append(Seen(at, face.box, _unit(vectors[i]), frontal(face), vote, best, place))
        likeness.append(dict(zip(gallery.learners, alike[i].tolist(), strict=True)))
    return Found(faces, likeness)


def frontal(face: Face) -> bool:
    """Whether the face looks towards the camera: what a look at it says can then be relied on."""
    left, right, nose, mouth_left, mouth_right = np.asarray(face.points, np.float64)
    eyes, mouth = (left + right) / 2, (mouth_left + mouth_right) / 2
    down = mouth - eyes
    height = float(down @ down)
    distance = float(np.hypot(*(right - left)))
    if height == 0 or distance == 0:
        return False
    along = float((nose - eyes) @ down) / height
    # Beside the line from the eyes to the mouth, so that a head leaning over still looks at the camera.
    beside = abs(float(down[0] * (nose - eyes)[1] - down[1] * (nose - eyes)[0])) / height**0.5 / distance
    return beside < _TURNED and _BOWED[0] < along < _BOWED[1]


def _place(box: Box, width: int, height: int) -> tuple[float, float]:
    return (box[0] + box[2] / 2) / width, (box[1] + box[3] / 2) / height


def _unit(
    vector: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), np.float32)
