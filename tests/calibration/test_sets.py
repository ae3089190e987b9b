from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
import pytest

from calibration.background import Background, background
from calibration.door import Pictures
from calibration.halves import LIMIT
from calibration.sets import SetMeasured, measure
from tests.calibration.simulated_people import people

INTEL, DLIB = "face-reidentification-retail-0095", "dlib-resnet-v1"


def measured(pictures: Pictures, encoder: str = INTEL, kind: Literal["gallery", "pairs"] = "gallery") -> SetMeasured:
    return measure(
        pictures, kind=kind, encoder=encoder, detector="yunet", known=background(encoder), counts={}, problems={},
        provenance={}, splits=4,
    )  # fmt: skip


def test_many_people_told_apart_well_hold() -> None:
    found = measured(people(np.random.default_rng(1), np.full(600, 5), noise=0.45))
    assert found.verdict == "holds" and found.fpir.value <= LIMIT and found.accepted >= 0.95
    assert found.sentences["en"][0].startswith("It holds") and found.sentences["vi"][0].startswith("Đạt")
    assert [row.portraits for row in found.accepted_by_portraits] == [1, 2, 3]
    assert found.accepted_by_portraits[0].accepted < found.accepted_by_portraits[2].accepted
    assert found.persons == 600 and len(found.halves) == 8 and found.portraits == 3
    assert found.fpir.trials == 2 * (300 * 299 // 30)
    assert msgspec.json.decode(msgspec.json.encode(found), type=SetMeasured) == found


def test_people_who_are_not_told_apart_cannot_and_the_sentence_says_by_how_much() -> None:
    found = measured(people(np.random.default_rng(2), np.full(600, 5), noise=1.2))
    assert found.verdict == "cannot"
    assert "of learners were named, under 95 %" in found.sentences["en"][0]


def test_dlibs_encoder_cannot_even_on_pictures_that_are_easy() -> None:
    found = measured(people(np.random.default_rng(3), np.full(600, 5), noise=0.3), DLIB)
    assert found.accepted >= 0.95 and found.fpir.value <= LIMIT
    assert found.verdict == "cannot" and "It cannot" in found.sentences["en"][0] and "easy" in found.sentences["en"][0]
    assert found.sentences["vi"][0].startswith("Không đạt")


def test_too_few_people_are_said_to_be_too_few_however_good_it_looks() -> None:
    found = measured(people(np.random.default_rng(4), np.full(24, 4), noise=0.3))
    assert found.verdict == "too_few" and not found.proved and found.fpir.errors == 0
    assert "too few" in found.sentences["en"][0] and "quá ít" in found.sentences["vi"][0]
    assert found.fpir.high > LIMIT and found.reckoned


def test_nothing_is_claimed_beyond_the_counts() -> None:
    found = measured(people(np.random.default_rng(5), np.full(150, 4), noise=0.35))
    assert found.verdict == "holds" and not found.proved  # measured, and the sentence says that it is not proved
    assert "to prove it" in found.sentences["en"][0] and found.fpir.high > LIMIT


def test_people_with_one_picture_only_leave_the_learners_unmeasured() -> None:
    found = measured(people(np.random.default_rng(6), np.ones(100, np.int64)))
    assert found.verdict == "too_few" and found.fnir.trials == 0
    assert any("Nobody has two usable pictures" in sentence for sentence in found.sentences["en"])


def test_pairs_claim_what_their_listed_pairs_allow() -> None:
    pictures = people(np.random.default_rng(7), np.full(40, 2), noise=0.3)
    apart = np.zeros((40, 40), np.bool_)
    for a in range(0, 40, 2):
        apart[a, a + 1] = apart[a + 1, a] = True
    found = measured(Pictures(pictures.vectors, pictures.persons, "cosine", apart), kind="pairs")
    assert found.verdict == "too_few" and found.fpir.trials == 0 and found.fpir.high == 1


def test_fewer_than_four_people_are_no_set() -> None:
    with pytest.raises(ValueError, match="four"):
        measured(people(np.random.default_rng(8), np.full(3, 4)))


@pytest.mark.parametrize("encoder", [INTEL, DLIB, "face_recognition"])
def test_every_encoder_has_its_background_and_larger_classes_ask_for_more(encoder: str) -> None:
    known = background(encoder)
    assert isinstance(known, Background)
    assert known.strict <= known.threshold(10) <= known.threshold(30) < known.threshold(100)
    assert known.fpir_bound(known.threshold(30), 30) == pytest.approx(0.001, rel=0.35)
    assert background("unheard of") is None
