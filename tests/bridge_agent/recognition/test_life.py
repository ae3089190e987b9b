"""Is the picture live? Both directions, on real encodings: a freeze is found, a calm room is not called frozen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from bridge_agent.capture.frame import Change, ChangeMeter, grid
from bridge_agent.capture.source import VideoFile
from bridge_agent.capture.video import VideoReader
from bridge_agent.recognition.life import Look, PictureJudge
from tests.bridge_agent.composed import HEADS, Composition, Movement, Picture, write

X264 = [("libx264", {"preset": "veryfast", "crf": crf, "g": gop}) for crf, gop in (("18", "250"), ("28", "50"))]
CODECS = [*X264, ("cv2:mp4v", {}), ("cv2:MJPG", {})]
"""Those that were hardest of the ten measured (x264 crf 18 to 35, by bit rate, with short GOPs; mpeg4; MJPEG)."""
Present = Callable[[float], Iterable[int]]


def everybody(t: float) -> Iterable[int]:
    return range(HEADS)


def leaving(t: float) -> Iterable[int]:
    """All, then three, then one, then nobody."""
    return range(HEADS if t < 10 else 3 if t < 16 else 1 if t < 24 else 0)


def judged(path: Path, present: Present, sensor: bool = False) -> list[tuple[float, Look]]:
    """The judge's looks at a file, once a second of it, as recognition does it; times in s."""
    judge, meter, changes, out, due, faces = PictureJudge(sensor), ChangeMeter(), list[Change](), [], 0, 0
    for raw in VideoReader(VideoFile(path)).frames():
        changes.append(meter.measure(raw.luma, raw.at))
        if raw.at >= due:
            due += 1000
            look = judge.look(raw.at, raw.picture(), changes, faces)
            faces = len(list(present(raw.at / 1000))) if look.state == "live" else faces
            out.append((raw.at / 1000, look))
            changes = []
    return out


def blind(looks: list[tuple[float, Look]]) -> list[tuple[str, float, float | None]]:
    """When nothing counted: why, from when, and until when (None: to the end)."""
    spans: list[tuple[str, float, float | None]] = []
    for _, look in looks:
        open_ = bool(spans) and spans[-1][2] is None
        if look.state in ("frozen", "dark") and not (open_ and spans[-1][0] == look.state):
            spans.append((look.state, look.at / 1000, None))
        elif look.state == "live" and open_:
            spans[-1] = (*spans[-1][:2], look.at / 1000)
    return spans


def film(path: Path, composition: Composition, codec: tuple[str, dict[str, str]]) -> Path:
    name, options = codec
    return write(
        path / ("a.avi" if "MJPG" in name else "a.mp4"), composition.frames(), composition.fps, name, **options
    )


@pytest.mark.parametrize("codec", CODECS, ids=str)
@pytest.mark.parametrize("movement", ["sway", "tremble"])
def test_a_freeze_is_found_and_dated(tmp_path: Path, codec: tuple[str, dict[str, str]], movement: Movement) -> None:
    composition = Composition(seconds=26, movement=movement, noise=2.5, frozen=(9, 20))
    spans = blind(judged(film(tmp_path, composition, codec), everybody))
    assert [why for why, _, _ in spans] == ["frozen"]
    assert spans[0][1] == pytest.approx(9, abs=1.2)
    assert spans[0][2] == pytest.approx(20, abs=1.2)


@pytest.mark.parametrize(
    ("noise", "codec"),
    [(6.0, X264[0]), (2.5, ("cv2:MJPG", {})), (2.5, ("cv2:mp4v", {}))],
    ids=str,
)
def test_a_freeze_is_found_by_the_noise_alone(tmp_path: Path, noise: float, codec: tuple[str, dict[str, str]]) -> None:
    composition = Composition(seconds=26, noise=noise, frozen=(9, 20))
    spans = blind(judged(film(tmp_path, composition, codec), everybody))
    assert [why for why, _, _ in spans] == ["frozen"]
    assert spans[0][1] == pytest.approx(9, abs=1.2)
    assert spans[0][2] == pytest.approx(20, abs=1.2)


CALM = [*itertools.product(enumerate(CODECS), enumerate((0, 1.0, 2.5)), enumerate(("none", "sway")))]


@pytest.mark.parametrize(
    ("codec", "noise", "movement"),
    [
        # Every other one, so that each two of codec, noise and movement still meet; the rest is nightly's.
        pytest.param(codec, noise, movement, marks=() if (a + b + c) % 2 == 0 else pytest.mark.nightly)
        for (a, codec), (b, noise), (c, movement) in CALM
    ],
)
def test_a_calm_room_is_not_called_frozen(
    tmp_path: Path, codec: tuple[str, dict[str, str]], noise: float, movement: Movement
) -> None:
    composition = Composition(seconds=28, noise=noise, movement=movement, present=leaving)
    assert blind(judged(film(tmp_path, composition, codec), leaving)) == []


