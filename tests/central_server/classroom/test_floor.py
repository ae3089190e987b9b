"""The floor as a state machine: who is heard, in which order hands stand, and that the record alone gives it back."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from central_server.classroom import floor as floors
from central_server.classroom.floor import By, Floor, Records, Spoken, after
from central_server.classroom.interaction import interaction_of
from central_server.errors import ConflictError
from models.classroom_records import FloorGiven, FloorTaken, HandRaised, InClassroom
from models.own_records import decode_own, encode_own

MAIN = "p-main"
ROOMS = [MAIN, "p-1", "p-2", "p-3"]
TEXT = "0" * 64
rooms = st.sampled_from(ROOMS)


def by(now: int = 1000, account: str | None = "a-1") -> By:
    return By("K1.1", now, account)


def test_hands_stand_in_the_order_of_raising_and_go_down_with_the_floor() -> None:
    floor = Floor()
    for now, room in enumerate(("p-2", "p-1", "p-3")):
        floor = after(floor, floors.raise_hand(floor, by(now), room, MAIN))
    assert floors.raise_hand(floor, by(9), "p-1", MAIN) == ()  # already raised: it keeps its place
    assert [hand.room for hand in floor.hands] == ["p-2", "p-1", "p-3"]
    floor = after(floor, floors.lower_hand(floor, by(10), "p-2"))
    floor = after(floor, floors.give_floor(floor, by(11), "p-3", MAIN, Spoken()))
    assert [hand.room for hand in floor.hands] == ["p-1"]
    assert floor.heard(MAIN) == {MAIN, "p-3"}


def test_the_floor_passes_on_with_what_was_spoken_in_the_turn() -> None:
    floor = after(Floor(), floors.give_floor(Floor(), by(100), "p-1", MAIN, Spoken()))
    records = floors.give_floor(floor, by(900), "p-2", MAIN, Spoken(450, 50))
    taken, given = records
    assert isinstance(taken, FloorTaken) and isinstance(given, FloorGiven)
    assert (taken.why, taken.turn, taken.spoken_ms, taken.measured_from) == ("passed_on", 1, 450, 100)
    assert (given.turn, given.bridge_point) == (2, "p-2")
    late = floors.end_turn(after(floor, records), by(2000), "taken", Spoken(10, 1500))
    assert isinstance(late[0], FloorTaken) and late[0].measured_from == 1500  # the server was started in between


def test_the_main_bridge_point_needs_no_floor() -> None:
    with pytest.raises(ConflictError):
        floors.raise_hand(Floor(), by(), MAIN, MAIN)
    with pytest.raises(ConflictError):
        floors.give_floor(Floor(), by(), MAIN, MAIN, Spoken())


def test_a_room_gives_back_its_own_floor_only() -> None:
    floor = after(Floor(), floors.give_floor(Floor(), by(), "p-1", MAIN, Spoken()))
    assert floors.give_back(floor, by(), "p-2", Spoken()) == ()
    assert len(floors.give_back(floor, by(), "p-1", Spoken())) == 1


def test_questions_wait_up_to_a_limit_and_are_answered_once() -> None:
    floor = Floor()
    for _ in range(floors.MOST_OPEN_QUESTIONS):
        floor = after(floor, floors.ask(floor, by(), "p-1", TEXT))
    with pytest.raises(ConflictError):
        floors.ask(floor, by(), "p-1", TEXT)
    assert floors.ask(floor, by(), "p-2", TEXT)  # another room's
    floor = after(floor, floors.answer(floor, by(), 3))
    assert floors.answer(floor, by(), 3) == ()
    assert floors.ask(floor, by(), "p-1", TEXT)
    with pytest.raises(ConflictError):
        floors.answer(floor, by(), 99)


class Class(RuleBasedStateMachine):
    """Everybody presses everything; the record is replayed beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.floor = Floor()
        self.now = 1000
        self.record: list[InClassroom] = []
        self.order: list[str] = []
        """Rooms whose hands are up, by a second reckoning."""

    def do(self, records: Records) -> None:
        for one in records:
            line = encode_own(
                one.__class__(**{name: getattr(one, name) for name in one.__struct_fields__} | {"seq": 1})
            )
            assert decode_own(line).at == one.at
        self.floor = after(self.floor, records)
        self.record += records
        self.now += 7

    @rule(room=rooms)
    def raise_hand(self, room: str) -> None:
        has = self.floor.turn is not None and self.floor.turn.room == room
        if room == MAIN or has:
            with pytest.raises(ConflictError):
                floors.raise_hand(self.floor, by(self.now), room, MAIN)
            return
        self.do(floors.raise_hand(self.floor, by(self.now), room, MAIN))
        self.order = [*self.order, room] if room not in self.order else self.order

    @rule(room=rooms)
    def lower_hand(self, room: str) -> None:
        self.do(floors.lower_hand(self.floor, by(self.now), room))
        self.order = [one for one in self.order if one != room]

    @rule(room=st.sampled_from(ROOMS[1:]), spoken=st.integers(0, 10**6))
    def give(self, room: str, spoken: int) -> None:
        self.do(floors.give_floor(self.floor, by(self.now), room, MAIN, Spoken(spoken, 0)))
        assert self.floor.turn is not None and self.floor.turn.room == room
        self.order = [one for one in self.order if one != room]

    @rule(room=rooms)
    def give_back(self, room: str) -> None:
        self.do(floors.give_back(self.floor, by(self.now), room, Spoken()))

    @rule()
    def take(self) -> None:
        self.do(floors.end_turn(self.floor, by(self.now), "taken", Spoken()))
        assert self.floor.turn is None

    @rule(room=rooms)
    def ask(self, room: str) -> None:
        if sum(one.room == room and not one.answered for one in self.floor.questions) < floors.MOST_OPEN_QUESTIONS:
            self.do(floors.ask(self.floor, by(self.now), room, TEXT))

    @rule(number=st.integers(1, 5))
    def answer(self, number: int) -> None:
        if number <= len(self.floor.questions):
            self.do(floors.answer(self.floor, by(self.now), number))

    @rule(shown=st.booleans())
    def screen(self, shown: bool) -> None:
        self.do(floors.show_screen(self.floor, by(self.now), shown))
        assert self.floor.screen is shown

    @rule()
    def close(self) -> None:
        self.do(floors.close(self.floor, by(self.now), Spoken()))
        self.order = []
        assert (self.floor.turn, self.floor.hands, self.floor.screen) == (None, (), False)
        assert floors.close(self.floor, by(self.now), Spoken()) == ()

    @invariant()
    def the_record_gives_it_back(self) -> None:
        assert after(Floor(), self.record) == self.floor

    @invariant()
    def one_room_besides_the_main_one_is_heard(self) -> None:
        assert MAIN in self.floor.heard(MAIN) and len(self.floor.heard(MAIN)) <= 2

    @invariant()
    def hands_stand_in_order_and_never_with_the_floor(self) -> None:
        assert [hand.room for hand in self.floor.hands] == self.order
        assert self.floor.turn is None or self.floor.hand_of(self.floor.turn.room) is None

    @invariant()
    def each_turn_is_given_once_and_taken_once(self) -> None:
        given = [one.turn for one in self.record if isinstance(one, FloorGiven)]
        taken = [one.turn for one in self.record if isinstance(one, FloorTaken)]
        assert given == list(range(1, len(given) + 1))
        assert taken == given[: len(given) - (self.floor.turn is not None)]

    @invariant()
    def what_is_measured_adds_up(self) -> None:
        rooms = interaction_of(self.record, 10**9)
        assert sum(one.hands for one in rooms.values()) == sum(isinstance(one, HandRaised) for one in self.record)
        assert sum(one.turns for one in rooms.values()) == self.floor.turns
        assert sum(one.questions for one in rooms.values()) == len(self.floor.questions)
        assert sum(one.answered for one in rooms.values()) == sum(one.answered for one in self.floor.questions)
        ended = [one for one in self.record if isinstance(one, FloorTaken)]
        assert sum(one.turn_spoken_ms for one in rooms.values()) == sum(one.spoken_ms for one in ended)


TestClass = Class.TestCase
TestClass.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
