import subprocess
import sys
from pathlib import Path

from msgspec.structs import replace

from bridge_agent.calibrated import expected, loaded
from bridge_agent.capture.hardware import hardware_name
from bridge_agent.capture.source import Device, Stream, VideoFile
from bridge_agent.clock import wall_ms
from bridge_agent.config import Config, FacesConfig, Settings
from bridge_agent.profile_state import ProfileReader
from calibration.profile import Profile
from models.faces.engine import FaceProfile, load_engine
from tests.calibration.making import DAY, camera, faces, saved


def test_a_camera_is_known_by_its_hardware_and_not_by_its_number(tmp_path: Path) -> None:
    for number, serial in ((0, "AA11"), (2, "BB22")):
        usb = tmp_path / f"usb{number}"
        (usb / "interface").mkdir(parents=True)
        for name, text in (("idVendor", "046d"), ("idProduct", "082d"), ("serial", serial)):
            (usb / name).write_text(text + "\n")
        device = tmp_path / "class" / f"video{number}"
        device.mkdir(parents=True)
        (device / "name").write_text("HD Pro Webcam C920\n")
        (device / "device").symlink_to(usb / "interface")
    names = [hardware_name(Device(n), tmp_path / "class") for n in (0, 2)]
    assert names == ["HD Pro Webcam C920 (046d:082d:AA11)", "HD Pro Webcam C920 (046d:082d:BB22)"]
    assert hardware_name(Device(7), tmp_path / "class") == "camera 7"


def test_a_sources_name_tells_no_password_and_no_folder() -> None:
    assert hardware_name(Stream("rtsp://u:secret@10.0.0.9/1")) == "rtsp://10.0.0.9/1"
    assert hardware_name(VideoFile(Path("/somewhere/private/class.mp4"))) == "class.mp4"


def test_what_is_expected_follows_the_settings_and_the_weights_at_hand(tmp_path: Path, weights: Path) -> None:
    def encoder(faces: FacesConfig) -> str:
        return expected(Settings(Config(data=str(tmp_path), source="9", faces=faces), None)).encoder

    assert encoder(FacesConfig()) == "face-reidentification-retail-0095"
    assert encoder(FacesConfig(encoder="dlib")) == "dlib-resnet-v1"
    assert encoder(FacesConfig(encoder="face_recognition")) == "face_recognition"
    assert loaded(Settings(Config(data=str(tmp_path), source="9"), None), 0).state == "missing"


def test_reading_a_profile_loads_neither_pictures_nor_networks_nor_numbers() -> None:
    code = "import sys, bridge_agent.calibrated, calibration.profile; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"cv2", "openvino", "dlib", "av", "numpy", "rich"}


def test_the_profiles_threshold_is_what_check_in_asks_for_and_only_with_the_encoder_it_was_measured_for(
    tmp_path: Path, weights: Path
) -> None:
    settings = Settings(Config(data=str(tmp_path), source="9", faces=FacesConfig(encoder="dlib")), None)
    wanted = expected(settings)
    measured = faces(wall_ms() - 400 * DAY, encoder=wanted.encoder, weights=wanted.weights)
    path = saved(tmp_path, Profile(made_at=1, faces=measured, camera=camera(wall_ms(), wanted.camera)))
    assert ProfileReader(settings)(wall_ms()).threshold == measured.strict_threshold  # old, and still better than none
    engine = load_engine(FaceProfile("dlib", "dlib", strict_threshold=0.61))
    assert engine.encoder.strict_threshold == 0.61 and engine.encoder.threshold == 1 - 0.45
    assert load_engine(FaceProfile("dlib", "dlib")).encoder.strict_threshold == 1 - 0.45
    other = Settings(Config(data=str(tmp_path), source="9"), None)
    assert path.exists() and ProfileReader(other)(wall_ms()).threshold is None


def test_a_new_bridge_point_may_be_watched_before_anybody_is_enrolled_and_a_blind_room_is_not_taken_for_a_good_one(
    tmp_path: Path, weights: Path
) -> None:
    settings = Settings(Config(data=str(tmp_path), source="9"), None)
    assert ProfileReader(settings)(wall_ms()).refused
    good = camera(wall_ms(), expected(settings).camera)
    saved(tmp_path, Profile(made_at=1, camera=good))
    first = ProfileReader(settings)(wall_ms())
    assert (first.state, first.refused, first.threshold) == ("missing", False, None) and "calibrate faces" in first.why[
        1
    ]
    assert first.zones == good.identifying
    assert first.camera == ""  # a name that is only a number says nothing of the hardware
    blind = replace(good, zones=tuple(replace(zone, identifies=False) for zone in good.zones))
    saved(tmp_path, Profile(made_at=1, camera=blind))
    assert ProfileReader(settings)(wall_ms()).zones == ()
    saved(tmp_path, Profile(made_at=1, camera=camera(wall_ms() - 400 * DAY, expected(settings).camera)))
    assert ProfileReader(settings)(wall_ms()).refused
