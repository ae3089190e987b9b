from __future__ import annotations

from pathlib import Path
from statistics import median

import cv2
import numpy as np
import pytest

from bridge_agent.capture.simulated import locator
from bridge_agent.simulated_class.cutout import cut_out
from models.faces.detect import Face
from models.faces.engine import FaceEngine
from models.faces.portraits import read_picture
from models.faces.pose import Pose, Relief, narrowing, pose
from tests.cards import Held, Picture, card, head, room

UPRIGHT = np.array([[0, 0], [40, 0], [20, 22], [4, 40], [36, 40]], np.float32)


def face(points: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Face:
    return Face((0.0, 0.0, 80.0, 100.0), points, 1.0)


def posed(points: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pose:
    found = pose(face(points))
    assert found is not None
    return found


def seen(engine: FaceEngine, picture: Picture) -> tuple[Face, Pose]:
    found = max(engine.detect(picture), key=lambda face: face.width)
    at = pose(found)
    assert at is not None
    return found, at


def test_a_nose_to_the_pictures_right_is_a_turn_to_the_persons_own_left() -> None:
    turned = UPRIGHT.copy()
    turned[2, 0] += 15
    assert posed(UPRIGHT).yaw == pytest.approx(0)
    assert posed(turned).yaw == pytest.approx(30)


def test_tilting_shearing_and_rolling_a_flat_picture_changes_no_yaw_and_narrows_it_by_the_cosine() -> None:
    rng = np.random.default_rng(1)
    straight = posed(UPRIGHT)
    for _ in range(100):
        yaw, pitch, roll = np.deg2rad(rng.uniform(-50, 50, 3))
        lean = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
        tilt = np.array([[np.cos(yaw), 0], [np.sin(pitch) * np.sin(yaw), np.cos(pitch)]])
        now = posed((UPRIGHT @ (lean @ tilt).T * rng.uniform(0.5, 3)).astype(np.float32))
        assert now.yaw == pytest.approx(0, abs=1e-3)
        assert narrowing(now, straight) == pytest.approx(np.cos(yaw) * np.cos(pitch), rel=1e-4)


def test_points_on_one_line_have_no_pose() -> None:
    line = np.stack([np.arange(5), np.arange(5)], axis=1).astype(np.float32)
    assert pose(face(line)) is None


@pytest.fixture(scope="module")
def portraits(shared: Path) -> list[Picture]:
    return [read_picture(path) for path in sorted((shared / "pictures" / "london").glob("*_neutral.jpg"))[::6]]


def test_a_head_that_turns_is_followed_and_stands_out(portraits: list[Picture], intel: FaceEngine) -> None:
    behind = room(np.random.default_rng(2))
    for portrait in portraits:
        box = locator(intel.detector)(portrait)
        assert box is not None
        person = cut_out(portrait, box, 1)
        start = head(behind, person, (320, 240), 150, 0)
        found, straight = seen(intel, start)
        relief = Relief(start, found, straight)
        reliefs: list[float] = []
        for degrees in (-42, -38, -34, -30, 30, 34, 38, 42):
            picture = head(behind, person, (330, 236), 150, degrees)
            found, now = seen(intel, picture)
            change = now.yaw - straight.yaw
            assert np.sign(change) == np.sign(degrees)
            assert abs(change) > 12
            if (value := relief.measure(picture, found, now)) is not None:
                reliefs.append(value)
        assert len(reliefs) >= 4
        assert median(reliefs) > 0.5


def test_a_card_has_no_relief_even_bent_so_that_its_points_turn(portraits: list[Picture], intel: FaceEngine) -> None:
    behind = room(np.random.default_rng(3))
    turns: list[float] = []
    for portrait in portraits:
        box = locator(intel.detector)(portrait)
        assert box is not None
        start = card(behind, portrait, box, (320, 240), 150, Held())
        found, straight = seen(intel, start)
        relief = Relief(start, found, straight)
        reliefs: list[float] = []
        for radius in (0.45, 0.6, 0.8):
            for degrees in (-50, -45, 45, 50):
                picture = card(behind, portrait, box, (320, 240), 150, Held(yaw=degrees, radius=radius))
                found, now = seen(intel, picture)
                turns.append(abs(now.yaw - straight.yaw))
                if (value := relief.measure(picture, found, now)) is not None:
                    reliefs.append(value)
        assert reliefs
        assert abs(median(reliefs)) < 0.25
    assert max(turns) > 20  # which is why the points alone will not do


def test_a_flat_picture_without_texture_says_nothing() -> None:
    grey = np.full((200, 200, 3), 120, np.uint8)
    placed = face(UPRIGHT + np.array([60, 60], np.float32))
    straight = posed(placed.points)
    turned = UPRIGHT.copy()
    turned[2, 0] += 12
    turned_face = face(turned + np.array([60, 60], np.float32))
    assert Relief(grey, placed, straight).measure(grey, turned_face, posed(turned)) is None


def test_a_chart_beyond_the_pictures_edge_is_no_error(portraits: list[Picture], intel: FaceEngine) -> None:
    picture = np.asarray(cv2.resize(portraits[0], (260, 260)), np.uint8)
    found, straight = seen(intel, picture)
    away = Face(found.box, found.points + np.float32(400), 1.0)
    now = UPRIGHT.copy()
    now[2, 0] += 12
    assert Relief(picture, found, straight).measure(picture, away, posed(now)) is None
