"""Making a gallery from portraits: a folder with NAME.jpg or NAME/*.jpg for each learner."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.detect import Face
from models.faces.engine import FaceEngine
from models.faces.errors import (
    FaceTooSmallError,
    NoFaceError,
    PictureUnreadableError,
    PortraitsError,
    PortraitsMissingError,
    SeveralFacesError,
)
from models.faces.match import Gallery, Template, average, gallery

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]
Progress = Callable[[str, int, int], None]  # learner, how many are done, how many there are

_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png"})
# From this width on a single face identifies; old card pictures are often not much wider.
_NARROWEST: Final = 48.0
# A second face up to this share of the first one's width is background; a wider one is a second sitter.
_BACKGROUND: Final = 1 / 3
# Faces are looked for at this size: a detector sees up to about 500 px wide faces, a phone's portrait has 2,000.
_LONGEST: Final = 1280


def read_portraits(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each learner, by name (Unicode NFC) in alphabetical order.

    `folder` holds NAME.jpg, or NAME/ with any number of .jpg, .jpeg or .png; both at once are put together. Hidden
    files and other suffixes are passed over.

    Raises:
        PortraitsMissingError: no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise PortraitsMissingError(str(folder), empty=False)
    found: dict[str, list[Path]] = {}
    for entry in sorted(folder.iterdir()):
        pictures = sorted(entry.iterdir()) if entry.is_dir() else [entry]
        name = unicodedata.normalize("NFC", entry.name if entry.is_dir() else entry.stem).strip()
        for picture in pictures:
            if picture.suffix.lower() in _SUFFIXES and not picture.name.startswith(".") and picture.is_file():
                found.setdefault(name, []).append(picture)
    if not found:
        raise PortraitsMissingError(str(folder), empty=True)
    return dict(sorted(found.items()))


KEPT_PX = 640
"""A portrait that is kept is no larger: enough for a person to compare faces."""


def read_picture(path: Path) -> Picture:
    """The BGR picture (h, w, 3) in a file, upright as its EXIF orientation says.

    Raises:
        PictureUnreadableError: no such file, or no picture in it.
    """
    try:
        data = np.fromfile(path, np.uint8)  # cv2.imread fails on Windows where the path has Vietnamese letters
    except OSError as error:
        raise PictureUnreadableError(str(path)) from error
    return decode_picture(data.tobytes(), str(path))


def decode_picture(data: bytes, where: str) -> Picture:
    """As `read_picture`, from a file's bytes; `where` is what an error calls it."""
    if data:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is not None:
            return np.asarray(picture, np.uint8)
    raise PictureUnreadableError(where)


def sitter(picture: Picture, where: str, engine: FaceEngine) -> Face:
    """The face of the one person in a portrait (h, w, 3 BGR).

    More than one face is refused, unless all others are narrower than a third of the widest: background.

    Raises:
        NoFaceError, SeveralFacesError, FaceTooSmallError: with `where` in the sentence.
    """
    faces = sorted(_faces(picture, engine), key=lambda face: face.width, reverse=True)
    if not faces:
        raise NoFaceError(where)
    sitters = [face for face in faces if face.width > faces[0].width * _BACKGROUND]
    if len(sitters) > 1:
        raise SeveralFacesError(where, len(sitters))
    if faces[0].width < _NARROWEST:
        raise FaceTooSmallError(where, int(faces[0].width), int(_NARROWEST))
    return faces[0]


def portrait_vector(picture: Picture, where: str, engine: FaceEngine) -> Floats:
    """The vector (d,) of the one person in a portrait; raises as `sitter` does."""
    vector: Floats = engine.encode(picture, [sitter(picture, where, engine)])[0]
    return vector


def face_jpeg(picture: Picture, face: Face, most: int | None = None) -> bytes:
    """The face with half its size as a margin on each side, as far as the picture goes, at most KEPT_PX; a JPEG.

    most: bytes that it may have; it is made smaller until it has no more. Nothing where the face lies outside of the
    picture, as a detector may have it beyond an edge.
    """
    height, width = picture.shape[:2]
    x, y, w, h = face.box
    left, right = (min(max(0, int(edge)), width) for edge in (x - w / 2, x + 1.5 * w))
    top, bottom = (min(max(0, int(edge)), height) for edge in (y - h / 2, y + 1.5 * h))
    crop = picture[top:bottom, left:right]
    if not crop.size:
        return b""
    scale = min(1.0, KEPT_PX / max(crop.shape[:2]))
    while True:
        small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else crop
        _, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, 90))
        if most is None or len(jpeg) <= most:
            return jpeg.tobytes()
        scale *= 0.75


def _faces(picture: Picture, engine: FaceEngine) -> list[Face]:
    """The faces of a portrait, in its own pixels, found at a size that suits the detectors."""
    scale = min(1.0, _LONGEST / max(picture.shape[:2]))
    for factor in (scale, scale / 3):
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else picture
        faces = engine.detect(np.asarray(small, np.uint8))
        if faces:
            return [
                Face(
                    (face.box[0] / factor, face.box[1] / factor, face.box[2] / factor, face.box[3] / factor),
                    face.points / np.float32(factor),
                    face.confidence,
                )
                for face in faces
            ]
    return []


def enrol(
    portraits: Mapping[str, Sequence[Path]], engine: FaceEngine, progress: Progress | None = None
) -> tuple[Gallery, list[PortraitsError]]:
    """The gallery of all learners who have at least one usable portrait, and what was wrong with the others."""
    templates: list[Template] = []
    problems: list[PortraitsError] = []
    encoder = engine.encoder
    for done, (learner, paths) in enumerate(portraits.items(), 1):
        vectors = []
        for path in paths:
            try:
                vectors.append(portrait_vector(read_picture(path), str(path), engine))
            except PortraitsError as error:
                problems.append(error)
        if vectors:
            vector = average(np.stack(vectors), encoder.metric)
            templates.append(Template(learner, vector, encoder.name, len(vectors)))
        if progress:
            progress(learner, done, len(portraits))
    return gallery(templates, encoder.name, encoder.metric), problems
