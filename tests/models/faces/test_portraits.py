from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.faces.detect import Box, Face
from models.faces.engine import FaceEngine
from models.faces.errors import (
    FaceTooSmallError,
    NoFaceError,
    PictureUnreadableError,
    PortraitsError,
    PortraitsMissingError,
    SeveralFacesError,
)
from models.faces.portraits import (
    KEPT_PX,
    decode_picture,
    enrol,
    face_jpeg,
    portrait_vector,
    read_picture,
    read_portraits,
)

Picture = NDArray[np.uint8]
NAME = "Nguyễn Thị Ánh Tuyết"


@pytest.fixture
def london(shared: Path) -> Path:
    return shared / "pictures" / "london"


def test_a_folder_gives_each_learner_their_pictures(tmp_path: Path, london: Path) -> None:
    picture = london / "001_neutral.jpg"
    shutil.copyfile(picture, tmp_path / f"{unicodedata.normalize('NFD', NAME)}.JPG")
    (tmp_path / "Đỗ Văn Bình").mkdir()
    for name in ("1.jpg", "2.JPEG", "ba.png", "ghi chú.txt", ".ẩn.jpg"):
        shutil.copyfile(picture, tmp_path / "Đỗ Văn Bình" / name)
    (tmp_path / NAME).mkdir()
    shutil.copyfile(picture, tmp_path / NAME / "thêm.jpg")
    (tmp_path / "trống").mkdir()
    (tmp_path / "danh sách.xlsx").touch()
    found = read_portraits(tmp_path)
    assert {name: len(paths) for name, paths in found.items()} == {NAME: 2, "Đỗ Văn Bình": 3}


@pytest.mark.parametrize("empty", [True, False])
def test_no_folder_or_nothing_in_it(tmp_path: Path, empty: bool) -> None:
    folder = tmp_path / "ảnh"
    if empty:
        folder.mkdir()
    with pytest.raises(PortraitsMissingError) as caught:
        read_portraits(folder)
    assert str(folder) in caught.value.vi and str(folder) in caught.value.en


def test_vietnamese_paths_are_read(tmp_path: Path, london: Path) -> None:
    copy = tmp_path / f"{NAME}.jpg"
    shutil.copyfile(london / "002_neutral.jpg", copy)
    assert np.array_equal(read_picture(copy), read_picture(london / "002_neutral.jpg"))


