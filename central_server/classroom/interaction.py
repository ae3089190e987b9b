"""How much each room took part in a class: speaking, floor turns, hands, questions. Pure, from what is on record.

It stands beside participation and is never mixed into it: a learner's minutes do not depend on who spoke.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from central_server.classroom.floor import By, Records
from models.classroom_records import (
    FloorGiven,
    FloorTaken,
    HandRaised,
    InClassroom,
    QuestionAnswered,
    QuestionAsked,
    RoomSpoke,
)


def speaking_cut(by: By, start: int, spoken: Mapping[str, int]) -> Records:
    """What goes on record of the time from `start` (server time, ms) to now. spoken: ms by room."""
    return tuple(
        RoomSpoke(**by.record(), bridge_point=room, start=start, end=by.now, spoken_ms=ms)
        for room, ms in spoken.items()
        if ms > 0
    )


@dataclass(slots=True)
class RoomInteraction:
    """One room's part in a class."""

    spoken_ms: int = 0
    """In the whole session, with the floor or, at the main bridge point, without."""
    turns: int = 0
    """How often it had the floor."""
    turn_ms: int = 0
    """How long it had the floor, spoken or not."""
    turn_spoken_ms: int = 0
    """How long it spoke in its turns."""
    hands: int = 0
    questions: int = 0
    answered: int = 0


def interaction_of(records: Iterable[InClassroom], closes_at: int) -> dict[str, RoomInteraction]:
    """What the records of one session come to, by room. A turn that still runs is counted, its time is not.

    closes_at: when its classroom closes (server time, ms); a turn that was ended on record later, as nobody had the
    classroom open, lasted no longer.
    """
    found: defaultdict[str, RoomInteraction] = defaultdict(RoomInteraction)
    asked: dict[int, str] = {}
    given: dict[int, int] = {}
    for record in records:
        match record:
            case HandRaised():
                found[record.bridge_point].hands += 1
            case FloorGiven():
                found[record.bridge_point].turns += 1
                given[record.turn] = record.at
            case FloorTaken():
                room = found[record.bridge_point]
                room.turn_ms += max(0, min(record.at, closes_at) - given.get(record.turn, record.at))
                room.turn_spoken_ms += record.spoken_ms
            case QuestionAsked():
                found[record.bridge_point].questions += 1
                asked[record.question] = record.bridge_point
            case QuestionAnswered():
                if (room_id := asked.get(record.question)) is not None:
                    found[room_id].answered += 1
            case RoomSpoke():
                found[record.bridge_point].spoken_ms += record.spoken_ms
            case _:
                pass
    return dict(found)
