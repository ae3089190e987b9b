from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge_agent.simulated_class.classes import Portrayed, hard, ordinary
from bridge_agent.simulated_class.render import Room
from bridge_agent.simulated_class.script import (
    Action,
    Bowed,
    CameraShift,
    Dark,
    Event,
    Frozen,
    HeadTurned,
    Hidden,
    Moved,
    Person,
    Script,
    ScriptError,
    TurnedAway,
)
from bridge_agent.simulated_class.write import write_truth, write_video

BGR = NDArray[np.uint8]
Box = tuple[float, float, float, float]
Detect = Callable[[BGR], list[Box]]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn portrait, for everything that needs no real face."""
    picture = np.full((240, 240, 3), 190, np.uint8)
    cv2.ellipse(picture, (120, 95), (52, 66), 0, 0, 360, (40, 40, 50), -1)
    cv2.rectangle(picture, (100, 150), (140, 210), (120, 150, 190), -1)
    cv2.ellipse(picture, (120, 110), (42, 56), 0, 0, 360, (130, 160, 205), -1)
    for x in (104, 136):
        cv2.circle(picture, (x, 100), 6, (30, 30, 40), -1)
    path = tmp_path_factory.mktemp("portraits") / "drawn.png"
    cv2.imwrite(str(path), picture)
    return path


def drawn_face(_: BGR) -> Box | None:
    return 80, 55, 80, 110


def small(portrait: Path, *events: Event, seconds: float = 20, noise: float = 2.5, fps: float = 5) -> Script:
    people = (
        Person("an", portrait, (0.3, 0.45), 48, ((0, 15),)),
        Person("binh", portrait, (0.7, 0.45), 48, ((4, 20),)),
    )
    return Script(seconds=seconds, people=people, events=events, width=320, height=240, fps=fps, noise=noise, seed=3)


def test_frames_are_the_same_for_the_same_script_in_any_order(drawn: Path) -> None:
    one, other = Room(small(drawn), drawn_face), Room(small(drawn), drawn_face)
    times = [0.0, 3.9, 4.0, 14.9, 15.0, 19.8]
    forward = [one.frame(t) for t in times]
    backward = [other.frame(t) for t in reversed(times)][::-1]
    for a, b in zip(forward, backward, strict=True):
        assert a.shape == (240, 320, 3) and a.dtype == np.uint8
        assert np.array_equal(a, b)
    reseeded = Room(msgspec.structs.replace(small(drawn), seed=4), drawn_face)
    assert not np.array_equal(reseeded.frame(0), forward[0])


@pytest.mark.parametrize("noise", [0.0, 2.5])
def test_a_live_picture_never_repeats_and_a_frozen_one_does(drawn: Path, noise: float) -> None:
    room = Room(small(drawn, Frozen(8, 11), noise=noise), drawn_face)
    frames = [room.frame(n / 5) for n in range(room.frames)]
    assert len(frames) == 100
    assert all(np.array_equal(frames[40], frame) for frame in frames[40:55])
    live = [frame.tobytes() for frame in (*frames[:41], *frames[55:])]
    assert len(set(live)) == len(live)


def test_a_frame_shows_until_the_next(drawn: Path) -> None:
    room = Room(small(drawn), drawn_face)
    assert np.array_equal(room.frame(1.0), room.frame(1.199))
    assert not np.array_equal(room.frame(1.0), room.frame(1.2))
    assert np.array_equal(room.frame(1000), room.frame(19.8))


def test_darkness_is_dark(drawn: Path) -> None:
    room = Room(small(drawn, Dark(5, 6)), drawn_face)
    assert room.frame(4.8).mean() > 60
    assert room.frame(5).mean() < 8
    assert room.frame(5.8).mean() < 8
    assert room.frame(6).mean() > 60


def test_noise_has_the_asked_strength(drawn: Path) -> None:
    script = msgspec.structs.replace(small(drawn, noise=4), people=())
    room = Room(script, drawn_face)
    difference = room.frame(1).astype(np.float64) - room.frame(2)
    assert abs(difference.std() / np.sqrt(2) - 4) < 0.2
    still = Room(msgspec.structs.replace(script, noise=0), drawn_face)
    assert abs(room.frame(1).mean() - still.frame(1).mean()) < 0.2


def test_a_pushed_camera_moves_the_picture(drawn: Path) -> None:
    room = Room(small(drawn, CameraShift(5, 10, dx=7, dy=-3), noise=0), drawn_face)
    steady = Room(small(drawn, noise=0), drawn_face)
    assert np.array_equal(room.frame(5)[:-3, 7:], steady.frame(5)[3:, :-7])
    assert np.array_equal(room.frame(10), steady.frame(10))
    assert room.where(5)[0].x == pytest.approx(steady.where(5)[0].x + 7)


def test_people_come_and_go_to_the_frame(drawn: Path) -> None:
    room = Room(small(drawn, noise=0), drawn_face)
    names = [[seen.name for seen in room.where(t)] for t in (0, 3.8, 4, 14.8, 15, 19.8)]
    assert names == [["an"], ["an"], ["an", "binh"], ["an", "binh"], ["binh"], ["binh"]]
    patch = np.s_[90:130, 200:250]
    before, after = room.frame(3.8)[patch].astype(int), room.frame(4)[patch].astype(int)
    assert np.abs(after - before).mean() > 20


def test_a_person_may_stand_at_the_edge_of_the_picture(drawn: Path) -> None:
    seats = [(-40.0, 100.0), (0.0, 2.0), (319.0, 239.0), (500.0, 500.0)]
    people = tuple(Person(f"p{i}", drawn, seat, 48, ((0, 9),)) for i, seat in enumerate(seats))
    room = Room(Script(seconds=9, people=people, width=320, height=240), drawn_face)
    assert room.frame(1).shape == (240, 320, 3)


def test_portraits_that_cannot_be_used(tmp_path: Path, drawn: Path) -> None:
    with pytest.raises(ScriptError) as caught:
        Room(small(drawn), lambda _: None)
    assert "no face" in caught.value.en and "Không thấy" in caught.value.vi
    with pytest.raises(ScriptError):
        Room(small(tmp_path / "missing.png"), drawn_face)
    for content in (b"", b"no picture"):
        (tmp_path / "broken.png").write_bytes(content)
        with pytest.raises(ScriptError) as caught:
            Room(small(tmp_path / "broken.png"), drawn_face)
        assert "broken.png" in caught.value.en


def test_the_video_has_the_class_in_it(tmp_path: Path, drawn: Path) -> None:
    script = small(drawn, Dark(6, 8), seconds=10, fps=12)
    heard: list[float] = []
    path = tmp_path / "class.mp4"
    write_video(script, path, drawn_face, heard.append)
    assert heard == sorted(heard) and heard[0] == 0 and heard[-1] == 1 and len(heard) == 11
    assert [p.name for p in tmp_path.iterdir()] == ["class.mp4"]
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 12
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        frames = list(container.decode(stream))
    assert len(frames) == 120
    assert [frame.time for frame in frames] == pytest.approx([n / 12 for n in range(120)], abs=1e-4)
    room = Room(script, drawn_face)
    for n in (0, 60, 80, 119):
        decoded = frames[n].to_ndarray(format="bgr24").astype(int)
        assert np.abs(decoded - room.frame(n / 12)).mean() < 6


def test_the_truth_as_a_file(tmp_path: Path, drawn: Path) -> None:
    write_truth(small(drawn, Dark(6, 8)), tmp_path / "truth.json")
    known = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert known["presence"] == {"an": [[0, 15]], "binh": [[4, 20]]}
    assert known["observable"] == [[0, 6], [8, 20]]
    with pytest.raises(ScriptError, match=r"truth\.json"):
        write_truth(small(drawn), tmp_path / "nowhere" / "truth.json")
    with pytest.raises(ScriptError, match=r"class\.mp4"):
        write_video(small(drawn), tmp_path / "nowhere" / "class.mp4", drawn_face)


@pytest.fixture(scope="session")
def detect(shared: Path) -> Detect:
    detector = cv2.FaceDetectorYN.create(str(shared / "weights" / "yunet_n_dynamic.onnx"), "", (320, 320), 0.6)

    def find(picture: BGR) -> list[Box]:
        detector.setInputSize((picture.shape[1], picture.shape[0]))
        _, found = detector.detect(picture)
        return [] if found is None else [(float(f[0]), float(f[1]), float(f[2]), float(f[3])) for f in found]

    return find


@pytest.fixture(scope="session")
def cast(shared: Path) -> list[Portrayed]:
    return [Portrayed(path.stem, (), path) for path in sorted((shared / "pictures" / "london").glob("*_neutral.jpg"))]


def class_of(cast: list[Portrayed], detect: Detect, actions: tuple[Action, ...] = (), *, small: bool = False) -> Room:
    """Everybody in the room for 20 s, doing the same."""
    script = (hard if small else ordinary)(cast[:30], cast[30:31], seconds=20)
    people = tuple(msgspec.structs.replace(p, stays=((0, 20),), actions=actions) for p in script.people)
    return Room(
        msgspec.structs.replace(script, people=people, events=()), lambda portrait: next(iter(detect(portrait)), None)
    )


def matches(room: Room, t: float, found: list[Box]) -> list[float | None]:
    """For everybody in the room the width of the one box at their face, as a share of the asked width."""
    out: list[float | None] = []
    for seen in room.where(t):
        hits = [
            w / seen.width
            for x, y, w, h in found
            if abs(x + w / 2 - seen.x) < 0.25 * seen.width and abs(y + h / 2 - seen.y) < 0.25 * seen.width
        ]
        out.append(hits[0] if len(hits) == 1 else None)
    return out


@pytest.mark.parametrize("small", [False, True], ids=["60-120 px", "48-110 px"])
def test_a_detector_finds_every_seated_face_in_the_asked_width(
    cast: list[Portrayed], detect: Detect, small: bool
) -> None:
    room = class_of(cast, detect, small=small)
    for t in (0.0, 7.4, 13.2):
        found = detect(room.frame(t))
        shares = matches(room, t, found)
        assert len(shares) == len(found) == 31
        assert all(share is not None and 0.85 <= share <= 1.15 for share in shares)


def test_a_detector_finds_nobody_who_shows_no_face(cast: list[Portrayed], detect: Detect) -> None:
    room = class_of(cast, detect, (TurnedAway(0, 6), Hidden(6, 12), Bowed(12, 18, pitch=80)))
    for t in (3, 9, 15):
        assert detect(room.frame(t)) == []
        assert not any(seen.face_shown for seen in room.where(t))
    assert len(detect(room.frame(19))) == 31


def test_a_turned_head_is_still_a_face(cast: list[Portrayed], detect: Detect) -> None:
    room = class_of(cast, detect, (HeadTurned(0, 10, yaw=-30), HeadTurned(10, 20, yaw=30)))
    for t in (5, 15):
        assert len(detect(room.frame(t))) == 31


def test_somebody_who_changes_seats_is_found_at_the_new_one(cast: list[Portrayed], detect: Detect) -> None:
    who = Person("a", cast[0].shown, (300, 300), 100, ((0, 20),), actions=(Moved(5, (900, 320), 80),))
    script = Script(seconds=20, people=(who,), width=1280, height=720)
    room = Room(script, lambda portrait: next(iter(detect(portrait)), None))
    for t, x in ((4.8, 300), (8.2, 900)):
        ((left, _, width, _),) = detect(room.frame(t))
        assert abs(left + width / 2 - x) < 10
