"""Templates that the parent holds, beside a folder of portraits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.recognition.commands import HeldTemplate
from bridge_agent.recognition.events import Trouble
from bridge_agent.recognition.gallery import doubles, pictured, together
from models.faces.detect import Face
from models.faces.encode import Floats, Picture
from models.faces.engine import FaceProfile, load_engine
from models.faces.errors import PortraitsMissingError
from models.faces.match import Gallery, Metric
from tests.bridge_agent.judging import people, portraits


class Eight:
    """An encoder of eight numbers."""

    name, length, threshold, strict_threshold, margin = "eight", 8, 0.45, 0.5, 0.05
    metric: Metric = "cosine"

    def encode(self, bgr: Picture, faces: Sequence[Face]) -> Floats:
        return np.zeros((len(faces), 8), np.float32)


def held(learner: str, axis: int, encoder: str = "eight", length: int = 8) -> HeldTemplate:
    return HeldTemplate(learner, np.eye(length, dtype="<f4")[axis % length].tobytes(), encoder, 3)


def of_pictures(*learners: str) -> Gallery:
    return Gallery("eight", learners, np.eye(8, dtype=np.float32)[: len(learners)])


def test_a_template_comes_before_a_portrait_of_the_same_learner() -> None:
    told: list[Trouble] = []
    made = together(of_pictures("a", "b"), [held("b", 7), held("c", 6)], Eight(), told.append)
    assert dict(zip(made.learners, made.matrix.argmax(1).tolist(), strict=True)) == {"a": 0, "b": 7, "c": 6}
    assert told == []


def test_templates_of_another_encoder_or_of_no_sense_are_one_sentence_and_the_others_hold() -> None:
    told: list[Trouble] = []
    broken = HeldTemplate("e", np.full(8, np.nan, "<f4").tobytes(), "eight", 1)
    wrong = [held("b", 1, encoder="other"), held("d", 1, length=9), broken]
    made = together(of_pictures(), [held("a", 0), *wrong], Eight(), told.append)
    assert made.learners == ("a",)
    assert [trouble.name for trouble in told] == ["templates"]
    assert "3 học viên" in told[0].vi and "other" in told[0].en
    assert not any(learner in told[0].vi + told[0].en.removeprefix("3 learners") for learner in ("b:", "d:", "e:"))


def test_learners_as_like_as_one_person_are_told_and_nobody_else() -> None:
    near = HeldTemplate("twin", np.array([0.8, 0.6, 0, 0, 0, 0, 0, 0], "<f4").tobytes(), "eight", 3)
    of = together(of_pictures(), [held("a", 0), near, held("c", 6)], Eight(), lambda trouble: None)
    assert doubles(of, 0.7) == ("a", "twin")  # 0.8 to a, 0.6 to nobody in it
    assert doubles(of, 0.85) == () and doubles(of_pictures(), 0.5) == () and doubles(of_pictures("a"), 0.5) == ()


def test_without_anybody_it_is_an_empty_gallery() -> None:
    assert together(of_pictures(), [], Eight(), list[Trouble]().append).learners == ()


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 7), st.sampled_from(["eight", "other"]))))
def test_whatever_is_held_every_learner_has_one_row_and_its_own_last_template(
    rows: list[tuple[str, int, str]],
) -> None:
    made = together(of_pictures("a", "b", "x"), [held(*row) for row in rows], Eight(), list[Trouble]().append)
    last = {learner: axis for learner, axis, encoder in rows if encoder == "eight"}
    assert len(set(made.learners)) == len(made.learners)
    assert set(made.learners) == {"a", "b", "x"} | set(last)
    rows_of = dict(zip(made.learners, made.matrix.argmax(1).tolist(), strict=True))
    assert {learner: rows_of[learner] for learner in last} == last


@pytest.mark.usefixtures("weights")
def test_a_missing_folder_ends_only_who_needs_it(shared: Path, tmp_path: Path) -> None:
    engine = load_engine(FaceProfile(threads=1))
    told: list[Trouble] = []
    one, other = people(shared, 0, 2)
    folder = portraits([one, other], tmp_path / "p")
    assert pictured(folder, {one.name: "l1"}, engine, told.append, needed=True).learners == ("l1",)
    assert pictured(tmp_path / "none", {}, engine, told.append, needed=True).learners == ()
    assert told == []
    assert pictured(tmp_path / "none", {one.name: "l1"}, engine, told.append, needed=False).learners == ()
    assert [trouble.name for trouble in told] == ["portraits"]
    with pytest.raises(PortraitsMissingError):
        pictured(tmp_path / "none", {one.name: "l1"}, engine, told.append, needed=True)
