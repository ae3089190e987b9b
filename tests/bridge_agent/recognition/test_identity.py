"""Who is who, with made-up faces: vectors that are a person each, boxes that are seats."""

from __future__ import annotations

import numpy as np

from bridge_agent.recognition.identity import Identities, Limits, Sighting, Unknown
from bridge_agent.recognition.track import Seen

LIMITS = Limits(threshold=0.45, contradicts=0.25, another=0.25)


def vector(person: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    v = np.random.default_rng(sum(map(ord, person))).normal(size=64)
    return np.asarray(v / np.linalg.norm(v), np.float32)


class Room:
    """Drives Identities: each sweep is a list of (person, seat, what the camera makes of it)."""

    def __init__(self, learners: str = "ABC") -> None:
        self.identities = Identities(LIMITS)
        self.learners = learners
        self.seen: list[Sighting] = []
        self.unknown: list[Unknown] = []
        self.unknown_now = 0

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
                )
            )
            likeness.append({} if small else {name: score if name == person else 0.05 for name in self.learners})
        outcome = self.identities.sweep(at, seen, likeness)
        self.seen += outcome.sightings
        self.unknown += outcome.unknown_over
        self.unknown_now = outcome.unknown_now
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
    assert room.identities.clear() == ()
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
