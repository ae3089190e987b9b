"""Faces: the sweep of a classroom's 1080p picture, ours beside face_recognition's own calls in the same run.

The classroom is composed from 30 portraits (../shared/pictures/london, or the folder that DIEMDANH_PICTURES names),
each with a face 60 to 120 pixels wide. Networks are sought where the product would, and in ../shared/weights.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.faces.dlib_geometry import face_box
from models.faces.engine import FaceEngine, FaceProfile, load_engine
from models.faces.match import Gallery, assign, scores
from models.faces.portraits import enrol, read_picture
from models.faces.weights import missing
from tests.benchmarks.measure import Measure, median_ms

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]

SHARED = Path(__file__).resolve().parents[3] / "shared"
LEARNERS, COLUMNS, ROWS = 30, 6, 5
WIDTH, HEIGHT = 1920, 1080
RUNS, ROUNDS = 5, 3
# How many times faster than face_recognition's calls a sweep must be.
GOAL_WITH_WEIGHTS, GOAL_WITHOUT = 18.0, 4.0
GOAL_SWEEP_MS = 100.0


def run() -> Iterator[Measure]:
    """With the weights (where they are at hand) and without: detector, encoder, the whole sweep beside the baseline."""
    folder = Path(os.environ.get("DIEMDANH_PICTURES") or SHARED / "pictures" / "london")
    paths = sorted(folder.glob("*_neutral.jpg"))[:LEARNERS] or sorted(folder.glob("*.jpg"))[:LEARNERS]
    if len(paths) < LEARNERS:
        print(f"# faces: left out, {folder} holds no {LEARNERS} portraits", file=sys.stderr)
        return
    with _weights(SHARED / "weights"):
        if missing():
            print("# faces: the lines with the weights are left out, they are not on this PC", file=sys.stderr)
        else:
            yield from _measures("weights", FaceProfile("yunet", "intel"), paths, GOAL_WITH_WEIGHTS)
    yield from _measures("without weights", FaceProfile("dlib", "dlib"), paths, GOAL_WITHOUT)


@contextmanager
def _weights(folder: Path) -> Iterator[None]:
    """Looks for weights in `folder` too, unless the person who runs this named a folder."""
    named = os.environ.get("DIEMDANH_WEIGHTS")
    if not named and folder.is_dir():
        os.environ["DIEMDANH_WEIGHTS"] = str(folder)
    try:
        yield
    finally:
        if not named:
            os.environ.pop("DIEMDANH_WEIGHTS", None)


def _measures(kind: str, profile: FaceProfile, paths: list[Path], goal: float) -> Iterator[Measure]:
    engine = load_engine(profile)
    room, seats = classroom(paths, engine)
    gallery, problems = enrol({path.stem: [path] for path in paths}, engine)
    if problems:
        raise RuntimeError(f"{len(problems)} portraits are unfit: {problems[0]}")
    faces = engine.detect(room)
    detector, encoder = engine.detector.name, engine.encoder.name
    detect = median_ms(lambda: engine.detect(room), RUNS)
    yield Measure(f"faces, {detector}: detect, 1080p with {LEARNERS} faces", detect, "ms")
    encode = median_ms(lambda: engine.encode(room, faces), RUNS) / len(faces)
    yield Measure(f"faces, {encoder}: encode, a face", encode, "ms")
    named = sum(index >= 0 for index in sweep(engine, gallery, room))
    found = _covered(seats, [face.box for face in faces])
    theirs_found = _covered(seats, reference_boxes(room))
    ours, theirs = quietest_ms(lambda: sweep(engine, gallery, room), lambda: reference_sweep(room))
    ratio = theirs / ours
    yield Measure(f"faces, {kind}: sweep against face_recognition", ours, "ms", theirs, ratio, goal, ratio >= goal)
    if kind == "weights":
        yield Measure("faces, weights: sweep", ours, "ms", goal=GOAL_SWEEP_MS, ok=ours <= GOAL_SWEEP_MS)
    both = found == theirs_found == LEARNERS
    yield Measure(f"faces, {kind}: seats found", found, "faces", theirs_found, goal=LEARNERS, ok=both)
    yield Measure(f"faces, {kind}: learners named", named, "learners", goal=LEARNERS, ok=named == LEARNERS)


def quietest_ms(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """The shortest time of each in ms, taken in turns: what else runs on the PC can only make a time longer."""

    def once(work: Callable[[], object]) -> float:
        begin = time.perf_counter()
        work()
        return (time.perf_counter() - begin) * 1000

    ours()
    pairs = [(min(once(ours) for _ in range(RUNS)), once(theirs)) for _ in range(ROUNDS)]
    return min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)


def classroom(paths: list[Path], engine: FaceEngine) -> tuple[Picture, list[Box]]:
    """A 1080p picture with a portrait in each of 30 cells, and the face's box in each; widths go from 60 to 120 px."""
    room = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    cell_w, cell_h = WIDTH // COLUMNS, HEIGHT // ROWS
    seats: list[Box] = []
    for place, (path, width) in enumerate(zip(paths, np.linspace(60, 120, LEARNERS), strict=True)):
        picture = read_picture(path)
        face = max(engine.detect(picture), key=lambda face: face.width)
        factor = float(width) / face.width
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        small = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how), np.uint8)
        x, y, w, h = (side * factor for side in face.box)
        # the window of the cell's size around the face, as far as the portrait reaches
        left, top = max(0, int(x + w / 2 - cell_w / 2)), max(0, int(y + h / 2 - cell_h / 2))
        part = small[top : top + cell_h, left : left + cell_w]
        row, column = divmod(place, COLUMNS)
        room[row * cell_h : row * cell_h + part.shape[0], column * cell_w : column * cell_w + part.shape[1]] = part
        seats.append((column * cell_w + x - left, row * cell_h + y - top, w, h))
    return room, seats


def sweep(engine: FaceEngine, gallery: Gallery, room: Picture) -> list[int]:
    """What the agent does with one picture: who sits where."""
    vectors = engine.encode(room, engine.detect(room))
    return [int(i) for i in assign(scores(gallery, vectors), engine.encoder.threshold, engine.encoder.margin)]


def reference_sweep(room: Picture) -> None:
    """The same with face_recognition as its README says: locations at upsample 1, then encodings (no matching)."""
    import face_recognition

    rgb = np.ascontiguousarray(room[..., ::-1])
    face_recognition.face_encodings(rgb, face_recognition.face_locations(rgb, 1))


def reference_boxes(room: Picture) -> list[Box]:
    """The boxes of face_recognition's detector, drawn as ours."""
    import face_recognition

    places = face_recognition.face_locations(np.ascontiguousarray(room[..., ::-1]), 1)
    return [face_box((left, top, right, bottom)) for top, right, bottom, left in places]


def _covered(seats: list[Box], boxes: list[Box]) -> int:
    """How many seats have a box whose middle lies in the face."""
    middles = [(x + w / 2, y + h / 2) for x, y, w, h in boxes]
    return sum(any(x < mx < x + w and y < my < y + h for mx, my in middles) for x, y, w, h in seats)
