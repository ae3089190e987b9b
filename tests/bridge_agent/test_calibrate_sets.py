"""`calibrate pairs` and `gallery` from the command line: real pictures, real networks, odd files."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from rich.console import Console

from bridge_agent.calibrate_cli import main
from bridge_agent.calibrate_sets import lines
from bridge_agent.set_encoding import encode_files, faces_of, main_face
from bridge_agent.set_reading import read_people
from calibration.sets import SetMeasured
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import read_picture


@pytest.fixture
def people(shared: Path, tmp_path: Path) -> Path:
    """Twelve of the London people, five pictures each: turned, darker, grey, blurred; and files that are odd."""
    folder = tmp_path / "set" / "people"
    for name in sorted({path.name[:3] for path in (shared / "pictures" / "london").glob("*.jpg")})[:12]:
        (folder / f"Học viên {name}").mkdir(parents=True)
        for face in ("neutral", "smiling"):
            picture = cv2.resize(read_picture(shared / "pictures" / "london" / f"{name}_{face}.jpg"), (260, 260))
            turned = cv2.warpAffine(picture, cv2.getRotationMatrix2D((130, 130), 6, 1), (260, 260))
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            for kind, made in (("a", picture), ("b", turned), ("c", cv2.GaussianBlur(grey, (0, 0), 1))):
                good, data = cv2.imencode(".png" if kind == "c" else ".jpg", made)
                assert good
                place = folder / f"Học viên {name}" / f"{face}_{kind}.{'png' if kind == 'c' else 'jpg'}"
                place.write_bytes(data.tobytes())
    first = folder / "Học viên 001"
    (first / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    (first / "empty.png").write_bytes(b"")
    cv2.imwrite(str(first.parent / "wall.png"), np.full((200, 200, 3), 127, np.uint8))
    return tmp_path / "set"


def test_a_gallery_is_measured_and_odd_files_are_listed(
    people: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert main(["gallery", str(people), "--json", str(out), "--class-size", "5"]) == 0
    found = msgspec.json.decode(out.read_bytes(), type=SetMeasured)
    assert found.encoder == "face-reidentification-retail-0095" and found.persons == 12
    assert found.counts["unreadable"] == 2 and found.counts["without_face"] == 1
    assert set(found.problems["unreadable"]) == {"people/Học viên 001/broken.jpg", "people/Học viên 001/empty.png"}
    assert found.fpir.errors == 0 and found.accepted >= 0.95 and found.portraits == 3
    assert found.verdict == "too_few"  # twelve people prove nothing
    assert capsys.readouterr().out == ""
    assert main(["gallery", str(people), "--class-size", "5"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Không thể kết luận vì dữ liệu quá ít") and "2 tệp không đọc được" in told


def test_dlibs_encoder_says_in_words_that_it_cannot(
    people: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIEMDANH_LANGUAGE", "en")
    assert main(["gallery", str(people), "--encoder", "dlib"]) == 0
    told = capsys.readouterr().out
    assert "It cannot" in told and "dlib" in told and "East Asian" in told


@pytest.mark.parametrize("encoder", ["intel", "dlib"])
def test_the_pairs_at_hand_are_measured(shared: Path, weights: Path, tmp_path: Path, encoder: str) -> None:
    out = tmp_path / "out.json"
    pairs = shared / "pictures" / "pairs"
    assert main(
        ["pairs", str(pairs / "master.csv"), "--pictures", str(pairs), "--json", str(out), "--encoder", encoder]
    ) == 0  # fmt: skip
    found = msgspec.json.decode(out.read_bytes(), type=SetMeasured)
    assert found.kind == "pairs" and found.counts["rows"] == 300
    assert (found.counts["genuine"], found.counts["impostor"]) == (38, 262)
    assert found.counts["rows_without_picture"] == found.counts["contradictions"] == 0
    assert found.verdict == ("too_few" if encoder == "intel" else "cannot")
    assert sum(found.genuine.counts) >= 38 and sum(found.impostor.counts) >= 262


def test_a_folder_of_too_few_people_and_a_place_that_cannot_be_written_are_one_sentence(
    people: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(people / "people" / "Học viên 001", alone / "Học viên 001")
    assert main(["gallery", str(alone)]) == 2
    assert "cần từ 4 người" in capsys.readouterr().err
    assert main(["gallery", str(people), "--json", str(tmp_path / "no" / "out.json")]) == 2
    assert "out.json" in capsys.readouterr().err
    assert main(["gallery", str(tmp_path / "absent")]) == 2


def test_a_face_that_fills_the_picture_and_the_middle_one_of_several_are_found(shared: Path, weights: Path) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    picture = read_picture(shared / "pictures" / "london" / "001_neutral.jpg")
    (face,) = engine.detect(picture)
    x, y, w, h = (round(side) for side in face.box)
    close = np.ascontiguousarray(picture[y + h // 16 : y + h, x : x + w])
    (found,) = faces_of(cv2.resize(close, (92, 112)).astype(np.uint8), engine)
    assert found.width > 60
    other = read_picture(shared / "pictures" / "london" / "002_neutral.jpg")
    row = np.ascontiguousarray(np.hstack([other, picture, other]))
    chosen, rivals = main_face(faces_of(row, engine), row)
    assert rivals == 2 and picture.shape[1] < chosen.box[0] < 2 * picture.shape[1]
    assert faces_of(np.zeros((4, 4, 3), np.uint8), engine) == []


ARCFACE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Where public sets of aligned 112 x 112 crops have the eyes, the nose and the corners of the mouth."""


