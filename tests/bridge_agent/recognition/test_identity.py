"""Who is who, with made-up faces: vectors that are a person each, boxes that are seats."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.recognition.identity import Identities, Limits, Lost, Sighting, Unknown
from bridge_agent.recognition.track import Seen
from models.records import WHOLE_PICTURE, Zone

LIMITS = Limits(threshold=0.45, contradicts=0.25, another=0.25)


def vector(person: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    v = np.random.default_rng(sum(map(ord, person))).normal(size=64)
    return np.asarray(v / np.linalg.norm(v), np.float32)


class Room:
    """Drives Identities: each sweep is a list of (person, seat, what the camera makes of it)."""

    def __init__(self, learners: str = "ABC", zones: tuple[Zone, ...] = WHOLE_PICTURE) -> None:
        self.identities = Identities(LIMITS, zones)
        self.learners = learners
        self.seen: list[Sighting] = []
        self.unknown: list[Unknown] = []
        self.lost: list[Lost] = []
        self.known_now = self.unknown_now = self.nameless_now = 0
        self.followed: tuple[str, ...] = ()

    def sweep(self, second: float, *faces: tuple[str, int], width: float = 60, look: str = "good") -> list[Sighting]:
        at = round(second * 1000)
        seen, likeness = [], []
        for person, seat in faces:
            known = person in self.learners
            vote = person if known and look == "good" else None
            score = {"good": 0.8, "turned": 0.35, "poor": 0.4}[look] if known else 0.1
            box = (100.0 + 200 * seat, 100.0, width, width * 1.2)
            small = width < 32
            seen.append(
                Seen(
                    at,
                    box,
                    None if small else vector(person),
                    look == "good",
                    None if small else vote,
                    score,
                    (seat / 10, 0.5),
                )
            )
            likeness.append({} if small else {name: score if name == person else 0.05 for name in self.learners})
        outcome = self.identities.sweep(at, seen, likeness)
        self.seen += outcome.sightings
        self.unknown += outcome.unknown_over
        self.lost += outcome.lost
        self.known_now, self.unknown_now = outcome.known_now, outcome.unknown_now
        self.nameless_now, self.followed = outcome.nameless_now, outcome.followed
        return list(outcome.sightings)

    def times(self, learner: str) -> list[int]:
        return [s.at // 1000 for s in self.seen if s.learner == learner]


def test_one_sighting_is_nobody_and_two_count_from_the_first() -> None:
    room = Room()
    assert room.sweep(0, ("A", 0)) == []
    assert [s.at for s in room.sweep(1, ("A", 0))] == [0, 1000]
    assert [s.at for s in room.sweep(2, ("A", 0))] == [2000]


def test_two_of_three_with_a_poor_look_between() -> None:
    room = Room()
    room.sweep(0, ("A", 0))
    room.sweep(1, ("A", 0), look="poor")
    room.sweep(2, ("A", 0))
    assert room.times("A") == [0, 1, 2]


def test_two_sightings_too_far_apart_are_none() -> None:
    room = Room()
    room.sweep(0, ("A", 0))
    for second in (1, 2):
        room.sweep(second, ("A", 0), look="poor")
    room.sweep(3, ("A", 0))
    assert room.times("A") == []


def test_small_faces_need_three_agreeing_sightings() -> None:
    room = Room()
    for second in range(2):
        room.sweep(second, ("A", 0), width=40)
    assert room.times("A") == []
    room.sweep(2, ("A", 0), width=40)
    assert room.times("A") == [0, 1, 2]


def test_tiny_faces_are_never_known_but_keep_a_name() -> None:
    room = Room()
    for second in range(5):
        room.sweep(second, ("A", 0), width=28)
    assert room.times("A") == []
    room = Room()
    for second, width in enumerate((60, 50, 40, 31, 28, 28)):
        room.sweep(second, ("A", 0), width=width)
    assert room.times("A") == [0, 1, 2, 3, 4, 5]


def test_a_turned_head_keeps_its_name_for_two_minutes() -> None:
    room = Room()
    for second in range(2):
        room.sweep(second, ("A", 0))
    for second in range(2, 200):
        room.sweep(second, ("A", 0), look="turned")
    assert room.times("A") == list(range(122))


def test_who_swaps_seats_swaps_names_with_them() -> None:
    room = Room()
    for second in range(4):
        room.sweep(second, ("A", 0), ("B", 1))
    for second in range(4, 8):
        room.sweep(second, ("B", 0), ("A", 1))
    assert room.times("A") == room.times("B") == list(range(8))


def test_a_stranger_who_takes_a_seat_takes_no_name() -> None:
    room = Room()
    for second in range(4):
        room.sweep(second, ("A", 0))
    for second in range(4, 9):
        room.sweep(second, ("X", 0))
    assert room.times("A") == [0, 1, 2, 3]
    assert room.unknown_now == 1
    room.sweep(20)
    assert room.unknown == [Unknown(4000, 8000)]


def test_a_learner_who_takes_a_seat_is_not_credited_to_the_one_before() -> None:
    room = Room()
    for second in range(4):
        room.sweep(second, ("A", 0))
    room.sweep(4, ("B", 0))
    room.sweep(5, ("B", 0))
    assert room.times("A") == [0, 1, 2, 3]
    assert room.times("B") == [4, 5]


def test_a_stranger_is_told_once_gone_and_a_late_known_learner_is_none() -> None:
    room = Room()
    for second in range(6):
        room.sweep(second, ("X", 0), ("A", 1), look="good")
    assert room.unknown_now == 1
    room.sweep(11, ("A", 1))
    assert room.unknown == [Unknown(0, 5000)]
    room = Room()
    for second in range(4):
        room.sweep(second, ("A", 0), look="turned")
    assert room.unknown_now == 0
    for second in range(4, 7):
        room.sweep(second, ("A", 0))
    assert room.identities.clear() == ((), ())
    assert room.times("A") == [4, 5, 6]


def test_a_stranger_whose_seat_a_learner_takes_is_told_all_the_same() -> None:
    room = Room()
    for second in range(6):
        room.sweep(second, ("X", 0))
    for second in range(6, 9):
        room.sweep(second, ("A", 0))
    assert room.unknown == [Unknown(0, 5000)]
    assert room.times("A") == [6, 7, 8]
    assert room.unknown_now == 0


def test_somebody_who_only_passes_is_nobody() -> None:
    room = Room()
    for second, seat in enumerate((0, 2, 4)):  # strides of several face widths a second
        room.sweep(second, ("A", seat), ("X", seat + 8))
    assert room.seen == []
    assert room.unknown_now == 0


def test_after_clear_a_name_must_be_earned_again() -> None:
    room = Room()
    for second in range(3):
        room.sweep(second, ("A", 0))
    room.identities.clear()
    assert room.sweep(3, ("A", 0)) == []


def test_at_exactly_48_px_two_looks_will_do_at_47_three_and_at_31_none() -> None:
    for width, needed in ((48, 2), (47, 3), (32, 3), (31.9, None)):
        room = Room()
        for second in range(6):
            room.sweep(second, ("A", 0), width=width)
            named = needed is not None and second + 1 >= needed
            assert bool(room.times("A")) == named, (width, second)


def test_small_faces_that_disagree_name_nobody() -> None:
    room = Room()
    for second, person in enumerate("ABABAB"):
        room.sweep(second, (person, 0), width=40)
    assert room.seen == []


def test_the_headcount_is_of_this_sweep_alone() -> None:
    room = Room()
    for second in range(6):
        room.sweep(second, ("A", 0), ("B", 2), ("X", 4))
    assert (room.known_now, room.unknown_now) == (2, 1)
    room.sweep(6, ("A", 0))
    assert (room.known_now, room.unknown_now) == (1, 0)


@pytest.mark.parametrize(
    ("width", "zones", "lost"),
    [
        (60, WHOLE_PICTURE, False),
        (60, (Zone(0.5, 0.0, 0.5, 1.0),), True),
        (60, (), True),
        (40, WHOLE_PICTURE, False),  # small, and found to be the learner in every frame
        (28, WHOLE_PICTURE, True),
    ],
)
def test_a_track_that_ends_where_no_face_can_be_told_is_a_lost_seat(
    width: float, zones: tuple[Zone, ...], lost: bool
) -> None:
    room = Room(zones=zones)
    for second, now in enumerate((60, 50, max(36, width), width, width, width, width, width)):
        room.sweep(second, ("A", 0), width=now)
    assert room.times("A") == list(range(8))
    room.sweep(11)
    assert room.lost == []
    room.sweep(12)
    assert room.lost == ([Lost("A", 7000)] if lost else [])
    room.sweep(30)
    assert len(room.lost) == lost


def test_a_small_face_that_nothing_bears_out_any_more_is_a_lost_seat_from_its_last_sighting_on() -> None:
    room = Room()
    for second in range(3):
        room.sweep(second, ("A", 0), width=40)
    for second in range(3, 130):
        room.sweep(second, ("A", 0), width=40, look="poor")
    assert room.times("A") == list(range(123))
    assert room.lost == [Lost("A", 122_000)]


def test_faces_that_nobody_could_name_where_they_are_are_counted_and_names_that_stand_on_a_track_are_told() -> None:
    room = Room()
    room.sweep(0, ("A", 0), width=28)
    assert room.nameless_now == 1
    for second in range(1, 6):
        room.sweep(second, ("A", 0), ("X", 2), width=40, look="poor")
    assert room.nameless_now == 2  # five looks named neither
    for second in range(6, 12):
        room.sweep(second, ("A", 0), ("X", 2), width=60)
    assert (room.nameless_now, room.known_now, room.unknown_now, room.followed) == (0, 1, 1, ())
    for second, width in enumerate((50, 40, 36, 30, 28, 28, 28), 12):
        room.sweep(second, ("A", 0), width=width)
    assert (room.nameless_now, room.followed) == (0, ("A",))
    dark = Room(zones=())
    for second in range(6):
        dark.sweep(second, ("X", 2), width=60)
    assert dark.nameless_now == 1


def test_who_moves_from_a_far_seat_to_a_near_one_has_lost_none() -> None:
    room = Room(zones=(Zone(0.5, 0.0, 0.5, 1.0),))
    for second in range(3):
        room.sweep(second, ("A", 0))
    for second in range(3, 12):
        room.sweep(second, ("A", 6))
    assert room.lost == []
    assert room.times("A") == list(range(12))


def test_when_the_picture_goes_all_far_seats_are_lost_and_no_others() -> None:
    room = Room(zones=(Zone(0.5, 0.0, 0.5, 1.0),))
    for second in range(3):
        room.sweep(second, ("A", 0), ("B", 6), ("X", 1))
    assert room.identities.clear() == ((Unknown(0, 2000),), (Lost("A", 2000),))
    assert room.identities.clear() == ((), ())


def test_tracks_outlive_a_slow_pace() -> None:
    room = Room()
    room.identities.set_pace(5000)
    for sweep in range(6):
        room.sweep(5 * sweep, *([("A", 0)] if sweep != 4 else []))
    assert room.times("A") == [0, 5, 10, 15, 25]


def test_who_is_looked_for_no_more_loses_the_name_and_others_keep_theirs() -> None:
    room = Room()
    for second in range(3):
        room.sweep(second, ("A", 0), ("B", 2))
    room.identities.keep_only({"B"})
    room.learners = "B"
    for second in range(3, 6):
        room.sweep(second, ("A", 0), ("B", 2))
    assert room.times("A") == [0, 1, 2]
    assert room.times("B") == list(range(6))
    assert room.lost == []


looks = st.lists(
    st.tuples(
        st.lists(
            st.tuples(st.sampled_from("ABX"), st.integers(0, 9)),
            max_size=3,
            unique_by=(lambda face: face[0], lambda face: face[1]),
        ),
        st.sampled_from((28, 40, 60)),
        st.sampled_from(("good", "turned", "poor")),
    ),
    max_size=40,
)


@given(looks, st.sampled_from((WHOLE_PICTURE, (), (Zone(0.0, 0.0, 0.45, 1.0),))))
def test_a_seat_is_lost_only_by_somebody_seen_then_and_never_seen_later_by_then(
    plan: list[tuple[list[tuple[str, int]], float, str]], zones: tuple[Zone, ...]
) -> None:
    room = Room(zones=zones)
    for second, (faces, width, look) in enumerate(plan):
        before = len(room.lost)
        room.sweep(second, *faces, width=width, look=look)
        for lost in room.lost[before:]:
            of = [s.at for s in room.seen if s.learner == lost.learner and s.at < second * 1000]
            assert max(of) == lost.at
        assert room.known_now + room.unknown_now <= len(faces)
    _, over = room.identities.clear()
    if zones == WHOLE_PICTURE and all(width == 60 for _, width, _ in plan):
        assert [*room.lost, *over] == []
