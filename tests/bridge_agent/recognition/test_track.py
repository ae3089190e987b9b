from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.recognition.track import Seen, Track, iou, match

boxes = st.tuples(*(st.floats(0, 1000) for _ in range(2)), *(st.floats(10, 200) for _ in range(2)))


def seen(x: float, person: int, at: int = 0, width: float = 60, vote: str | None = None) -> Seen:
    return Seen(at, (x, 100, width, width), np.eye(4, dtype=np.float32)[person], True, vote, 0.9)


def track(x: float, person: int, learner: str | None = None) -> Track:
    made = Track(0, learner=learner)
    made.add(seen(x, person))
    return made


def test_each_face_carries_on_the_track_at_its_place() -> None:
    tracks = [track(0, 0), track(300, 1), track(600, 2)]
    got = match(tracks, [seen(610, 2), seen(4, 0), seen(2000, 3)])
    assert got == [tracks[2], tracks[0], None]


def test_looks_decide_between_neighbours() -> None:
    tracks = [track(0, 0), track(40, 1)]
    assert match(tracks, [seen(22, 1), seen(18, 0)]) == [tracks[1], tracks[0]]


def test_a_face_of_quite_another_size_is_another_person() -> None:
    assert match([track(0, 0)], [seen(0, 0, width=120)]) == [None]


def test_no_tracks_or_no_faces() -> None:
    assert match([], [seen(0, 0)]) == [None]
    assert match([track(0, 0)], []) == []


@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(a: tuple[float, ...], b: tuple[float, ...]) -> None:
    one = iou((a[0], a[1], a[2], a[3]), (b[0], b[1], b[2], b[3]))
    assert 0 <= one <= 1 + 1e-9
    assert one == pytest.approx(iou((b[0], b[1], b[2], b[3]), (a[0], a[1], a[2], a[3])))
