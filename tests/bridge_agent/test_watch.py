"""`bridge-agent watch` on whole classes: real files, real processes, real networks, and the truth beside it."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rich.console import Console

from bridge_agent.errors import SourceError
from bridge_agent.output import OutputError
from bridge_agent.simulated_class.classes import Portrayed, hard, ordinary, two_people
from bridge_agent.simulated_class.script import (
    Action,
    Bowed,
    CameraShift,
    Dark,
    HeadTurned,
    Moved,
    Passing,
    Person,
    Script,
)
from bridge_agent.watch import unknown_times, watch
from models.faces.engine import FaceProfile
from models.faces.errors import FaceError
from models.faces.portraits import read_picture
from tests.bridge_agent.composed import write
from tests.bridge_agent.judging import PER_EDGE_S, judged, people, portraits, watched

KEYS = {
    "learners",
    "coverage",
    "unknown",
    "frames",
    "video_seconds",
    "took_seconds",
    "detector",
    "encoder",
}


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("weights")
def test_a_class_of_eight(shared: Path, tmp_path: Path) -> None:
    learners, strangers = people(shared, 0, 8), people(shared, 8, 1)
    script = ordinary(learners, strangers, seconds=45, fps=4)
    result = watched(script, learners, tmp_path)
    for one in judged(result, script):
        assert one.off_per_edge_s <= PER_EDGE_S, one
    absent = learners[-1].name
    assert result["learners"][absent] == {"intervals": [], "sightings": 0, "best_score": 0.0}
    assert [c["ended_by"] for c in result["coverage"]] == ["stopped"]
    # The stranger is told as unknown, and as nobody's presence.
    start, end = script.people[-1].stays[0]
    assert result["unknown"] == [{"from": pytest.approx(start, abs=3), "to": pytest.approx(end, abs=3)}]


@pytest.mark.nightly  # test_a_class_of_eight stays in CI
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("weights")
def test_a_hard_class(shared: Path, tmp_path: Path) -> None:
    learners, strangers = people(shared, 20, 8), people(shared, 28, 2)
    script = hard(learners, strangers, seconds=160, size=(1280, 720), faces=(48, 90), fps=4)
    result = watched(script, learners, tmp_path)
    for one in judged(result, script):
        assert one.off_per_edge_s <= PER_EDGE_S, one
    assert [c["ended_by"] for c in result["coverage"]] == ["dark", "frozen", "stopped"]
    dark, frozen = script.events
    assert result["coverage"][0]["to"] == pytest.approx(dark.start, abs=1)
    assert result["coverage"][1]["from"] == pytest.approx(dark.end, abs=1)
    assert result["coverage"][1]["to"] == pytest.approx(frozen.start, abs=1)
    assert result["coverage"][2]["from"] == pytest.approx(frozen.end, abs=1)


def spans_of(result: Any, who: Portrayed) -> list[Any]:
    return [pytest.approx(span, abs=3) for span in result["learners"][who.name]["intervals"]]


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("weights")
def test_heads_turned_and_bowed_a_passer_by_seats_changed_lights_off_and_a_camera_pushed(
    shared: Path, tmp_path: Path
) -> None:
    learners, passer_by = people(shared, 30, 6), people(shared, 36, 1)[0]
    size, end = (960, 540), 140.0
    seats = [(140, 170), (400, 170), (660, 170), (200, 350), (460, 350), (720, 350)]
    stays: list[tuple[tuple[float, float], ...]] = [((0, end),)] * 6
    actions: list[tuple[Action, ...]] = [()] * 6
    actions[0] = (HeadTurned(8, 32, yaw=35),)
    actions[1] = (Bowed(12, 24, pitch=60),)
    actions[2], actions[3] = (Moved(44, seats[3], 80),), (Moved(44, seats[2], 64),)
    stays[4] = ((20, end),)
    stays[5] = ((0, 130),)
    cast = [
        Person(who.name, who.shown, seats[n], 64 if n < 3 else 80, stays[n], actions=actions[n])
        for n, who in enumerate(learners)
    ]
    cast.append(
        Person(passer_by.name, passer_by.shown, (480, 260), 76, ((34, 39),), True, (Passing(34, 39),)),
    )
    # A minute without light; later somebody knocks against the camera, and a tenth of the picture is gone for good.
    events = (Dark(52, 112), CameraShift(120, end, dx=96, dy=-20))
    script = Script(end, tuple(cast), events, *size, fps=2)
    result = watched(script, learners, tmp_path)
    whole = [[0, 52], [112, end]]
    for n in range(4):
        assert spans_of(result, learners[n]) == whole, n
    assert spans_of(result, learners[4]) == [[20, 52], [112, end]]
    assert spans_of(result, learners[5]) == [[0, 52], [112, 130]]
    assert [c["ended_by"] for c in result["coverage"]] == ["dark", "stopped"]
    assert [c["from"] for c in result["coverage"]] == pytest.approx([0, 112], abs=1)
    assert result["coverage"][0]["to"] == pytest.approx(52, abs=1)
    assert result["unknown"] == []


@pytest.mark.timeout(300)
def test_with_the_packages_alone(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learners = people(shared, 0, 2)
    script = two_people(*learners, seconds=30, fps=4)
    profile = FaceProfile("dlib", "dlib")
    result = watched(script, learners[:1], tmp_path, profile)
    assert result["detector"] == "dlib"
    for one in judged(result, script):
        assert one.off_per_edge_s <= PER_EDGE_S, one


@pytest.mark.usefixtures("weights")
def test_still_portraits_without_noise_are_seen_as_well(shared: Path, tmp_path: Path) -> None:
    """Somebody else's composed video: pictures pasted on a wall, some for a time, nothing ever moves."""
    who = people(shared, 0, 3)
    shown = [cv2.resize(read_picture(person.shown), (220, 220)) for person in who]

    def frame(t: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        wall = np.full((480, 800, 3), 128, np.uint8)
        for i, (start, end) in enumerate(((0, 20), (5, 14), (8, 20))):
            if start <= t < end:
                wall[100:320, 30 + 250 * i : 250 + 250 * i] = shown[i]
        return wall

    video = write(tmp_path / "still.mp4", (frame(n / 10) for n in range(200)), 10, "cv2:mp4v")
    result = watch(str(video), portraits(who[:2], tmp_path / "p"), tmp_path / "out.json")
    assert result["learners"][who[0].name]["intervals"] == [[0.0, pytest.approx(19.9, abs=1)]]
    assert result["learners"][who[1].name]["intervals"] == [[pytest.approx(5, abs=1), pytest.approx(13.5, abs=1)]]
    assert [c["ended_by"] for c in result["coverage"]] == ["stopped"]
    assert result["unknown"] == [{"from": pytest.approx(8, abs=1), "to": pytest.approx(19.5, abs=1)}]


@pytest.fixture
def small(shared: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A video of five seconds with one learner, and the learner's portraits folder."""
    who = people(shared, 0, 1)
    face = cv2.resize(read_picture(who[0].shown), (200, 200))
    picture = np.full((240, 320, 3), 120, np.uint8)
    picture[20:220, 60:260] = face
    video = write(tmp_path / "small.mp4", [picture] * 25, 5)
    return video, portraits(who, tmp_path / "portraits")


def program(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bridge_agent", "watch", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, encoding="utf-8")


@pytest.mark.usefixtures("weights")
def test_the_program_writes_the_file_and_draws_no_bar_without_a_terminal(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    video, folder = small
    out = tmp_path / "out.json"
    done = program("--source", video, "--portraits", folder, "--json", out)
    assert done.returncode == 0, done.stderr
    assert "%" not in done.stdout + done.stderr
    result = json.loads(out.read_text(encoding="utf-8"))
    assert set(result) == KEYS
    assert result["frames"] == 25
    assert result["video_seconds"] == pytest.approx(5.0)
    assert next(iter(result["learners"].values()))["intervals"] == [[0.0, 4.8]]
    assert [path.name for path in tmp_path.iterdir() if "out.json" in path.name] == ["out.json"]


@pytest.mark.usefixtures("weights")
def test_a_bar_on_a_terminal(small: tuple[Path, Path], tmp_path: Path) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=80)
    watch(str(small[0]), small[1], tmp_path / "out.json", console=console)
    assert "100%" in text.getvalue()


@pytest.mark.usefixtures("weights")
def test_bad_input_ends_in_one_sentence_and_code_2(small: tuple[Path, Path], tmp_path: Path) -> None:
    video, folder = small
    out = tmp_path / "out.json"
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    for source, pictures in ((tmp_path / "no.mp4", folder), (broken, folder), (video, empty), ("99", folder)):
        done = program("--source", source, "--portraits", pictures, "--json", out)
        assert done.returncode == 2, (source, pictures, done.stderr)
        assert len(done.stderr.strip().splitlines()) == 1
        assert not out.exists()


@pytest.mark.usefixtures("weights")
def test_portraits_without_a_face_or_with_two_are_refused(
    shared: Path, small: tuple[Path, Path], tmp_path: Path
) -> None:
    video, folder = small
    cv2.imwrite(str(folder / "wall.jpg"), np.full((300, 300, 3), 128, np.uint8))
    with pytest.raises(FaceError, match=r"wall\.jpg"):
        watch(str(video), folder, tmp_path / "out.json")
    (folder / "wall.jpg").unlink()
    one, two = (read_picture(person.shown) for person in people(shared, 1, 2))
    cv2.imwrite(str(folder / "pair.jpg"), np.hstack([one, two]))
    with pytest.raises(FaceError, match=r"pair\.jpg"):
        watch(str(video), folder, tmp_path / "out.json")


def test_a_place_that_cannot_be_written_is_told_before_anything_is_watched(
    small: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="no-folder"):
        watch(str(small[0]), small[1], tmp_path / "no-folder" / "out.json")


def test_a_missing_video(small: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        watch("no.mp4", small[1], tmp_path / "out.json")


@pytest.mark.usefixtures("weights")
def test_a_cut_off_video_gives_what_it_has(small: tuple[Path, Path], tmp_path: Path) -> None:
    _, folder = small
    whole = write(tmp_path / "whole.mkv", [read_picture(next(folder.iterdir()))] * 60, 5, g="10")
    cut = tmp_path / "cut.mkv"
    shutil.copy(whole, cut)
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) * 3 // 4])
    result = watch(str(cut), folder, tmp_path / "out.json")
    assert 0 < result["frames"] < 60
    assert next(iter(result["learners"].values()))["intervals"]


def test_an_unknown_face_is_never_told_of_a_time_that_nobody_watched() -> None:
    watched = [(0, 60_000), (72_000, 120_000)]
    assert unknown_times([(0, 59_000), (72_000, 90_000)], watched) == [(0, 60_000), (72_000, 90_000)]
    assert unknown_times([(0, 40_000), (50_000, 55_000)], watched) == [(0, 55_000)]
