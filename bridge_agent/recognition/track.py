"""Tracks: one for each person in view, held from sweep to sweep. Pure; who a track is, is identity.py's matter.

Seated people: a track is carried on by the face that overlaps its last box most and looks most like it (IoU + cosine,
Hungarian assignment: 0.04 ms for 40 x 40).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import lap
import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Box = tuple[float, float, float, float]

FORGET_MS: Final = 4_000
"""A track without a face for longer is over; a presence gap is bridged by the recorder, not by a track."""
_TOO_FAR: Final = 1.6
"""A face whose centre moved by more face widths in one sweep is not the same track: 15 cm faces, 0.24 m a second."""
_NO_MATCH: Final = 1e6


@dataclass(frozen=True, slots=True)
class Seen:
    """A face in one sweep. `vector`: None where it is too small to be encoded; `vote`: the learner whom it matches."""

    at: int
    box: Box
    vector: Vector | None
    frontal: bool
    vote: str | None
    score: float
    """Of the vote; without one, of the learner most like it."""
    place: tuple[float, float] = (0.5, 0.5)
    """The face's centre in shares of the picture's width and height."""

    @property
    def width(self) -> float:
        """The face's width in px."""
        return self.box[2]


@dataclass(slots=True)
class Track:
    """A person in view."""

    began: int
    sightings: list[Seen] = field(default_factory=list)
    """The last few."""
    seen: int = 0
    """How many there were in all."""
    learner: str | None = None
    confirmed_at: int = 0
    """When the name was last borne out by a vote."""

    @property
    def last(self) -> Seen:
        """The newest sighting."""
        return self.sightings[-1]

    def add(self, face: Seen, keep: int = 5) -> None:
        """Carry the track on with `face`."""
        self.sightings.append(face)
        del self.sightings[:-keep]
        self.seen += 1

    def begin_anew(self) -> None:
        """Lose the name and everything seen under it but the newest sighting."""
        self.learner = None
        del self.sightings[:-1]
        self.began, self.seen = self.last.at, 1


def match(tracks: list[Track], faces: list[Seen]) -> list[Track | None]:
    """For each face the track that it carries on, None where it begins a new one."""
    result: list[Track | None] = [None] * len(faces)
    if not tracks or not faces:
        return result
    cost = np.array([[_cost(track, face) for track in tracks] for face in faces])
    _, row_to_track, _ = lap.lapjv(np.minimum(cost, _NO_MATCH), extend_cost=True, cost_limit=_NO_MATCH / 2)
    for face, track in enumerate(row_to_track):
        if track >= 0:
            result[face] = tracks[track]
    return result


def _cost(track: Track, face: Seen) -> float:
    """0 (same place, same looks) to about 2; _NO_MATCH where they can't be one person."""
    last = track.last
    distance = np.hypot(*(np.subtract(_centre(last.box), _centre(face.box)))) / max(last.width, face.width)
    if distance > _TOO_FAR or not 0.6 < last.width / face.width < 1.6:
        return _NO_MATCH
    # A name is a better witness than a place: whoever changed seats takes the track along, or leaves it.
    if track.learner is not None and face.vote is not None and face.vote != track.learner:
        return 2.0 + float(distance)
    unlike = 0.5 if last.vector is None or face.vector is None else 1 - float(last.vector @ face.vector)
    return 1 - iou(last.box, face.box) + 0.5 * unlike


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes (x, y, width, height)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def _centre(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
