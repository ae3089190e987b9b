from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.simulated_class.motion import seated
from bridge_agent.simulated_class.script import (
    Bowed,
    CameraShift,
    Dark,
    Frozen,
    HeadTurned,
    Moved,
    Passing,
    Person,
    Script,
    ScriptError,
    Span,
    TurnedAway,
    check_script,
    read_script,
)
from bridge_agent.simulated_class.truth import common, merged, minus, truth

WRITTEN = """
seconds = 60
fps = 10
width = 1280
height = 720
seed = 7

[[people]]
name = "Nguyễn Thị An"
portrait = "an.png"
seat = [0.25, 0.4]
face_width = 90
stays = [[3, 20], [30, 55.5]]
actions = [
  { kind = "turned_away", from = 10, to = 12 },
  { kind = "head_turned", from = 13, to = 15, yaw = -30 },
  { kind = "moved", at = 40, seat = [900, 300], face_width = 80 },
]

[[people]]
name = "Khách"
portrait = "an.png"
seat = [0.7, 0.4]
face_width = 90
stays = [[5, 9]]
stranger = true
actions = [{ kind = "passing", from = 5, to = 9 }]

[[events]]
kind = "dark"
from = 33
to = 36

[[events]]
kind = "camera_shift"
from = 40
to = 60
dx = 12
"""


def written(folder: Path, text: str) -> Path:
    cv2.imwrite(str(folder / "an.png"), np.zeros((8, 8, 3), np.uint8))
    path = folder / "class.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_script_is_read_from_toml(tmp_path: Path) -> None:
    script = read_script(written(tmp_path, WRITTEN))
    an, guest = script.people
    assert an.portrait == tmp_path / "an.png"
    assert an.actions == (
        TurnedAway(10, 12),
        HeadTurned(13, 15, yaw=-30),
        Moved(40, (900, 300), face_width=80),
    )
    assert guest.stranger and guest.actions == (Passing(5, 9),)
    assert script.events == (Dark(33, 36), CameraShift(40, 60, dx=12))
    assert script.place(an.seat) == (320, 288)
    known = truth(script)
    assert known.presence == {"Nguyễn Thị An": ((3, 20), (30, 55.5))}
    assert known.strangers == {"Khách": ((5, 9),)}
    assert list(known.observable) == [(0, 33), (36, 60)]
    assert known.face_shown["Nguyễn Thị An"] == ((3, 10), (12, 20), (30, 33), (36, 55.5))


@pytest.mark.parametrize(
    ("old", "new", "vi", "en"),
    [
        ("fps = 10", "fsp = 10", "khóa lạ “fsp”", "unknown key “fsp”"),
        ('kind = "dark"', 'kind = "dark"\ndim = 1', "khóa lạ “dim” ở events[0]", "unknown key “dim” at events[0]"),
        ('kind = "dark"', 'kind = "foggy"', "không hợp lệ ở events[0].kind", "wrong value at events[0].kind"),
        ("seconds = 60", "", "thiếu khóa “seconds”", "lacks the key “seconds”"),
        ("seconds = 60", "seconds = ", "cú pháp TOML", "no valid TOML"),
        ("fps = 10", "fps = 0", "hình một giây", "frames a second"),
        ("width = 1280", "width = 1281", "số chẵn", "must be even"),
        ("seed = 7", "seed = -7", "số khởi tạo", "the seed"),
        ('portrait = "an.png"', 'portrait = "binh.png"', "chân dung", "The portrait"),
        ('portrait = "an.png"', "portrait = 3", "ở people[0].portrait", "at people[0].portrait"),
        ("[[3, 20]", "[[20, 3]", "từ 20 đến 3 giây", "from 20 to 3 seconds"),
        ("face_width = 90", "face_width = 2", "rộng từ 8", "at least 8 pixels"),
        ('name = "Khách"', 'name = "Nguyễn Thị An"', "tên riêng", "a name of their own"),
    ],
)
def test_a_wrong_script_says_what_is_wrong_in_both_languages(
    tmp_path: Path, old: str, new: str, vi: str, en: str
) -> None:
    assert old in WRITTEN
    with pytest.raises(ScriptError) as caught:
        read_script(written(tmp_path, WRITTEN.replace(old, new, 1)))
    assert vi in caught.value.vi
    assert en in caught.value.en


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"missing\.toml"):
        read_script(tmp_path / "missing.toml")


