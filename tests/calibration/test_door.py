from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.door import Door, Pictures, compare, door, one_to_one
from models.faces.match import Gallery, scores
from tests.calibration.simulated_people import people


def by_hand(stands: Door, threshold: float) -> float:
    """FPIR by going through every class that can be drawn."""
    shares: dict[int, list[float]] = {}
    for probe, person in enumerate(stands.person.tolist()):
        others = [i for i, owner in enumerate(stands.owner) if owner != person]
        classes = list(itertools.combinations(others, stands.wanted))
        hit = sum(any(stands.scores[probe, i] >= threshold for i in chosen) for chosen in classes)
        shares.setdefault(person, []).append(hit / len(classes))
    return float(np.mean([np.mean(share) for share in shares.values()]))


@given(st.integers(0, 2**32 - 1), st.floats(-0.3, 0.9), st.integers(1, 4))
def test_fpir_is_the_mean_over_every_class_that_can_be_drawn(seed: int, threshold: float, wanted: int) -> None:
    draw = np.random.default_rng(seed)
    stands = door(people(draw, draw.integers(2, 5, 6)), 1, wanted, draw)
    assert stands.fpir(threshold) == pytest.approx(by_hand(stands, threshold), abs=1e-9)


def test_a_probe_is_never_compared_with_a_template_that_it_is_part_of_as_a_genuine_try() -> None:
    draw = np.random.default_rng(1)
    pictures = people(draw, np.array([5, 3, 4, 1, 2]))
    stands = door(pictures, 3, 2, draw)
    assert sorted(stands.owner.tolist()) == [0, 1, 2]  # three portraits and more
    assert stands.portraits.tolist() == [3, 3, 3]
    assert set(stands.person[stands.mated].tolist()) == {0, 2}  # person 1 has nothing left to come with
    own = stands.scores[stands.mated][stands.person[stands.mated, None] == stands.owner[None, :]]
    assert own.max() < 0.999
    assert set(stands.person.tolist()) == {0, 1, 2, 3, 4}  # everybody is a stranger to some


def test_where_people_have_few_pictures_a_template_is_made_of_what_they_have() -> None:
    draw = np.random.default_rng(1)
    stands = door(people(draw, np.array([5, 3, 2, 1])), 3, 2, draw, whole=False)
    assert dict(zip(stands.owner.tolist(), stands.portraits.tolist(), strict=True)) == {0: 3, 1: 2, 2: 1, 3: 1}


def test_a_learner_is_not_named_when_another_one_is_more_alike() -> None:
    vectors = np.eye(4, dtype=np.float32)
    probe = np.array([0.6, 0.7, 0.1, 0.0], np.float32)
    pictures = Pictures(np.vstack([vectors[:1], [probe], vectors[1:]]), np.array([0, 0, 1, 2, 3]), "cosine")
    for seed in range(20):
        stands = door(pictures, 1, 2, np.random.default_rng(seed))
        # the probe is more like person 1 whichever of both pictures is the template; of three others one is in a class
        if np.allclose(stands.scores[stands.mated], compare(probe[None], vectors[stands.owner], "cosine")):
            assert stands.fnir(0.5) == pytest.approx(1 / 3)
            assert stands.fnir(0.65) == 1
            return
    pytest.fail("the picture was never left out of the template")


def test_people_not_known_to_be_two_count_for_nothing() -> None:
    draw = np.random.default_rng(2)
    pictures = people(draw, np.full(4, 2))
    apart = np.zeros((4, 4), np.bool_)
    apart[0, 1] = apart[1, 0] = True
    told = Pictures(pictures.vectors, pictures.persons, "cosine", apart)
    stands = door(told, 1, 30, draw)
    assert stands.strangers == 2 and stands.comparisons == 2 and stands.pairs == 1 and stands.small
    assert sum(len(different) for _, different in one_to_one(told)) == 4  # 2 x 2 pictures
    assert sum(len(same) for same, _ in one_to_one(told)) == 4


@pytest.mark.parametrize("metric", ["cosine", "distance"])
def test_scores_are_those_of_recognition(metric: str) -> None:
    draw = np.random.default_rng(3)
    a, b = draw.normal(size=(7, 16)).astype(np.float32), draw.normal(size=(5, 16)).astype(np.float32)
    known = Gallery("x", tuple("abcde"), b, metric)  # type: ignore[arg-type]  # one of both words
    assert np.allclose(compare(a, b, known.metric), scores(known, a), atol=1e-5)