def exif(data: bytes, orientation: int) -> bytes:
    """The JPEG `data` with an EXIF segment that says how the camera was held."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01" + orientation.to_bytes(2, "big") + b"\x00\x00"
    body = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + b"\x00\x00\x00\x00"
    return data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]


def test_a_phones_picture_is_turned_upright(intel: FaceEngine, london: Path) -> None:
    upright = read_picture(london / "003_neutral.jpg")
    lying = cv2.imencode(".jpg", cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE))[1].tobytes()
    turned = decode_picture(exif(lying, 6), "ảnh.jpg")
    a, b = (portrait_vector(picture, "x", intel) for picture in (upright, turned))
    assert float(a @ b) > 0.98


@pytest.mark.parametrize("data", [b"", b"not a picture", b"\xff\xd8\xff\xe0\x00\x10JFIF"])
def test_a_file_without_a_picture(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "hỏng.jpg"
    path.write_bytes(data)
    with pytest.raises(PictureUnreadableError) as caught:
        read_picture(path)
    assert str(path) in caught.value.vi and str(path) in caught.value.en


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(PictureUnreadableError):
        read_picture(tmp_path / "không có.jpg")


def two(left: Picture, right: Picture) -> Picture:
    """Two pictures side by side on a grey wall."""
    wall = np.full((max(left.shape[0], right.shape[0]), left.shape[1] + right.shape[1], 3), 128, np.uint8)
    wall[: left.shape[0], : left.shape[1]] = left
    wall[: right.shape[0], left.shape[1] :] = right
    return wall


@pytest.mark.parametrize("name", ["intel", "dlib_only"])
def test_what_is_wrong_with_a_portrait(request: pytest.FixtureRequest, london: Path, name: str) -> None:
    engine: FaceEngine = request.getfixturevalue(name)
    one, other = read_picture(london / "004_neutral.jpg"), read_picture(london / "005_neutral.jpg")
    with pytest.raises(NoFaceError):
        portrait_vector(np.full((400, 400, 3), 90, np.uint8), "tường.jpg", engine)
    with pytest.raises(SeveralFacesError) as caught:
        portrait_vector(two(one, other), "đôi.jpg", engine)
    assert "đôi.jpg" in caught.value.vi and "2" in caught.value.en


def test_a_portrait_too_small_to_identify_anybody_by_is_refused(intel: FaceEngine, london: Path) -> None:
    one = read_picture(london / "004_neutral.jpg")
    small = np.asarray(cv2.resize(one, None, fx=0.2, fy=0.2, interpolation=cv2.INTER_AREA), np.uint8)
    with pytest.raises(FaceTooSmallError) as caught:
        portrait_vector(small, "xa.jpg", intel)
    assert "48" in caught.value.vi


def test_a_passer_by_in_the_background_does_no_harm(intel: FaceEngine, london: Path) -> None:
    one, other = read_picture(london / "004_neutral.jpg"), read_picture(london / "005_neutral.jpg")
    far = np.asarray(cv2.resize(other, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA), np.uint8)
    picture = two(one, far)
    assert len(intel.detect(picture)) == 2
    assert float(portrait_vector(picture, "x", intel) @ portrait_vector(one, "x", intel)) > 0.98


def test_enrolling_keeps_the_good_and_names_the_bad(tmp_path: Path, intel: FaceEngine, london: Path) -> None:
    (tmp_path / NAME).mkdir()
    shutil.copyfile(london / "006_neutral.jpg", tmp_path / NAME / "1.jpg")
    shutil.copyfile(london / "006_smiling.jpg", tmp_path / NAME / "2.jpg")
    (tmp_path / NAME / "3.jpg").write_bytes(b"x")
    shutil.copyfile(london / "007_neutral.jpg", tmp_path / "Lê Văn Cường.jpg")
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 50, np.uint8))
    steps: list[tuple[str, int, int]] = []
    gallery, problems = enrol(read_portraits(tmp_path), intel, lambda *step: steps.append(step))
    assert gallery.learners == ("Lê Văn Cường", NAME)
    assert gallery.matrix.shape == (2, 256) and np.allclose(np.linalg.norm(gallery.matrix, axis=1), 1, atol=1e-5)
    assert gallery.encoder_name == intel.encoder.name
    assert [type(problem) for problem in problems] == [PictureUnreadableError, NoFaceError]
    assert all(isinstance(problem, PortraitsError) and str(tmp_path) in str(problem) for problem in problems)
    assert steps[-1] == ("wall", 3, 3)


def test_nobody_usable_gives_an_empty_gallery(tmp_path: Path, dlib_only: FaceEngine) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((300, 300, 3), 50, np.uint8))
    gallery, problems = enrol(read_portraits(tmp_path), dlib_only)
    assert gallery.learners == () and len(problems) == 1


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((1_000.0, 500.0, 400.0, 400.0), (624, KEPT_PX)),
        ((-30.0, -50.0, 100.0, 100.0), (100, 120)),
        ((1_899.0, 100.0, 100.0, 60.0), (120, 71)),
        ((2_000.0, 100.0, 80.0, 80.0), None),
        ((10.0, -300.0, 100.0, 100.0), None),
    ],
)
def test_the_face_alone_is_cut_out_as_far_as_the_picture_goes(box: Box, shape: tuple[int, int] | None) -> None:
    picture, face = np.full((1_080, 1_920, 3), 90, np.uint8), Face(box, np.zeros((5, 2), np.float32), 0.9)
    jpeg = face_jpeg(picture, face)
    assert (decode_picture(jpeg, "").shape[:2] if jpeg else None) == shape
