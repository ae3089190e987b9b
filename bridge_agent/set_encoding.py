"""Pictures of people in files to vectors: the main face of each, and a note of every file that could not be used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.detect import Face
from models.faces.engine import FaceEngine
from models.faces.errors import PictureUnreadableError
from models.faces.portraits import read_picture

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]

_LONGEST: Final = 1280
"""Faces are looked for at this size at most: the detectors see faces up to about 500 px wide."""
_EDGE: Final = 0.5
"""The frame put around a picture that a face fills: this part of its size on each side."""
_RIVAL: Final = 0.6
"""Another face of this part of the widest one's width could be meant as well."""
_SMALL: Final = 48.0
_AHEAD: Final = 16


@dataclass(slots=True)
class Encoded:
    """The vector (d,) of each file that shows a face, and the files that were odd, by what was odd."""

    vectors: dict[Path, Floats] = field(default_factory=dict)
    unreadable: list[Path] = field(default_factory=list)
    without_face: list[Path] = field(default_factory=list)
    several_faces: list[Path] = field(default_factory=list)
    """Used: of faces about as large as the largest the one nearest to the middle."""
    small_faces: list[Path] = field(default_factory=list)
    """Used, though under 48 px wide."""


def encode_files(paths: Sequence[Path], engine: FaceEngine, progress: Progress) -> Encoded:
    """The vectors of all these files. `progress` is told how many are done, and of how many."""
    encoded = Encoded()
    for done, (path, picture) in enumerate(_pictures(paths), 1):
        if picture is None:
            encoded.unreadable.append(path)
        elif not (faces := faces_of(picture, engine)):
            encoded.without_face.append(path)
        else:
            face, rivals = main_face(faces, picture)
            if rivals:
                encoded.several_faces.append(path)
            if face.width < _SMALL:
                encoded.small_faces.append(path)
            encoded.vectors[path] = engine.encode(picture, [face])[0]
        progress(done, len(paths))
    return encoded


def faces_of(picture: Picture, engine: FaceEngine) -> list[Face]:
    """The faces (in the picture's own pixels), also where one fills it, or is very large or very small."""
    height, width = picture.shape[:2]
    if min(height, width) < 8:
        return []
    fit = min(1.0, _LONGEST / max(height, width))
    for scale, edge in ((fit, 0.0), (fit, _EDGE), (fit / 3, 0.0), (min(2.0, _LONGEST / max(height, width)), _EDGE)):
        frame = (round(height * scale * edge), round(width * scale * edge))
        seen = picture
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            seen = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how), np.uint8)
        if edge:
            seen = np.asarray(
                cv2.copyMakeBorder(seen, frame[0], frame[0], frame[1], frame[1], cv2.BORDER_REPLICATE), np.uint8
            )
        if min(seen.shape[:2]) < 16:
            continue
        if faces := engine.detect(seen):
            return [_back(face, scale, frame) for face in faces]
    return []


def main_face(faces: Sequence[Face], picture: Picture) -> tuple[Face, int]:
    """The face that a portrait is of, and how many others could be meant.

    Of those nearly as wide as the widest the one nearest to the picture's middle: in most sets that is the named one.
    """
    widest = max(face.width for face in faces)
    large = [face for face in faces if face.width >= _RIVAL * widest]
    height, width = picture.shape[:2]

    def off(face: Face) -> float:
        x, y, w, h = face.box
        return float(np.hypot(x + w / 2 - width / 2, y + h / 2 - height / 2))

    return min(large, key=off), len(large) - 1


def _back(face: Face, scale: float, frame: tuple[int, int]) -> Face:
    x, y, w, h = face.box
    top, left = frame
    box = ((x - left) / scale, (y - top) / scale, w / scale, h / scale)
    return Face(box, np.asarray((face.points - np.array([left, top])) / scale, np.float32), face.confidence)


def _pictures(paths: Sequence[Path]) -> Iterator[tuple[Path, Picture | None]]:
    """Each file's picture in order, read a few ahead by another thread; None where it can't be read."""
    with ThreadPoolExecutor(1) as pool:
        ahead: deque[tuple[Path, Future[Picture | None]]] = deque()
        for path in paths:
            ahead.append((path, pool.submit(_read, path)))
            if len(ahead) >= _AHEAD:
                first, reading = ahead.popleft()
                yield first, reading.result()
        for first, reading in ahead:
            yield first, reading.result()


def _read(path: Path) -> Picture | None:
    try:
        return read_picture(path)
    except (PictureUnreadableError, cv2.error):  # OpenCV raises on pictures of more than a billion pixels
        return None
