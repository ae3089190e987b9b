from pathlib import Path

import msgspec
import pytest

from calibration.profile import Expected, Profile, load, profile_id, read
from models.record_kinds import Zone
from tests.calibration.making import DAY, HERE, NOW, camera, faces, saved


def test_a_new_profile_of_this_camera_and_encoder_is_good_and_named_by_its_bytes(tmp_path: Path) -> None:
    profile = Profile(made_at=NOW, made_by={"diemdanh": "0.1.0"}, camera=camera(), faces=faces())
    path = saved(tmp_path, profile)
    found = load(path, NOW + DAY, HERE)
    assert found.state == "good" and found.reasons == () and found.profile == profile
    assert found.id == profile_id(path.read_bytes()) and len(found.id) == 64
    assert profile.camera and profile.camera.identifying == (Zone(0.0, 0.0, 0.5, 1.0),)
    assert profile.faces and profile.faces.raised == {"hv-7": 0.61}


def test_no_file_half_a_profile_and_a_damaged_one_are_missing_and_say_what_to_run(tmp_path: Path) -> None:
    nothing = load(tmp_path / "profile.json", NOW, HERE)
    assert (nothing.state, nothing.profile, nothing.id) == ("missing", None, None)
    half = load(saved(tmp_path, Profile(made_at=NOW, camera=camera())), NOW, HERE)
    assert half.state == "missing" and "calibrate faces" in half.why().en and half.id is not None
    for damage in (b"", b"{", b'{"v":2,"made_at":1}', b"\xff\xfe"):
        (tmp_path / "profile.json").write_bytes(damage)
        damaged = load(tmp_path / "profile.json", NOW, HERE)
        assert damaged.state == "missing" and "damaged" in damaged.why().en
    assert load(tmp_path, NOW, HERE).state == "missing"  # a folder in its place


@pytest.mark.parametrize(
    ("profile", "now", "expected", "said"),
    [
        (Profile(made_at=NOW, camera=camera(), faces=faces()), NOW + 181 * DAY, HERE, "181 days ago"),
        (Profile(made_at=NOW, camera=camera(NOW - 200 * DAY), faces=faces()), NOW, HERE, "measured 200 days"),
        (Profile(made_at=NOW, camera=camera(), faces=faces()), NOW - 3 * DAY, HERE, "day to come"),
        (Profile(made_at=NOW, camera=camera(device="other"), faces=faces()), NOW, HERE, "camera measured is other"),
        (Profile(made_at=NOW, camera=camera(), faces=faces(encoder="dlib")), NOW, HERE, "for encoder dlib"),
        (Profile(made_at=NOW, camera=camera(), faces=faces(weights="cd" * 32)), NOW, HERE, "weights of"),
    ],
)  # fmt: skip
def test_an_old_profile_and_one_of_something_else_are_outdated_and_say_why(
    tmp_path: Path, profile: Profile, now: int, expected: Expected, said: str
) -> None:
    found = load(saved(tmp_path, profile), now, expected)
    assert found.state == "outdated" and found.profile == profile
    assert said in found.why().en and found.why().vi


def test_how_long_a_profile_keeps_is_a_setting(tmp_path: Path) -> None:
    path = saved(tmp_path, Profile(made_at=NOW, camera=camera(), faces=faces()))
    assert load(path, NOW + 10 * DAY, HERE, keeps_days=9).state == "outdated"
    assert load(path, NOW + 10 * DAY, HERE, keeps_days=11).state == "good"


def test_another_content_is_another_id(tmp_path: Path) -> None:
    first = Profile(made_at=NOW, camera=camera(), faces=faces())
    _, one = read(saved(tmp_path, first)) or (None, "")
    _, two = read(saved(tmp_path, msgspec.structs.replace(first, made_at=NOW + 1))) or (None, "")
    assert one != two
