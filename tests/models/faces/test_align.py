from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.faces.align import chip, similarity, transform
from models.faces.dlib_geometry import dlib_box, face_box, yunet_points

POINTS = np.array([[10, 12], [40, 11], [25, 30], [13, 45], [38, 44]], np.float64)
side = st.floats(-500, 500)


def rotation(angle: float, scale: float, shift: tuple[float, float]) -> NDArray[np.float64]:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, -s, shift[0]], [s, c, shift[1]]])


@given(st.floats(-3.1, 3.1), st.floats(0.05, 20), st.tuples(side, side))
def test_similarity_finds_the_transform_that_was_applied(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    wanted = rotation(angle, scale, shift)
    assert np.allclose(similarity(POINTS, transform(wanted, POINTS)), wanted, atol=1e-6)


@given(st.lists(st.tuples(side, side), min_size=5, max_size=5), st.floats(-0.3, 0.3), st.floats(0.8, 1.2))
def test_no_other_similarity_is_nearer(target: list[tuple[float, float]], angle: float, scale: float) -> None:
    goal = np.array(target)
    best = similarity(POINTS, goal)
    assert np.linalg.det(best[:, :2]) >= -1e-9  # never a mirror image
    turn = rotation(angle, scale, (0, 0))[:, :2]
    other = np.column_stack([turn @ best[:, :2], best[:, 2]])

    def error(matrix: NDArray[np.float64]) -> float:
        return float(((transform(matrix, POINTS) - goal) ** 2).sum())

    assert error(best) <= error(other) + 1e-6 * (1 + error(other))


def test_points_in_one_place_have_no_similarity() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity(np.ones((5, 2)), POINTS)


def test_chip_is_what_the_whole_picture_warped_would_be() -> None:
    picture = np.asarray(np.random.default_rng(1).integers(0, 255, (300, 400, 3)), np.uint8)
    picture = np.asarray(cv2.GaussianBlur(picture, (9, 9), 3), np.uint8)
    for shift in ((-120.0, -80.0), (20.0, 15.0), (-350.0, -250.0)):
        matrix = rotation(0.2, 0.9, shift)
        whole = cv2.warpAffine(picture, matrix, (128, 128), flags=cv2.INTER_LINEAR)
        assert np.abs(chip(picture, matrix, 128).astype(int) - whole).max() <= 2


@pytest.mark.parametrize("scale", [0.45, 0.24, 0.1, 0.051])
def test_a_large_face_is_averaged_and_stays_in_place(scale: float) -> None:
    """A bright square in a fine chequerboard: the board turns grey, the square's middle lands where it should."""
    board = np.indices((1200, 1200)).sum(0) % 2 * 200
    picture = np.repeat(board[:, :, None], 3, axis=2).astype(np.uint8)
    picture[500:700, 400:640] = 255
    cut = chip(picture, rotation(0, scale, (10, 20)), 128)
    ground = cut[25:30, 15:20] if scale < 0.2 else cut[30:60, 20:60]
    assert abs(float(ground.mean()) - 100) < 4
    y, x = np.nonzero(cut[:, :, 0] > 180)
    middle = scale * np.array([519.5, 599.5]) + [10, 20]
    if middle.max() + 60 < 128 or scale < 0.2:
        assert np.allclose([x.mean(), y.mean()], middle, atol=0.6)


def test_a_face_outside_the_picture_is_black() -> None:
    assert not chip(np.full((50, 50, 3), 255, np.uint8), rotation(0, 1, (500, 500)), 64).any()


@given(st.floats(-50, 2000), st.floats(-50, 2000), st.floats(20, 800))
def test_boxes_go_to_dlib_and_back(x: float, y: float, width: float) -> None:
    box = (x, y, width, width * 1.171 / 0.854)
    assert np.allclose(face_box(dlib_box(box)), box, atol=0.05)


def test_a_turned_head_shows_in_the_points_made_from_dlibs() -> None:
    straight = np.array([[111, 46.4], [89.6, 47.9], [37.1, 46.4], [58.4, 47.9], [74, 87.8]])
    turned = straight.copy()
    turned[4, 0] += 12
    a, b = yunet_points(straight), yunet_points(turned)
    assert (a[0, 0] < a[1, 0]) and (a[3, 0] < a[4, 0]) and (a[:2, 1].max() < a[2, 1] < a[3:, 1].min())

    def yaw(points: NDArray[np.float32]) -> float:
        return float((points[2, 0] - points[:2, 0].mean()) / (points[1, 0] - points[0, 0]))

    assert abs(yaw(a)) < 0.02 and yaw(b) > 0.15
