"""The command `calibrate` at a bridge point: a video, portraits and a server in, one profile and one page out."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from bridge_agent.calibrate_cli import main
from bridge_agent.calibrate_room import without_faces
from bridge_agent.calibrated import loaded
from bridge_agent.camera_modes import try_modes
from bridge_agent.capture.source import Device, parse_source
from bridge_agent.check_in.enrolling import Enrolling
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.check_in.sealed_file import SealedFiles
from bridge_agent.clock import wall_ms
from bridge_agent.config import Config, Settings
from bridge_agent.key_store import KeyStore
from bridge_agent.recognition.events import TemplateMade
from calibration.profile import read
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import portrait_vector, read_picture
from models.wire import RosterLearner, SessionPlan, Today
from tests.central_server.running import running
from tests.receipts import SERVER_KEY


@pytest.fixture
def video(shared: Path, tmp_path: Path) -> Path:
    """Two people at 1280 x 720, one near and one far, for three seconds."""
    wall = np.random.default_rng(1).normal(140, 10, (720, 1280, 3)).astype(np.uint8)
    for name, size, left, top in (("001", 360, 100, 330), ("002", 110, 900, 60)):
        picture = read_picture(shared / "pictures" / "london" / f"{name}_neutral.jpg")
        wall[top : top + size, left : left + size] = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    path = tmp_path / "room.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (1280, 720))
    draw = np.random.default_rng(2)
    for _ in range(30):
        writer.write(np.clip(wall + draw.normal(0, 2, wall.shape), 0, 255).astype(np.uint8))
    writer.release()
    return path


@pytest.fixture
def portraits(shared: Path, tmp_path: Path) -> Path:
    """The portraits of eleven learners, 009 and 019 (who look alike) among them."""
    folder = tmp_path / "portraits"
    for name in (*(f"{i:03}" for i in range(1, 11)), "019"):
        (folder / name).mkdir(parents=True)
        for face in ("neutral", "smiling"):
            shutil.copy(shared / "pictures" / "london" / f"{name}_{face}.jpg", folder / name / f"{face}.jpg")
    (folder / "020.jpg").write_bytes(b"no picture")
    return folder


def test_camera_and_faces_make_a_good_profile_and_the_report_shows_it(
    video: Path, portraits: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    settings = Settings(Config(data=str(data), source=str(video)), None)
    assert main(["report", "--data", str(data)]) == 2 and "chưa hiệu chỉnh" in capsys.readouterr().err
    assert main(["camera", str(video), "--data", str(data)]) == 0
    assert "Khuôn mặt ở hàng trên (xa) chỉ rộng" in capsys.readouterr().out
    assert loaded(settings, wall_ms()).state == "missing"
    assert main(["faces", "--portraits", str(portraits), "--data", str(data)]) == 0
    told = capsys.readouterr().out
    assert "020.jpg" in told  # an unreadable portrait is told, and the others are used
    found = loaded(settings, wall_ms())
    assert found.state == "good" and found.profile and found.profile.faces and found.profile.camera
    camera, faces = found.profile.camera, found.profile.faces
    assert (camera.device, camera.width, camera.height) == ("room.mp4", 1280, 720) and camera.fps == pytest.approx(10)
    assert {round(zone.y * 3) for zone in camera.identifying} <= {1, 2} and camera.identifying
    assert faces.learners == 11 and faces.strict_threshold >= 0.5
    assert loaded(settings, wall_ms() + 200 * 86_400_000).state == "outdated"

    assert main(["report", "--data", str(data)]) == 0
    page = (data / "calibration.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" in page and found.id and found.id in page
    assert (data / "calibration.html").stat().st_mode & 0o077 == 0 and (data / "room.jpg").stat().st_mode & 0o077 == 0
    assert main(["report", "--data", str(data), "--without-picture"]) == 0
    assert "data:image/jpeg" not in (data / "calibration.html").read_text(encoding="utf-8")
    assert main(["camera", str(video), "--data", str(data), "--without-picture"]) == 0
    assert not (data / "room.jpg").exists()
    again = read(data / "profile.json")
    assert again and again[0].faces == faces  # a new part leaves the others as they were


def test_the_clock_is_measured_against_a_real_server(tmp_path: Path) -> None:
    with running(tmp_path / "server") as server:
        done = main(["clock", "--server", server.address, "--data", str(tmp_path / "data")])
    assert done == 0
    found = read(tmp_path / "data" / "profile.json")
    assert found and found[0].clock and found[0].clock.samples == 16
    assert found[0].clock.offset is not None and found[0].clock.uncertainty is not None


def test_troubles_are_one_sentence(tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = str(tmp_path / "data")
    for command in (
        ["camera", str(tmp_path / "absent.mp4"), "--data", data],
        ["camera", "987", "--data", data],
        ["faces", "--portraits", str(tmp_path / "absent"), "--data", data],
        ["clock", "--data", data],
        ["clock", "--server", "http://127.0.0.1:9", "--data", data],
    ):
        assert main(command) == 2, command
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and "Traceback" not in told, command


def test_a_damaged_profile_is_replaced(video: Path, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "profile.json").write_bytes(b"{ damaged")
    assert main(["camera", str(video), "--data", str(tmp_path / "data"), "--seconds", "1"]) == 0
    found = read(tmp_path / "data" / "profile.json")
    assert found and found[0].camera and found[0].faces is None


def test_a_cameras_mode_can_be_named_and_a_camera_that_is_absent_has_none() -> None:
    assert parse_source("0@3840x2160") == Device(0, mode=(3840, 2160)) and parse_source("0") == Device(0)
    assert Settings(Config(source="0@3840x2160"), None).source == "0@3840x2160"
    assert try_modes(Device(987)) == []


def test_the_learners_enrolled_on_this_pc_are_the_class(
    shared: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    store = GalleryStore(
        SealedFiles(KeyStore(), tmp_path / "gallery.key"), tmp_path / "gallery.sealed", tmp_path / "enrolments.sealed"
    )
    for name in ("001", "009", "019"):
        where = shared / "pictures" / "london" / f"{name}_neutral.jpg"
        vector = portrait_vector(read_picture(where), name, engine)
        made = TemplateMade(f"id-{name}", 5, vector.astype("<f4").tobytes(), engine.encoder.name, 3, ())
        learner = RosterLearner(id=f"id-{name}", code=name, name="A", unit="", birth_year=None)
        store.enrolled(Enrolling(learner, "v1", 1, "kt1").waiting(made, SERVER_KEY.public_key()))
    assert main(["faces", "--data", str(tmp_path)]) == 0
    found = read(tmp_path / "profile.json")
    assert found and found[0].faces and found[0].faces.learners == 3
    assert [(pair.a, pair.b) for pair in found[0].faces.lookalikes] == [("id-009", "id-019")]
    assert found[0].faces.card.fnmr is None  # of one template each there is no genuine pair
    assert "id-009 – id-019" in capsys.readouterr().out
    people = tuple(
        RosterLearner(id=f"id-{n}", code=f"HV{n}", name=name, unit="Sở Nội vụ", birth_year=1980)
        for n, name in (("009", "Lê Thị Mai"), ("019", "Trần Thị Lan"))
    )
    plan = SessionPlan(session="s", course="K", title="B", start=0, end=1, breaks=(), learners=people)
    (tmp_path / "today.json").write_bytes(msgspec.json.encode(Today(sessions=(plan,))))
    assert main(["faces", "--data", str(tmp_path)]) == 0
    assert "Lê Thị Mai, HV009 – Trần Thị Lan, HV019" in capsys.readouterr().out
    assert main(["report", "--data", str(tmp_path)]) == 0
    assert "Trần Thị Lan, HV019" in (tmp_path / "calibration.html").read_text(encoding="utf-8")


def test_the_rooms_picture_is_kept_without_faces(shared: Path, weights: Path) -> None:
    engine = load_engine(FaceProfile("yunet", "intel"))
    picture = read_picture(shared / "pictures" / "london" / "001_neutral.jpg")
    found = engine.detect(picture)
    shown = without_faces(picture, found)
    assert found and not engine.detect(shown) and engine.detect(picture)  # the picture itself stays as it was
    assert (shown[:20] == picture[:20]).all()