@pytest.mark.parametrize(("side", "grey", "suffix"), [(112, False, "webp"), (112, True, "png"), (64, True, "bmp")])
def test_sets_of_aligned_crops_without_a_margin_are_read_as_the_whole_pictures_are(
    shared: Path, weights: Path, tmp_path: Path, side: int, grey: bool, suffix: str
) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    whole, crops = {}, []
    for number in range(1, 13):
        for kind in ("neutral", "smiling"):
            picture = read_picture(shared / "pictures" / "london" / f"{number:03}_{kind}.jpg")
            (face,) = engine.detect(picture)
            move, _ = cv2.estimateAffinePartial2D(np.asarray(face.points), ARCFACE * side / 112, method=cv2.LMEDS)
            crop = cv2.warpAffine(picture, move, (side, side))
            good, data = cv2.imencode(f".{suffix}", cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY) if grey else crop)
            assert good
            path = tmp_path / f"Trần Thị Ánh {number}" / f"{kind}.{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data.tobytes())
            whole[path] = engine.encode(picture, [face])[0]
            crops.append(path)
    found = encode_files(crops, engine, lambda done, of: None)
    assert found.vectors.keys() == whole.keys()
    assert found.without_face == found.unreadable == found.several_faces == []
    alike = [float(found.vectors[one] @ whole[one]) for one in crops]
    assert min(alike) > 0.8  # measured: 0.84 and more; two people have 0.43 at most
    assert len(read_people(tmp_path)) == 12


def test_a_phones_picture_that_lies_on_its_side_is_read_upright(shared: Path, weights: Path, tmp_path: Path) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    upright = shared / "pictures" / "london" / "001_neutral.jpg"
    data = cv2.imencode(".jpg", cv2.rotate(read_picture(upright), cv2.ROTATE_90_COUNTERCLOCKWISE))[1].tobytes()
    # An APP1 segment with one tag, the orientation: 6, to be turned clockwise.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    turned = tmp_path / "nằm ngang.JPG"
    turned.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    found = encode_files([upright, turned], engine, lambda done, of: None)
    assert float(found.vectors[upright] @ found.vectors[turned]) > 0.95


def test_a_large_set_tells_how_far_it_is_also_where_there_is_no_terminal() -> None:
    said = io.StringIO()
    progress, seldom = lines("Reading", Console(file=said), 0.0), lines("Judging", Console(file=said), 60.0)
    for done in (1, 2):
        progress(done, 3)
        seldom(done, 3)
    assert said.getvalue() == "Reading: 1/3\nReading: 2/3\n"
