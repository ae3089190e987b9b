"""Who has the floor in a session's classroom: a state machine over the records of the server's own log. Pure.

What somebody asks for becomes records (`raise_hand`, `give_floor` …, each of which refuses what can't be), and records
become the state (`after`). So the state after a restart of the server is the fold over what the log holds, and nothing
else has to be kept. The main bridge point, where the lecturer teaches, is always heard and never needs the floor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from central_server.errors import ConflictError
from models.classroom_records import (
    FloorGiven,
    FloorTaken,
    HandLowered,
    HandRaised,
    InClassroom,
    QuestionAnswered,
    QuestionAsked,
    ScreenShown,
    TurnEnd,
)

MOST_OPEN_QUESTIONS = 20
"""So many questions of one room may wait at once."""


@dataclass(frozen=True, slots=True)
class Hand:
    """A room that asks for the floor. Times are server time, ms."""

    room: str
    since: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A room's time with the floor."""

    number: int
    room: str
    since: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a room asked in writing; its text stands in a table."""

    number: int
    room: str
    asked_at: int
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Floor:
    """A classroom as it is."""

    hands: tuple[Hand, ...] = ()
    """In the order of raising."""
    turn: Turn | None = None
    """Whose floor it is now."""
    turns: int = 0
    """How many there were, this one included."""
    questions: tuple[Question, ...] = ()
    """In the order of asking."""
    screen: bool = False
    """The lecturer shows a screen."""

    def hand_of(self, room: str) -> Hand | None:
        """A room's raised hand."""
        return next((hand for hand in self.hands if hand.room == room), None)

    def heard(self, main: str | None) -> frozenset[str]:
        """The rooms whose sound goes to all. main: the main bridge point."""
        return frozenset(room for room in (main, self.turn.room if self.turn else None) if room is not None)


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and when: what each record of an act carries. now: server time, ms."""

    session: str
    now: int
    account: str | None = None
    device: str | None = None

    def record(self) -> dict[str, Any]:
        """The fields."""
        return {"session": self.session, "at": self.now, "by": self.account, "device": self.device}


Records = tuple[InClassroom, ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """How long the room with the floor spoke in its turn so far (ms), and since when that was measured."""

    ms: int = 0
    measured_from: int = 0


def raise_hand(floor: Floor, by: By, room: str, main: str | None) -> Records:
    """A room asks for the floor; a second time changes nothing. Raises ConflictError where it has no need to ask."""
    if room == main:
        raise ConflictError("Điểm cầu chính luôn được nghe, không cần giơ tay.",
                            "The main bridge point is always heard and need not raise a hand.")  # fmt: skip
    if floor.turn is not None and floor.turn.room == room:
        raise ConflictError("Phòng này đang được phát biểu.", "This room has the floor now.")
    if floor.hand_of(room) is not None:
        return ()
    return (HandRaised(**by.record(), bridge_point=room),)


def lower_hand(floor: Floor, by: By, room: str) -> Records:
    """A room no longer asks; without a raised hand nothing changes."""
    return (HandLowered(**by.record(), bridge_point=room),) if floor.hand_of(room) else ()


def give_floor(floor: Floor, by: By, room: str, main: str | None, spoken: Spoken) -> Records:
    """Let a room speak, which also lowers its hand; who had the floor loses it. Raises ConflictError for `main`."""
    if room == main:
        raise ConflictError("Điểm cầu chính luôn được nghe, không cần mời phát biểu.",
                            "The main bridge point is always heard and needs no floor.")  # fmt: skip
    if floor.turn is not None and floor.turn.room == room:
        return ()
    given = FloorGiven(**by.record(), bridge_point=room, turn=floor.turns + 1)
    return (*end_turn(floor, by, "passed_on", spoken), given)


def end_turn(floor: Floor, by: By, why: TurnEnd, spoken: Spoken) -> Records:
    """Nobody has the floor any more; when nobody had it, nothing changes."""
    turn = floor.turn
    if turn is None:
        return ()
    measured_from = max(turn.since, spoken.measured_from)
    return (
        FloorTaken(
            **by.record(), bridge_point=turn.room, turn=turn.number, why=why, spoken_ms=spoken.ms,
            measured_from=measured_from,
        ),
    )  # fmt: skip


def give_back(floor: Floor, by: By, room: str, spoken: Spoken) -> Records:
    """A room is done with the floor; when it has it not, nothing changes."""
    return end_turn(floor, by, "given_back", spoken) if floor.turn and floor.turn.room == room else ()


def ask(floor: Floor, by: By, room: str, text: str) -> Records:
    """A room asks in writing. text: SHA-256 of the question. Raises ConflictError when too many wait."""
    waiting = sum(one.room == room and not one.answered for one in floor.questions)
    if waiting >= MOST_OPEN_QUESTIONS:
        raise ConflictError(
            f"Phòng này đã có {waiting} câu hỏi chờ trả lời. Hãy chờ giảng viên trả lời bớt rồi gửi tiếp.",
            f"{waiting} questions of this room wait for an answer. Send more when some are answered.",
        )
    return (QuestionAsked(**by.record(), bridge_point=room, question=len(floor.questions) + 1, text=text),)


def answer(floor: Floor, by: By, number: int) -> Records:
    """A question is answered; a second time changes nothing. Raises ConflictError when there is no such question."""
    question = next((one for one in floor.questions if one.number == number), None)
    if question is None:
        raise ConflictError("Không có câu hỏi này.", "There is no such question.")
    return () if question.answered else (QuestionAnswered(**by.record(), question=number),)


def show_screen(floor: Floor, by: By, shown: bool) -> Records:
    """The lecturer's screen is shown, or no longer."""
    return (ScreenShown(**by.record(), shown=shown),) if shown != floor.screen else ()


def close(floor: Floor, by: By, spoken: Spoken) -> Records:
    """The class is over: whoever has the floor loses it, hands go down, the screen is no longer shown."""
    hands = tuple(HandLowered(**by.record(), bridge_point=hand.room) for hand in floor.hands)
    return (*end_turn(floor, by, "class_over", spoken), *hands, *show_screen(floor, by, False))


def after(floor: Floor, records: Iterable[InClassroom]) -> Floor:
    """The state once these are on record."""
    for record in records:
        floor = _after(floor, record)
    return floor


def _after(floor: Floor, record: InClassroom) -> Floor:
    match record:
        case HandRaised():
            return replace(floor, hands=(*floor.hands, Hand(record.bridge_point, record.at)))
        case HandLowered():
            return replace(floor, hands=_without(floor, record.bridge_point))
        case FloorGiven():
            turn = Turn(record.turn, record.bridge_point, record.at)
            return replace(floor, turn=turn, turns=record.turn, hands=_without(floor, record.bridge_point))
        case FloorTaken():
            return replace(floor, turn=None)
        case QuestionAsked():
            asked = Question(record.question, record.bridge_point, record.at)
            return replace(floor, questions=(*floor.questions, asked))
        case QuestionAnswered():
            questions = tuple(
                replace(one, answered=True) if one.number == record.question else one for one in floor.questions
            )
            return replace(floor, questions=questions)
        case ScreenShown():
            return replace(floor, screen=record.shown)
        case _:  # what was spoken, tickets and entrances change nothing on the floor
            return floor


def _without(floor: Floor, room: str) -> tuple[Hand, ...]:
    return tuple(hand for hand in floor.hands if hand.room != room)
