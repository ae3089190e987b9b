"""Records of the server's own log that tell what happened in a session's classroom: hands, floor, questions, speaking.

They are the only place where this is kept: who has the floor now is what they come to, one after the other
(central_server.classroom.floor). Ids only; of a question's text its SHA-256.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from models.own_record import OwnRecord
from models.receipts import Head
from models.records import Count, Id, Milliseconds

Number = Annotated[int, msgspec.Meta(ge=1)]
"""1, 2, 3 … within a session."""
TurnEnd = Literal["taken", "passed_on", "given_back", "class_over"]
"""Taken away, given to another room, given back by the room itself, or the classroom closed."""


class ClassroomRecord(OwnRecord, frozen=True, kw_only=True):
    """What all of them carry. `by` is the person; without one, `device` is the PC whose ticket let the room in."""

    session: Id
    device: Id | None = None


class HandRaised(ClassroomRecord, frozen=True, kw_only=True, tag="hand_raised"):
    """A room asks for the floor."""

    bridge_point: Id


class HandLowered(ClassroomRecord, frozen=True, kw_only=True, tag="hand_lowered"):
    """A room no longer asks for it. A hand is also lowered by FloorGiven to its room."""

    bridge_point: Id


class FloorGiven(ClassroomRecord, frozen=True, kw_only=True, tag="floor_given"):
    """From here on a room is heard by all, beside the main bridge point."""

    bridge_point: Id
    turn: Number


class FloorTaken(ClassroomRecord, frozen=True, kw_only=True, tag="floor_taken"):
    """And from here on no longer."""

    bridge_point: Id
    turn: Number
    why: TurnEnd
    spoken_ms: Count
    """How long the room spoke in this turn, by the voice activity that its browser measured (RFC 6464)."""
    measured_from: Milliseconds
    """Since when that was measured: later than the turn's start where the server was started during it."""


class QuestionAsked(ClassroomRecord, frozen=True, kw_only=True, tag="question_asked"):
    """A room asked in writing. `text`: SHA-256 of what a table keeps."""

    bridge_point: Id
    question: Number
    text: Head


class QuestionAnswered(ClassroomRecord, frozen=True, kw_only=True, tag="question_answered"):
    """Whoever leads the class marked a question as answered."""

    question: Number


class ScreenShown(ClassroomRecord, frozen=True, kw_only=True, tag="screen_shown"):
    """The lecturer's screen is shown to the class, or no longer."""

    shown: bool


class RoomSpoke(ClassroomRecord, frozen=True, kw_only=True, tag="room_spoke"):
    """So long a room was heard speaking between two times; a session's time is cut into several of these."""

    bridge_point: Id
    start: Milliseconds
    end: Milliseconds
    spoken_ms: Count


class RoomTicketMade(ClassroomRecord, frozen=True, kw_only=True, tag="room_ticket_made"):
    """A device asked for a one-time ticket that lets its room into one session. `ticket`: its SHA-256."""

    bridge_point: Id
    ticket: Head
    expires_at: Milliseconds


class RoomEntered(ClassroomRecord, frozen=True, kw_only=True, tag="room_entered"):
    """The ticket was used: a browser is signed in as that room, for that session. `key`: SHA-256 of its cookie."""

    bridge_point: Id
    ticket: Head
    key: Head


InClassroom: TypeAlias = (
    HandRaised
    | HandLowered
    | FloorGiven
    | FloorTaken
    | QuestionAsked
    | QuestionAnswered
    | ScreenShown
    | RoomSpoke
    | RoomTicketMade
    | RoomEntered
)