spans = st.tuples(st.integers(0, 200), st.integers(1, 60)).map(lambda s: (float(s[0]), float(s[0] + s[1])))
several = st.lists(spans, max_size=6)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    people = tuple(
        Person(
            name=f"n{i}",
            portrait=Path("p.png"),
            seat=(0.5, 0.5),
            face_width=60,
            stays=tuple(draw(several)),
            stranger=draw(st.booleans()),
            actions=tuple(draw(st.sampled_from([TurnedAway, Bowed]))(a, b) for a, b in draw(several)),
        )
        for i in range(draw(st.integers(0, 3)))
    )
    events = tuple(draw(st.sampled_from([Dark, Frozen]))(a, b) for a, b in draw(several))
    return Script(seconds=float(draw(st.integers(1, 200))), people=people, events=events)


def inside(t: float, these: tuple[Span, ...] | list[Span]) -> bool:
    return any(start <= t < end for start, end in these)


@given(scripts(), st.data())
def test_truth_is_the_script_at_every_moment(script: Script, data: st.DataObject) -> None:
    check_script(script)
    known = truth(script)
    everybody = known.presence | known.strangers
    assert set(everybody) == {person.name for person in script.people} == set(known.face_shown)
    for found in [*everybody.values(), known.observable, *known.face_shown.values()]:
        assert found == merged(found)
        assert all(0 <= start < end <= script.seconds for start, end in found)
        assert all(before[1] < after[0] for before, after in pairwise(found))
    t = data.draw(st.floats(0, script.seconds, exclude_max=True))
    blind = [(event.start, event.end) for event in script.events]
    assert inside(t, known.observable) == (not inside(t, blind))
    for person in script.people:
        assert inside(t, everybody[person.name]) == inside(t, person.stays) == (seated(script, person, t) is not None)
        assert (person.name in known.strangers) == person.stranger
        away = [(a.start, a.end) for a in person.actions if not isinstance(a, Moved)]
        shown = inside(t, person.stays) and not inside(t, blind) and not inside(t, away)
        assert inside(t, known.face_shown[person.name]) == shown


@given(several, several, st.floats(0, 300))
def test_time_in_common_and_time_left(these: list[Span], those: list[Span], t: float) -> None:
    assert inside(t, common(these, those)) == (inside(t, these) and inside(t, those))
    assert inside(t, minus(these, those)) == (inside(t, these) and not inside(t, those))


def test_two_people_swap_seats() -> None:
    one = Person("a", Path("p.png"), (100, 100), 60, ((0, 60),), actions=(Moved(10, (300, 200), 80, walk=4),))
    script = Script(seconds=60, people=(one,))
    before, between, after = (seated(script, one, t) for t in (9.9, 12, 14))
    assert before is not None and between is not None and after is not None
    assert (before.x, before.y, before.width, before.roaming) == (100, 100, 60, False)
    assert (between.x, between.y, between.width, between.roaming) == (200, 150, 70, True)
    assert (after.x, after.y, after.width, after.roaming) == (300, 200, 80, False)


def test_a_passer_by_crosses_the_whole_picture() -> None:
    one = Person("a", Path("p.png"), (0.5, 0.5), 60, ((5, 9),), actions=(Passing(5, 9),))
    script = Script(seconds=60, people=(one,))
    poses = [seated(script, one, t) for t in (5, 7, 8.999)]
    assert [pose and round(pose.x) for pose in poses] == [-60, 960, 1979]
    assert seated(script, one, 9) is None
    back = msgspec.structs.replace(one, actions=(Passing(5, 9, yaw=-25),))
    pose = seated(script, back, 5)
    assert pose is not None and pose.x == 1980 and pose.yaw == -25
