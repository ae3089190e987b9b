from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.background import Background, background
from calibration.faces import class_threshold, part
from models.faces.engine import FaceEngine, FaceProfile, load_engine
from models.faces.portraits import portrait_vector, read_picture
from tests.calibration.simulated_people import people

Floats = NDArray[np.float32]
INTEL = "face-reidentification-retail-0095"


def known() -> Background:
    found = background(INTEL)
    assert found is not None
    return found


def unlike(many: int, dimensions: int = 200) -> Floats:
    """People whose scores spread by 0.07 around 0."""
    vectors = np.random.default_rng(1).normal(size=(many, dimensions))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_a_class_of_people_who_are_unlike_keeps_the_background_threshold() -> None:
    chosen = class_threshold([f"hv-{i}" for i in range(30)], unlike(30), "cosine", known(), 0.05)
    assert chosen.strict == chosen.background == 0.5
    assert chosen.lookalikes == () and chosen.raised == {}


def test_lookalikes_are_named_and_each_of_them_has_to_reach_more_than_the_other_does() -> None:
    templates = unlike(30)
    templates[7] = 0.7 * templates[3] + 0.714 * templates[7]
    templates[7] /= np.linalg.norm(templates[7])
    alike = float(templates[3] @ templates[7])
    assert 0.6 < alike < 0.72
    chosen = class_threshold([f"hv-{i}" for i in range(30)], templates, "cosine", known(), 0.05)
    (pair,) = chosen.lookalikes
    assert (pair.a, pair.b) == ("hv-3", "hv-7") and pair.score == pytest.approx(alike, abs=1e-3)
    assert set(chosen.raised) == {"hv-3", "hv-7"}
    assert all(alike < wanted <= chosen.strict + 0.2 for wanted in chosen.raised.values())
    assert chosen.strict == 0.5  # the others need not suffer for it


def test_a_class_of_people_who_are_all_alike_is_asked_for_more() -> None:
    templates = unlike(40) + 0.045 * np.ones(200, np.float32) / np.sqrt(200) * 14
    templates = (templates / np.linalg.norm(templates, axis=1, keepdims=True)).astype(np.float32)
    chosen = class_threshold([str(i) for i in range(40)], templates, "cosine", known(), 0.05)
    assert chosen.strict > chosen.background


@pytest.mark.parametrize("many", [0, 1])
def test_a_class_of_nobody_or_one_has_no_lookalikes(many: int) -> None:
    chosen = class_threshold(["a"] * many, unlike(2)[:many], "cosine", known(), 0.05)
    assert chosen.lookalikes == () and chosen.strict == 0.5


def test_larger_classes_and_simulated_people_meet_the_aim() -> None:
    """60 learners who resemble each other as people do: strangers are taken for one of them seldom enough."""
    everybody = people(np.random.default_rng(2), np.full(3_000, 1), siblings=0)
    learners, strangers = everybody.vectors[:60], everybody.vectors[60:]
    chosen = class_threshold([str(i) for i in range(60)], learners, "cosine", known(), 0.05)
    assert float(((strangers @ learners.T).max(1) >= chosen.strict).mean()) <= 0.003


@pytest.fixture(scope="session")
def engine(shared: Path) -> FaceEngine:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIEMDANH_WEIGHTS", str(shared / "weights"))
        return load_engine(FaceProfile("yunet", "intel"))


def test_the_london_people_as_a_class_have_a_card_that_claims_what_its_counts_allow(
    engine: FaceEngine, shared: Path
) -> None:
    london = shared / "pictures" / "london"
    names = sorted({path.name[:3] for path in london.glob("*.jpg")})[:30]
    vectors = {
        name: np.stack(
            [
                portrait_vector(read_picture(london / f"{name}_{face}.jpg"), name, engine)
                for face in ("neutral", "smiling")
            ]
        )
        for name in names
    }
    made = part(vectors, engine.encoder, known(), made_at=1, weights="ab" * 32, detector="yunet")
    card = made.card
    assert made.learners == 30 and 0.5 <= made.strict_threshold < 0.6
    assert card.fmr and card.fnmr and card.fpir and card.fnir
    assert card.fmr.trials == 30 * 29 // 2 * 4 and card.fnmr.trials == 30
    # 009 smiling is taken for 019 neutral; both are named as lookalikes and have to reach more than that
    assert [(pair.a, pair.b) for pair in made.lookalikes] == [("009", "019")] and card.fpir.errors == 1
    assert made.raised["009"] > float(np.max(vectors["009"] @ vectors["019"].T)) >= made.strict_threshold
    assert card.fnir.errors == 0
    assert card.fnir.high == pytest.approx(0.095, abs=0.001)  # 30 learners prove no more than that
    assert sum(card.genuine.counts) == 30 and sum(card.impostor.counts) == card.fmr.trials
    alone = part({n: v[:1] for n, v in vectors.items()}, engine.encoder, known(), made_at=1, weights="", detector="y")
    assert alone.card.fnmr is None and alone.card.fnir is None and alone.card.fmr is not None
