from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from bridge_agent.errors import FinalError
from bridge_agent.roster import match, portrait_names
from models.wire import RosterLearner


def learner(number: int, name: str) -> RosterLearner:
    return RosterLearner(id=f"l{number}", code=f"HV{number}", name=name, unit="U", birth_year=1980)


ROSTER = [learner(1, "Nguyễn Văn An"), learner(2, "Trần Thị Bình"), learner(3, "Trần Thị Bình"), learner(4, "Lê Cường")]


def test_a_code_comes_first_then_a_name_that_only_one_has() -> None:
    decomposed = unicodedata.normalize("NFD", "nguyễn  văn an")
    found = match([decomposed, "HV2", "hv3"], ROSTER)
    assert found.roster == {decomposed: "l1", "HV2": "l2", "hv3": "l3"}
    assert [problem.en for problem in found.problems] == [
        "Learners without a portrait: HV4. The camera will not know them."
    ]


def test_two_learners_of_one_name_are_never_guessed_between() -> None:
    found = match(["Trần Thị Bình", "HV1", "Ai đó"], ROSTER)
    assert found.roster == {"HV1": "l1"}
    sentences = [problem.vi for problem in found.problems]
    assert "HV2, HV3" in sentences[0]
    assert "Ai đó" in sentences[1]
    assert len(sentences) == 3


def test_portraits_are_named_by_file_or_folder(tmp_path: Path) -> None:
    (tmp_path / "A.jpg").touch()
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "1.PNG").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden.jpg").touch()
    (tmp_path / "notes.txt").touch()
    assert portrait_names(tmp_path) == ["A", "B"]
    with pytest.raises(FinalError):
        portrait_names(tmp_path / "empty")
    with pytest.raises(FinalError):
        portrait_names(tmp_path / "none")