def test_a_freeze_is_found_where_only_a_frame_now_and_then_moves(tmp_path: Path) -> None:
    """Two heads sway by a pixel, noise is faint, and the encoder refines the frozen picture for 20 s."""
    composition = Composition(
        seconds=45, fps=10, noise=1.0, movement="sway", frozen=(14, 38), present=lambda _: range(2)
    )
    path = film(tmp_path, composition, ("libx264", {"crf": "28"}))
    spans = blind(judged(path, lambda _: range(2)))
    assert [why for why, _, _ in spans] == ["frozen"]
    assert spans[0][1] == pytest.approx(14, abs=1.2)
    assert spans[0][2] == pytest.approx(38, abs=1.2)


def test_a_freeze_in_an_empty_room_is_found_by_the_cameras_noise(tmp_path: Path) -> None:
    def first_only(t: float) -> Iterable[int]:
        return range(HEADS if t < 8 else 0)

    composition = Composition(seconds=40, movement="sway", noise=4.0, frozen=(18, 32), present=first_only)
    spans = blind(judged(film(tmp_path, composition, ("libx264", {"crf": "20"})), first_only))
    assert [why for why, _, _ in spans] == ["frozen"]
    assert spans[0][1] == pytest.approx(18, abs=1.2)
    assert spans[0][2] == pytest.approx(32, abs=1.2)


@pytest.mark.parametrize("fps", [1, 3, 30])
def test_at_other_frame_rates(tmp_path: Path, fps: int) -> None:
    frozen = Composition(seconds=36, fps=fps, movement="sway", noise=2.5, frozen=(12, 24))
    spans = blind(judged(film(tmp_path, frozen, X264[1]), everybody))
    assert [why for why, _, _ in spans] == ["frozen"]
    calm = Composition(seconds=30, fps=fps, noise=2.5)
    assert blind(judged(film(tmp_path, calm, X264[1]), everybody)) == []


def test_a_slow_camera_recorded_fast_is_not_frozen(tmp_path: Path) -> None:
    composition = Composition(seconds=15, fps=30, each=6, movement="sway", noise=2.5)
    assert blind(judged(film(tmp_path, composition, X264[1]), everybody)) == []


def test_a_camera_that_shows_one_picture_from_the_start_is_frozen(tmp_path: Path) -> None:
    composition = Composition(seconds=8)
    path = film(tmp_path, composition, ("libx264", {"qp": "0", "preset": "ultrafast"}))
    assert blind(judged(path, everybody, sensor=True))[0][0] == "frozen"
    assert blind(judged(path, everybody, sensor=False)) == []


@pytest.mark.parametrize("dim", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("noise", [0.0, 2.5])
def test_darkness_is_found_and_dated(tmp_path: Path, dim: float, noise: float) -> None:
    composition = Composition(
        seconds=30, movement="sway", noise=noise, light=lambda t: dim if 10.3 <= t < 20.5 else 1.0
    )
    spans = blind(judged(film(tmp_path, composition, X264[1]), everybody))
    assert [why for why, _, _ in spans] == ["dark"]
    assert spans[0][1] == pytest.approx(10.2, abs=0.15)
    assert spans[0][2] == pytest.approx(20.5, abs=0.15)


def test_half_the_lamps_are_not_darkness_and_a_dim_room_becomes_usual() -> None:
    room: Picture = np.random.default_rng(1).integers(60, 200, (180, 320, 3), np.uint8)
    judge, meter = PictureJudge(sensor=False), ChangeMeter()
    states = []
    for second in range(400):
        light = 1.0 if second < 20 else 0.5 if second < 60 else 0.28
        noise = np.random.default_rng(second).integers(0, 4, room.shape, np.uint8)
        picture = np.asarray(room * light + noise, np.uint8)
        change = meter.measure(grid(picture[..., 1], 320, 180), second * 1000)
        states.append(judge.look(second * 1000, picture, [change], 5).state)
    assert set(states[:60]) == {"live"}
    assert states[-1] == "live"


def test_people_who_are_few_before_a_black_wall_are_not_darkness() -> None:
    judge, meter = PictureJudge(sensor=False), ChangeMeter()
    for second in range(40):
        picture = np.zeros((360, 640, 3), np.uint8)
        for head in range(6 if second < 20 else 1):
            picture[100:180, 20 + 100 * head : 80 + 100 * head] = np.random.default_rng(head).integers(80, 220)
        change = meter.measure(grid(picture[..., 1], 640, 360), second * 1000)
        assert judge.look(second * 1000, picture, [change], 5).state == "live"
