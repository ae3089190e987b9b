from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.faces.detect import DlibDetector, YuNetDetector
from models.faces.engine import FaceEngine, FaceProfile
from models.faces.portraits import read_picture
from models.faces.reference import ReferenceDetector
from models.faces.weights import DLIB_POINTS, need

Picture = NDArray[np.uint8]
# People who look towards the camera in dlib's group pictures, counted by eye.
GROUPS = {"bald_guys.jpg": 24, "2009_004587.jpg": 2, "2008_002470.jpg": 6, "2007_007763.jpg": 7}


@pytest.fixture
def quiet_opencv() -> Iterator[None]:
    """FaceDetectorYN warns about its own back end at each start."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    yield
    cv2.utils.logging.setLogLevel(level)


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(width, 0) * max(height, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def test_yunet_gives_the_boxes_of_opencvs_own_wrapper(weights: Path, shared: Path, quiet_opencv: None) -> None:
    file = weights / "yunet_n_dynamic.onnx"
    ours = YuNetDetector(file, precision="f32", smallest_face=0)
    for path in sorted((shared / "pictures" / "groups").glob("*.jpg")):
        picture = read_picture(path)
        size = (picture.shape[1], picture.shape[0])
        _, rows = cv2.FaceDetectorYN.create(str(file), "", size, 0.6, 0.3, 5000).detect(picture)
        theirs = np.zeros((0, 15), np.float32) if rows is None else np.asarray(rows)
        found = ours.detect(picture)
        assert len(found) == len(theirs), path.name
        for face, row in zip(found, theirs, strict=True):
            assert np.allclose(face.box, row[:4], atol=0.01)
            assert np.allclose(face.points.ravel(), row[4:14], atol=0.01)
            assert face.confidence == pytest.approx(float(row[14]), abs=1e-4)


def test_the_cpus_own_precision_finds_the_same_people(weights: Path, shared: Path) -> None:
    file = weights / "yunet_n_dynamic.onnx"
    exact, native = YuNetDetector(file, precision="f32"), YuNetDetector(file)
    for name in GROUPS:
        picture = read_picture(shared / "pictures" / "groups" / name)
        sure = [face for face in exact.detect(picture) if face.confidence > 0.7]
        found = native.detect(picture)
        for face in sure:
            twin = max(found, key=lambda other, face=face: overlap(face.box, other.box))  # type: ignore[misc]
            assert overlap(face.box, twin.box) > 0.9
            assert np.abs(face.points - twin.points).max() < 0.05 * face.width


@pytest.mark.parametrize(("name", "people"), GROUPS.items())
def test_yunet_finds_everybody_in_a_group(intel: FaceEngine, shared: Path, name: str, people: int) -> None:
    faces = intel.detect(read_picture(shared / "pictures" / "groups" / name))
    assert len(faces) >= people
    for face in faces:
        eyes, nose, mouth = face.points[:2], face.points[2], face.points[3:]
        assert face.width == face.box[2] > 0 and face.points.dtype == np.float32
        assert eyes[0, 0] < eyes[1, 0] and mouth[0, 0] < mouth[1, 0]
        assert eyes[:, 1].mean() < nose[1] < mouth[:, 1].mean()


@pytest.mark.parametrize("name", ["london/001_neutral.jpg", "london/030_smiling.jpg", "groups/2009_004587.jpg"])
def test_dlibs_faces_lie_where_yunets_do(
    dlib_only: FaceEngine, intel: FaceEngine, shared: Path, resized: Callable[[Path, float], Picture], name: str
) -> None:
    picture = resized(shared / "pictures" / name, 0.9)
    sharp = intel.detect(picture)
    found = dlib_only.detect(picture)
    assert found
    for face in found:
        twin = max(sharp, key=lambda other, face=face: overlap(face.box, other.box))  # type: ignore[misc]
        assert overlap(face.box, twin.box) > 0.6
        assert np.abs(face.points - twin.points).max() < 0.16 * face.width


@pytest.mark.parametrize("width", [60, 75, 110])
def test_dlib_finds_faces_of_60_pixels(
    dlib_only: FaceEngine, intel: FaceEngine, shared: Path, resized: Callable[[Path, float], Picture], width: int
) -> None:
    found = 0
    for path in sorted((shared / "pictures" / "london").glob("*_neutral.jpg"))[:20]:
        (face,) = intel.detect(read_picture(path))
        found += len(dlib_only.detect(resized(path, width / face.width))) == 1
    assert found == 20


def test_dlib_misses_nobody_at_a_seam(shared: Path, resized: Callable[[Path, float], Picture]) -> None:
    """A face of any size slides over the line between two strips; one thread has no such line."""
    points = need(DLIB_POINTS.name)[0]
    one, two = DlibDetector(points, threads=1), DlibDetector(points, threads=2)
    for factor in (0.35, 0.7, 1.4):
        face = resized(shared / "pictures" / "london" / "003_neutral.jpg", factor)
        height, width = face.shape[:2]
        for middle in range(420, 680, 37):
            picture = np.full((1080, 960, 3), 90, np.uint8)
            top = max(0, min(1080 - height, middle - height // 2))
            picture[top : top + height, 20 : 20 + width] = face
            (wanted,), (got,) = one.detect(picture), two.detect(picture)
            assert overlap(wanted.box, got.box) > 0.5


def test_the_reference_says_the_same_as_our_dlib(dlib_only: FaceEngine, shared: Path) -> None:
    reference = ReferenceDetector()
    for name in ("london/010_neutral.jpg", "people/test/obama1.jpg"):
        picture = read_picture(shared / "pictures" / name)
        (theirs,), (ours,) = reference.detect(picture), dlib_only.detect(picture)
        assert overlap(theirs.box, ours.box) > 0.7
        assert np.abs(theirs.points - ours.points).max() < 0.08 * ours.width


@pytest.mark.parametrize("profile", [FaceProfile("yunet", "intel"), FaceProfile("dlib", "dlib")])
def test_an_empty_wall_has_no_face(load: Callable[[FaceProfile], FaceEngine], profile: FaceProfile) -> None:
    engine = load(profile)
    for shape in ((480, 640, 3), (33, 47, 3), (1080, 1920, 3)):
        wall = np.full(shape, 128, np.uint8)
        assert engine.detect(wall) == []
        assert engine.encode(wall, []).shape[0] == 0


def test_narrow_faces_are_left_out_when_asked(weights: Path, shared: Path) -> None:
    picture = read_picture(shared / "pictures" / "groups" / "2007_007763.jpg")
    every = YuNetDetector(weights / "yunet_n_dynamic.onnx").detect(picture)
    limit = sorted(face.width for face in every)[len(every) // 2]
    wide = YuNetDetector(weights / "yunet_n_dynamic.onnx", smallest_face=limit).detect(picture)
    assert [face.box for face in wide] == [face.box for face in every if face.width >= limit]
