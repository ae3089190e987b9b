from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bridge_agent.enrol import EnrolError, NoConsentError, enrol
from bridge_agent.recognition.advice import advice
from models.faces.engine import FaceProfile, load_engine
from models.faces.portraits import read_picture, read_portraits
from tests.bridge_agent.composed import Picture, write
from tests.bridge_agent.judging import people


@pytest.fixture
def portrait(shared: Path, weights: Path) -> Picture:
    return read_picture(people(shared, 0, 1)[0].shown)


def film(path: Path, picture: Picture, seconds: int) -> Path:
    return write(path, [picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]] * (5 * seconds), 5)


@pytest.mark.parametrize("answer", ["", "k", "không", "n", "maybe"])
def test_without_consent_nothing_is_captured_or_kept(tmp_path: Path, answer: str) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    with pytest.raises(NoConsentError):
        enrol("no-such-source.mp4", "An", tmp_path / "p", ask=ask)
    assert "An" in asked[0]
    assert not (tmp_path / "p").exists()


def test_nobody_at_the_terminal_is_no_consent(tmp_path: Path) -> None:
    def ask(question: str) -> str:
        raise EOFError

    with pytest.raises(NoConsentError):
        enrol("0", "An", tmp_path, ask=ask)


def test_three_good_portraits_that_the_agent_can_enrol(tmp_path: Path, portrait: Picture) -> None:
    video = film(tmp_path / "me.mp4", portrait, 8)
    said: list[str] = []
    paths = enrol(str(video), "Nguyễn An", tmp_path / "p", ask=lambda _: "có", say=said.append)
    assert [path.name for path in paths] == ["1.jpg", "2.jpg", "3.jpg"]
    assert list(read_portraits(tmp_path / "p")) == ["Nguyễn An"]
    assert len(said) == 3


def test_without_good_pictures_nothing_is_kept_and_the_advice_is_repeated(tmp_path: Path, portrait: Picture) -> None:
    small = np.full((360, 480, 3), 120, np.uint8)
    small[100:240, 150:290] = cv2.resize(portrait, (140, 140))
    video = film(tmp_path / "far.mp4", small, 3)
    with pytest.raises(EnrolError, match="lại gần"):
        enrol(str(video), "An", tmp_path / "p", ask=lambda _: "c", say=lambda _: None)
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "con\\duong", " "])
def test_names_that_cannot_be_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(EnrolError):
        enrol("0", name, tmp_path, ask=lambda _: "c")


def test_advice(shared: Path, portrait: Picture) -> None:
    detector = load_engine(FaceProfile()).detector

    def about(picture: Picture) -> str | None:
        given = advice(picture, detector.detect(picture))
        return None if given is None else given.en.split(":")[0]

    assert about(portrait) is None
    assert about(np.asarray(portrait * 0.15, np.uint8)) == "Too dark"
    assert about(np.full((300, 300, 3), 150, np.uint8)) == "No face in view"
    pair = np.hstack([portrait, read_picture(people(shared, 1, 1)[0].shown)[: portrait.shape[0]]])
    assert about(pair) == "More than one person"
