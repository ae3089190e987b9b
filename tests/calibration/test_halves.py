"""Whether a threshold chosen on half of the people holds on the other half: simulated many times."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.door import door
from calibration.halves import AIM, LIMIT, choose, fmr_for, halves, split, sure_aim
from calibration.tail import tail
from tests.calibration.simulated_people import people


def zipf(draw: np.random.Generator, many: int) -> NDArray[np.int64]:
    """As in sets from the web: most people have one picture, a few have many."""
    return np.minimum(draw.zipf(2.2, many), 40).astype(np.int64)


@pytest.mark.parametrize(
    ("many", "pictures", "runs"), [(200, 5, 20), (600, 4, 10), (1500, 0, 10)], ids=["small", "middle", "web"]
)
@pytest.mark.parametrize("noise", [0.4, 0.55])
def test_in_at_least_nineteen_of_twenty_splits_fpir_is_held_on_the_other_half_and_learners_are_named(
    many: int, pictures: int, runs: int, noise: float
) -> None:
    held, accepted = [], []
    for seed in range(runs):
        draw = np.random.default_rng(seed)
        counts = np.full(many, pictures) if pictures else zipf(draw, many)
        for judged in split(people(draw, counts, noise=noise), 30, seed):
            held.append(judged.fpir <= LIMIT)
            accepted.append(1 - judged.fnir)
    assert np.mean(held) >= 0.95
    assert np.mean(accepted) >= 0.95


def test_with_faces_too_much_alike_fpir_is_held_all_the_same_and_learners_are_refused() -> None:
    """An encoder that can't: the threshold must not give way."""
    judged = [
        j for seed in range(6) for j in split(people(np.random.default_rng(seed), np.full(600, 4), noise=1.2), 30, seed)
    ]
    assert np.mean([j.fpir <= LIMIT for j in judged]) >= 0.95
    assert max(1 - j.fnir for j in judged) < 0.8


def test_the_other_half_has_no_part_in_the_choice() -> None:
    draw = np.random.default_rng(4)
    everybody = people(draw, np.full(80, 5))
    own, other = halves(everybody, np.random.default_rng(0))
    assert not set(own.tolist()) & set(other.tolist()) and len(own) + len(other) == 80
    mine = everybody.of(own)
    assert set(mine.persons.tolist()) == set(range(40)) and len(mine.vectors) == 200
    first = choose(door(mine, 3, 30, np.random.default_rng(1)), None)
    changed = everybody.vectors.copy()
    changed[np.isin(everybody.persons, other)] = changed[0]
    again = type(everybody)(changed, everybody.persons, "cosine").of(own)
    assert choose(door(again, 3, 30, np.random.default_rng(1)), None) == first


def test_one_split_is_the_same_every_time() -> None:
    pictures = people(np.random.default_rng(5), np.full(60, 5))
    assert split(pictures, 30, 7) == split(pictures, 30, 7) != split(pictures, 30, 8)


def test_fpir_of_a_class_follows_from_the_fmr() -> None:
    assert 1 - (1 - fmr_for(AIM, 30)) ** 30 == pytest.approx(AIM)
    assert fmr_for(AIM, 30) == pytest.approx(3.335e-5, rel=1e-3)


def test_a_small_half_is_aimed_at_more_strictly_where_one_mistake_is_over_the_limit() -> None:
    assert sure_aim(5_000, 30) < AIM / 4  # no mistake is allowed
    assert sure_aim(2_000_000, 30) > AIM  # so many are allowed that chance evens out


@pytest.mark.parametrize(("many", "fmr"), [(2_000_000, 1e-5), (200_000, 1e-4)])
def test_the_tails_threshold_is_passed_about_as_seldom_as_it_says(many: int, fmr: float) -> None:
    draw = np.random.default_rng(6)
    real = draw.normal(0.03, 0.1, 20_000_000).astype(np.float32)
    found = tail(real[:many], many)
    assert 0.2 * fmr <= float((real >= found.threshold(fmr)).mean()) <= 1.5 * fmr
