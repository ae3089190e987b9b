"""The London pictures as a class of 60 in hard pictures: smiling faces scaled, noisy, squeezed and partly covered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from bridge_agent.capture.frame import Picture
from bridge_agent.recognition.identity import Identities
from bridge_agent.recognition.sweep import sweep
from bridge_agent.recognition.track import Seen
from bridge_agent.recognition.watcher import limits
from models.faces.encode import Encoder
from models.faces.engine import FaceEngine
from models.faces.match import Gallery, assign
from models.faces.portraits import enrol, read_picture
from tests.bridge_agent.judging import people

SIZE = (1920, 1080)
_AROUND = (2.3, 2.9)
"""How much of a portrait is shown, in face widths: the head with its hair and neck."""


@dataclass(frozen=True)
class Portrayal:
    """Somebody's smiling portrait, and where its face is: centre and width in px."""

    name: str
    picture: Picture
    centre: tuple[float, float]
    width: float


@dataclass(frozen=True)
class Spoilt:
    """How a look is spoilt: noise (grey levels), JPEG quality, and which part of the face is covered ("", "mouth" as
    by a mask pulled up to the lip, "cheek" as by a hand, "hair" as by a fringe over the brow)."""  # fmt: skip

    noise: float
    jpeg: int
    covered: str = ""


_COVERS = {"mouth": (-0.5, 0.34, 0.5, 0.7), "cheek": (0.18, -0.1, 0.6, 0.7), "hair": (-0.55, -0.75, 0.55, -0.32)}
"""left, top, right, bottom from the centre of the face, in face widths."""


def class_of(shared: Path, engine: FaceEngine) -> tuple[Gallery, list[Portrayal]]:
    """Everybody: enrolled with the neutral picture, seen with the smiling one."""
    who = people(shared, 0, 60)
    gallery, problems = enrol({person.name: person.enrol for person in who}, engine)
    assert problems == []
    shown = []
    for person in who:
        picture = read_picture(person.shown)
        scale = 640 / max(picture.shape[:2])
        small = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        x, y, width, height = max(engine.detect(small), key=lambda face: face.width).box
        shown.append(Portrayal(person.name, small, (x + width / 2, y + height / 2), width))
    return gallery, shown


def rooms(shown: Sequence[Portrayal], width: float, spoilt: Spoilt, seed: int) -> list[tuple[Picture, list[str]]]:
    """Full HD pictures with all these people, faces `width` px wide, and who is in each, row by row."""
    rng = np.random.default_rng(seed)
    across, down = round(_AROUND[0] * width), round(_AROUND[1] * width)
    columns, rows = SIZE[0] // across, SIZE[1] // down
    out = []
    for first in range(0, len(shown), columns * rows):
        room = np.full((SIZE[1], SIZE[0], 3), 110, np.uint8)
        here = shown[first : first + columns * rows]
        for n, person in enumerate(here):
            left, top = (n % columns) * across, (n // columns) * down
            room[top : top + down, left : left + across] = _head(person, width, (across, down), spoilt.covered, rng)
        noisy = np.clip(room + rng.normal(0, spoilt.noise, room.shape), 0, 255).astype(np.uint8)
        _, squeezed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, spoilt.jpeg])
        picture = cv2.imdecode(squeezed, cv2.IMREAD_COLOR)
        assert picture is not None
        out.append((np.asarray(picture, np.uint8), [person.name for person in here]))
    return out


@dataclass(frozen=True)
class Look:
    """What one sweep made of one person."""

    who: str
    seen: Seen
    alike: dict[str, float]


def looks(
    engine: FaceEngine, gallery: Gallery, shown: Sequence[Portrayal], width: float, ways: Sequence[Spoilt]
) -> list[list[Look]]:
    """A sweep for each way of spoiling the pictures: what it made of everybody whose face was found, a second apart."""
    across, down = round(_AROUND[0] * width), round(_AROUND[1] * width)
    columns = SIZE[0] // across
    out = []
    for second, how in enumerate(ways):
        sweep_of: list[Look] = []
        for picture, names in rooms(shown, width, how, seed=round(width) + second):
            found = sweep(second * 1000, picture, engine, gallery)
            for seen, alike in zip(found.faces, found.likeness, strict=True):
                x, y = seen.place[0] * SIZE[0], seen.place[1] * SIZE[1]
                place = int(y // down) * columns + int(x // across)
                if place < len(names):
                    sweep_of.append(Look(names[place], seen, alike))
        out.append(sweep_of)
    return out


def given(sweeps: Sequence[Sequence[Look]], encoder: Encoder) -> set[str]:
    """The names that the rules of a room give to faces of these sweeps, each seen in its place from sweep to sweep."""
    identities = Identities(limits(encoder))
    names: set[str] = set()
    for second, faces in enumerate(sweeps):
        outcome = identities.sweep(second * 1000, [face.seen for face in faces], [face.alike for face in faces])
        names |= {sighting.learner for sighting in outcome.sightings}
    return names


def as_stranger(sweeps: Sequence[Sequence[Look]], who: str, encoder: Encoder) -> list[list[Look]]:
    """The same person's looks before a class that knows everybody else."""
    out = []
    for faces in sweeps:
        alone = []
        for face in faces:
            if face.who != who:
                continue
            others = {name: score for name, score in face.alike.items() if name != who}
            row = np.array([list(others.values())], np.float32)
            vote = int(assign(row, encoder.threshold, encoder.margin)[0]) if others else -1
            name = list(others)[vote] if vote >= 0 else None
            alone.append(Look(who, replace(face.seen, vote=name), others))
        out.append(alone)
    return out


def _head(person: Portrayal, width: float, size: tuple[int, int], covered: str, rng: np.random.Generator) -> Picture:
    scale = width / person.width
    at = (size[0] / 2 + rng.uniform(-0.03, 0.03) * width, 0.5 * size[1] + rng.uniform(-0.03, 0.03) * width)
    small = cv2.resize(person.picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    move = np.array([[1, 0, at[0] - person.centre[0] * scale], [0, 1, at[1] - person.centre[1] * scale]], np.float64)
    out = np.asarray(cv2.warpAffine(small, move, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if covered:
        left, top, right, bottom = (round(v * width) for v in _COVERS[covered])
        x, y = round(at[0]), round(at[1])
        colour = {"mouth": (190, 180, 120), "cheek": (120, 150, 190), "hair": (40, 40, 45)}[covered]
        out[max(0, y + top) : y + bottom, max(0, x + left) : x + right] = colour
    return out
