from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.camera import CameraMeter, ModeTried, best_mode, noise, sharpness
from calibration.camera_advice import SHARP
from calibration.profile import CameraPart
from models.faces.portraits import read_picture

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]


def room(draw: np.random.Generator, light: float = 120, still: float = 2, stripes: float = 0) -> Picture:
    """A textured wall of 1280 x 720 with sensor noise and a lamp's stripes, at another phase each time."""
    wall = np.random.default_rng(1).normal(light, 12, (90, 160))
    base = cv2.resize(wall, (1280, 720), interpolation=cv2.INTER_CUBIC)
    lines = np.arange(720)[:, None]
    base = base * (1 + stripes * np.sin(2 * np.pi * (lines / 240 + draw.random())))
    grey = base + draw.normal(0, still, (720, 1280))
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2)


def measured(frames: list[Picture], faces: list[Box] | None = None) -> CameraPart:
    meter = CameraMeter()
    for frame in frames:
        meter.add(frame, faces or [])
    return meter.part(1, "C920", 25.0)


def said(part: CameraPart) -> str:
    return " ".join(advice.en for advice in part.advice)


def test_noise_is_told_from_two_pictures_and_people_who_move_do_not_count() -> None:
    draw = np.random.default_rng(2)
    for level in (2.0, 5.0, 10.0):
        a, b = (room(draw, still=level)[..., 0] for _ in range(2))
        b[200:500, 100:500] = 30  # somebody came
        assert noise(a, b) == pytest.approx(level, rel=0.35)
    assert noise(a, a) == 0


def test_stripes_of_lamps_are_flicker_and_a_person_who_walks_is_not() -> None:
    draw = np.random.default_rng(3)
    calm, striped = measured([room(draw) for _ in range(8)]), measured([room(draw, stripes=0.05) for _ in range(8)])
    walking = [room(draw) for _ in range(8)]
    for i, frame in enumerate(walking):
        frame[150:700, 100 * i : 100 * i + 200] = 40
    assert calm.flicker < 0.003 < 0.02 < striped.flicker
    assert measured(walking).flicker < 0.01
    assert "50 Hz" in said(striped) and "50 Hz" not in said(calm)


@pytest.mark.parametrize(
    ("light", "still", "words"),
    [(25, 2, "The room is dark"), (120, 14, "noisy"), (120, 2, "No face was seen")],
)
def test_what_is_wrong_is_said(light: float, still: float, words: str) -> None:
    draw = np.random.default_rng(4)
    assert words in said(measured([room(draw, light=light, still=still) for _ in range(5)]))


@pytest.fixture(scope="session")
def portrait(shared: Path) -> tuple[Picture, Box]:
    """A portrait of the London set and where its face is, as YuNet draws it."""
    return read_picture(shared / "pictures" / "london" / "001_smiling.jpg"), (165.0, 120.0, 190.0, 250.0)


def seated(portrait: tuple[Picture, Box], width: float, *, blur: float = 0) -> tuple[list[Picture], list[Box]]:
    """The same person in the first row at the left, and further back at half the size; pictures and faces' boxes."""
    picture, (x, y, w, h) = portrait
    face = picture[int(y) : int(y + h), int(x) : int(x + w)]
    draw = np.random.default_rng(5)
    frames = [room(draw) for _ in range(4)]
    boxes = []
    for left, top, size in ((100, 520, width), (700, 40, width / 2)):
        small = cv2.resize(face, (round(size), round(size * h / w)), interpolation=cv2.INTER_AREA)
        if blur:
            small = cv2.GaussianBlur(small, (0, 0), blur)
        for frame in frames:
            frame[top : top + small.shape[0], left : left + small.shape[1]] = small
        boxes.append((float(left), float(top), size, size * h / w))
    return frames, boxes


def test_zones_identify_where_faces_are_wide_sharp_and_lit_and_the_row_behind_is_named(
    portrait: tuple[Picture, Box],
) -> None:
    part = measured(*seated(portrait, 72))
    good = {(round(zone.x * 4), round(zone.y * 3)) for zone in part.identifying}
    assert good == {(column, 2) for column in range(4)}  # 72 px in front, 36 behind; nobody in the middle row
    behind = [zone for zone in part.zones if zone.zone.y == 0]
    assert {zone.face_px for zone in behind} == {36.0} and sum(zone.faces for zone in behind) == 4
    assert "only 36 px wide" in said(part) and "1.3 times nearer" in said(part)
    assert {zone.face_px for zone in part.zones if round(zone.zone.y * 3) == 1} == {None}


def test_blurred_faces_identify_nowhere_and_the_lens_is_named(portrait: tuple[Picture, Box]) -> None:
    part = measured(*seated(portrait, 96, blur=3))
    assert not part.identifying and part.sharpness < SHARP and "blurred" in said(part)


def test_noise_does_not_pass_for_sharpness(portrait: tuple[Picture, Box]) -> None:
    picture, (x, y, w, h) = portrait
    face = cv2.cvtColor(picture[int(y) : int(y + h), int(x) : int(x + w)], cv2.COLOR_BGR2GRAY)
    face = cv2.resize(face, (60, 80), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(face, (0, 0), 3)
    noisy = np.clip(blurred + np.random.default_rng(6).normal(0, 8, blurred.shape), 0, 255).astype(np.uint8)
    assert sharpness(np.asarray(noisy, np.uint8), 0) > SHARP > sharpness(np.asarray(noisy, np.uint8), 8)
    assert sharpness(np.asarray(face, np.uint8), 2) > 3 * SHARP


def test_another_mode_begins_anew_and_no_picture_is_no_measure() -> None:
    draw = np.random.default_rng(7)
    meter = CameraMeter()
    with pytest.raises(ValueError, match="no picture"):
        meter.part(1, "C920", 25)
    meter.add(room(draw), [])
    meter.add(np.ascontiguousarray(room(draw)[:480, :640]), [])
    assert (meter.part(1, "C920", 25).width, meter.part(1, "C920", 25).frames) == (640, 1)


def test_full_hd_is_the_mode_unless_faces_need_more() -> None:
    fast, slow = ModeTried(1920, 1080, 30), ModeTried(3840, 2160, 15)
    low = ModeTried(1280, 720, 30)
    assert best_mode([slow, fast, low], 60, 1920) == fast == best_mode([slow, fast, low], None, 1920)
    assert best_mode([slow, fast, low], 40, 1920) == slow
    assert best_mode([ModeTried(3840, 2160, 2), fast], 30, 1920) == fast  # two pictures a second are no video
    assert best_mode([ModeTried(1920, 1080, 5), low], 60, 1280) == low
    assert best_mode([], None, 1920) is None
