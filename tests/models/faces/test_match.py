from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from models.faces.errors import GalleryMismatchError
from models.faces.match import Template, assign, average, gallery, names, scores

T, M = 0.45, 0.05
tables = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=st.floats(-1, 1))


def table(*rows: list[float]) -> NDArray[np.float64]:
    return np.array(rows)


@given(tables)
def test_every_assignment_is_one_to_one_and_beyond_doubt(scores: NDArray[np.float64]) -> None:
    result = assign(scores, T, M)
    given = result[result >= 0]
    assert len(set(given.tolist())) == len(given)
    for face, learner in enumerate(result):
        if learner >= 0:
            assert scores[face, learner] >= T
            assert scores[face, learner] == scores[face].max() == scores[:, learner].max()
            rivals = [k for k in range(scores.shape[1]) if k != learner and scores[face, learner] - scores[face, k] < M]
            for rival in rivals:  # only somebody who is more surely another face of this picture may come so near
                assert (np.delete(scores[:, rival], face) >= scores[face, rival] + M).any()


@given(hnp.arrays(np.float64, (5, 4), elements=st.integers(-1000, 1000).map(lambda v: v / 1000), unique=True))
def test_the_order_of_faces_and_learners_does_not_matter(scores: NDArray[np.float64]) -> None:
    faces, learners = np.array([3, 1, 4, 0, 2]), np.array([2, 0, 3, 1])
    plain = assign(scores, T, M)
    mixed = assign(scores[faces][:, learners], T, M)
    back = [learners[index] if index >= 0 else -1 for index in mixed]
    assert [plain[face] for face in faces] == back


@given(tables, st.floats(0, 0.5), st.floats(0, 0.3))
def test_stricter_limits_never_name_a_face_anew(scores: NDArray[np.float64], more: float, wider: float) -> None:
    plain, strict = assign(scores, 0, 0), assign(scores, more, wider)
    assert ((strict == -1) | (strict == plain)).all()


def test_a_stranger_is_nobody() -> None:
    assert assign(table([0.44, 0.1]), T, M).tolist() == [-1]
    assert assign(table([0.50, 0.47]), T, M).tolist() == [-1]  # as like one learner as another


def test_a_stranger_does_not_get_the_absent_learner_whom_he_resembles_second() -> None:
    """The greatest sum would give face 1 to learner 1: its first choice sits in seat 0."""
    assert assign(table([0.80, 0.10], [0.60, 0.46]), T, M).tolist() == [0, -1]


def test_twins_side_by_side_are_told_apart_but_one_alone_is_left_open() -> None:
    both = table([0.80, 0.77], [0.70, 0.83])
    assert assign(both, T, M).tolist() == [0, 1]
    assert assign(both[:1], T, M).tolist() == [-1]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_an_empty_room_or_gallery(shape: tuple[int, int]) -> None:
    assert assign(np.zeros(shape), T, M).tolist() == [-1] * shape[0]
    vectors = np.ones((shape[0], 4), np.float32)
    empty = gallery([Template(str(i), np.ones(4, np.float32), "e", 1) for i in range(shape[1])], "e", "cosine")
    assert scores(empty, vectors).shape == shape


def test_scores_are_cosine_or_one_minus_distance() -> None:
    a, b = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    templates = [Template("An", a, "e", 1), Template("Bình", b, "e", 1)]
    vectors = np.array([[0.6, 0.8]], np.float32)
    assert np.allclose(scores(gallery(templates, "e", "cosine"), vectors), [[0.6, 0.8]])
    distances = [1 - np.hypot(0.4, 0.8), 1 - np.hypot(0.6, 0.2)]
    assert np.allclose(scores(gallery(templates, "e", "distance"), vectors), [distances])
    assert names(gallery(templates, "e", "cosine"), [1, -1]) == ["Bình", None]


@given(hnp.arrays(np.float32, (3, 8), elements=st.floats(0.125, 1, width=32)))
def test_a_cosine_template_has_length_one(vectors: NDArray[np.float32]) -> None:
    assert np.linalg.norm(average(vectors, "cosine")) == pytest.approx(1, abs=1e-5)
    assert np.allclose(average(vectors, "distance"), vectors.mean(0), atol=1e-6)


def test_templates_of_another_encoder_are_refused() -> None:
    with pytest.raises(GalleryMismatchError) as caught:
        gallery([Template("An", np.ones(4, np.float32), "old", 1)], "new", "cosine")
    assert "old" in caught.value.en and "new" in caught.value.en
