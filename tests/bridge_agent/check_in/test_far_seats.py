from __future__ import annotations

import pytest

from bridge_agent.check_in.far_seats import FarSeats
from bridge_agent.check_in.vouching import UnobservedInterval
from bridge_agent.recognition.events import Sweep

MINUTE = 60_000


def brief(closed: list[UnobservedInterval]) -> list[tuple[str, float, float]]:
    return [(i.why, i.start / MINUTE, i.end / MINUTE) for i in closed]


def look(minute: float, *, nameless: int = 0, unknown: int = 0, followed: tuple[str, ...] = ()) -> Sweep:
    return Sweep(round(minute * MINUTE), nameless + unknown, unknown, 9.0, 0, 1_000, nameless, followed)


@pytest.mark.parametrize("late", [0, 1])
def test_a_far_seat_is_unobserved_until_the_learner_is_sighted_or_coverage_ends(late: int) -> None:
    seats = FarSeats()
    seats.lose("a", 1 * MINUTE)
    seats.lose("a", 2 * MINUTE)
    seats.lose("b", 2 * MINUTE)
    assert seats.sighted("a", late * MINUTE) == []  # from before it was lost
    seats.watched(5 * MINUTE)
    assert brief(seats.sighted("a", 6 * MINUTE)) == [("far_seat", 1, 6)]
    assert brief(seats.tell(12 * MINUTE, {})) == [("far_seat", 2, 12)]
    assert brief(seats.unwatched(13 * MINUTE)) == [("far_seat", 12, 13)]
    assert seats.state.lost == {}


def test_a_far_seat_stays_unobserved_when_the_light_comes_back_until_its_learner_is_sighted() -> None:
    seats = FarSeats()
    seats.lose("a", 1 * MINUTE)
    seats.lose("b", 1 * MINUTE)
    assert brief(seats.unwatched(2 * MINUTE)) == [("far_seat", 1, 2), ("far_seat", 1, 2)]
    seats.watched(4 * MINUTE)
    assert brief(seats.sighted("a", 6 * MINUTE)) == [("far_seat", 4, 6)]
    assert brief(seats.unwatched(9 * MINUTE)) == [("far_seat", 4, 9)]
    assert seats.sighted("b", 9 * MINUTE) == []  # seen: no longer a seat where nothing is known
    seats.watched(10 * MINUTE)
    assert seats.state.lost == {}


def played(
    seats: FarSeats, start: int, end: int, nameless: tuple[int, int], strange: tuple[int, int] = (0, 0)
) -> list[tuple[str, float, float]]:
    """A look every ten seconds; somebody nameless, and somebody unknown, is in view between these minutes."""
    closed: list[UnobservedInterval] = []
    for tenth in range(start * 6, end * 6):
        minute = tenth / 6
        closed += seats.looked(
            look(minute, nameless=nameless[0] <= minute < nameless[1], unknown=strange[0] <= minute < strange[1]),
            {"a"},
        )
    return brief(closed)


def test_who_was_admitted_and_never_named_since_may_be_the_face_that_nobody_can_name() -> None:
    seats = FarSeats()
    seats.came("a", 1 * MINUTE, by_face=True)
    seats.came("card", 1 * MINUTE, by_face=False)  # not looked for: confirmations say it all
    assert played(seats, 1, 20, nameless=(0, 60)) == []
    assert seats.state.lost == {"a": 1 * MINUTE}
    assert brief(seats.sighted("a", 20 * MINUTE)) == [("far_seat", 1, 20)]
    assert played(seats, 20, 30, nameless=(0, 60)) == []
    assert seats.state.lost == {}


def test_coverage_that_ends_within_the_walk_to_a_seat_tells_nothing_of_it_while_somebody_nameless_is_in_view() -> None:
    for nameless, told in (((0, 60), [("far_seat", 1, 1.5)]), ((0, 0), [])):
        seats = FarSeats()
        seats.came("a", 1 * MINUTE, by_face=True)
        assert played(seats, 1, 2, nameless=nameless) == []
        assert brief(seats.unwatched(round(1.5 * MINUTE))) == told


def test_who_was_admitted_and_is_in_a_room_where_everybody_can_be_named_has_left() -> None:
    seats = FarSeats()
    seats.came("a", 1 * MINUTE, by_face=True)
    ((why, start, end),) = played(seats, 1, 20, nameless=(10, 12))
    assert (why, start) == ("far_seat", 9)  # small faces are not found in every look
    assert end == pytest.approx(13, abs=0.2)


def test_a_stranger_in_view_may_be_who_gave_a_pin_but_not_whose_face_was_matched() -> None:
    seats = FarSeats()
    seats.came("a", 0, by_face=True)
    assert played(seats, 0, 10, nameless=(0, 0), strange=(0, 10)) == []
    assert seats.state.lost == {}
    seats.came("a", 10 * MINUTE, by_face=False)
    assert played(seats, 10, 15, nameless=(0, 0), strange=(10, 15)) == []
    assert seats.state.lost == {"a": 10 * MINUTE}


def test_a_room_with_seats_that_were_measured_to_be_too_far_hides_whoever_was_admitted() -> None:
    seats = FarSeats()
    seats.blind = True
    seats.came("a", 0, by_face=True)
    assert played(seats, 0, 5, nameless=(0, 0)) == []
    assert brief(seats.close(5 * MINUTE)) == [("far_seat", 0, 5)]
    assert seats.state.empty


def test_a_missed_spot_check_ends_what_a_far_seat_hides() -> None:
    seats = FarSeats()
    seats.lose("a", 1 * MINUTE)
    assert brief(seats.missed("a", 7 * MINUTE)) == [("far_seat", 1, 7)]
    assert played(seats, 7, 20, nameless=(0, 60)) == []
    assert seats.close(20 * MINUTE) == []


def test_a_seat_that_was_lost_by_its_track_stays_lost_when_no_face_is_found_there() -> None:
    seats = FarSeats()
    seats.lose("a", 1 * MINUTE)
    seats.came("a", 3 * MINUTE, by_face=False)  # answered a spot check in that seat
    assert played(seats, 3, 10, nameless=(3, 4)) == []
    assert seats.state.lost == {"a": 1 * MINUTE}


def test_whose_name_stands_on_the_track_alone_is_lost_when_recognition_dies() -> None:
    seats = FarSeats()
    seats.looked(look(1, followed=("a",)), {"a", "b"})
    assert seats.unwatched(1 * MINUTE) == []
    seats.watched(2 * MINUTE)
    assert seats.state.lost == {"a": 2 * MINUTE}
