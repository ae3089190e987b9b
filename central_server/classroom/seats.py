"""Who sits where in a classroom, and what a seat may do: a signed-in person, a browser signed in as a room, or both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from fastapi import Depends
from sqlmodel import Session
from starlette.requests import HTTPConnection

from central_server.accounts.guard import Guard, hidden
from central_server.accounts.permission import Actor
from central_server.classroom.plan import ClassPlan, plan_of
from central_server.classroom.tickets import RoomSignIn, read_room_sign_in
from central_server.errors import ForbiddenError, NotFoundError, NotSignedInError
from central_server.media.tokens import MediaTokens, seat_holder
from central_server.services import Services, ServicesDep
from models.wire import Source


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in one session's classroom."""

    session: str
    account: str | None
    device: str | None
    """The PC whose ticket let this browser in as its room."""
    room: str | None
    """Where this seat is; None: somebody who looks on from elsewhere."""
    rooms: tuple[str, ...]
    """The rooms that this seat may be in."""
    teaches: bool
    """Is the session's lecturer: shows a screen, is heard at the main bridge point."""
    leads: bool
    """Gives and takes the floor, marks questions as answered, looks into every room."""
    holder: str
    """In whose name media tokens are issued: the browser as it is signed in (media.tokens.seat_holder)."""

    def hears(self, room: str) -> bool:
        """Whether a room's sound is played here: a room never hears itself."""
        return room != self.room


def seat_of(plan: ClassPlan, actor: Actor | None, entered: RoomSignIn | None, wanted: str = "") -> Seat:
    """The seat of whoever the guard let in. wanted: which of several rooms. Raises NotFoundError for another's."""
    course = plan.course
    teaches = bool(
        actor and actor.may("teach", course=course) and plan.lecturer_account in (None, actor.account)
    )  # fmt: skip
    rooms = {room.id for room in plan.rooms if actor and _speaks_for(actor, course, room.id)}
    if teaches and plan.main:
        rooms.add(plan.main)
    if entered and plan.has(entered.room):
        rooms.add(entered.room)
    if wanted and wanted not in rooms:
        raise hidden()
    usual = (entered.room if entered else None, plan.main if teaches else None)
    first = next((room for room in usual if room in rooms), min(rooms, key=plan.name, default=None))
    return Seat(
        session=plan.session,
        account=actor.account if actor else None,
        device=entered.device if entered else None,
        room=wanted or first,
        rooms=tuple(sorted(rooms, key=plan.name)),
        teaches=teaches,
        leads=teaches or bool(actor and actor.may("manage_course", course=course)),
        holder=seat_holder(actor.browser_session if actor else "", entered.key if entered else ""),
    )


def _speaks_for(actor: Actor, course: str, room: str) -> bool:
    return actor.may("speak_for_room", course=course, bridge_point=room)


class SeatGuard(Guard):
    """Lets in whoever may see the session, and browsers that are signed in as one of its rooms."""

    def __init__(self) -> None:
        super().__init__("see_session")

    def __call__(self, request: HTTPConnection, of: ServicesDep) -> None:
        """Raises NotSignedInError, ForbiddenError or NotFoundError. Leaves who it is in the request's state."""
        session = request.path_params["session"]
        with of.engine.connect() as connection:
            entered = read_room_sign_in(connection, request, of.config, session, of.now())
        request.state.entered = entered
        try:
            super().__call__(request, of)
        except (NotSignedInError, ForbiddenError, NotFoundError):
            if entered is None:
                raise
            request.state.actor = None


def read_seat(request: HTTPConnection, of: Services, wanted: str = "") -> tuple[ClassPlan, Seat]:
    """The plan and the seat of a request that the guard let in. Reads the database. Raises NotFoundError."""
    with Session(of.engine) as db:
        plan = plan_of(db, request.path_params["session"])
    return plan, seat_of(plan, request.state.actor, request.state.entered, wanted)


def _seat(request: HTTPConnection, of: ServicesDep, room: str = "") -> Seat:
    return read_seat(request, of, room)[1]


SeatDep = Annotated[Seat, Depends(_seat)]
"""The seat that the request's query names by `room`, or the usual one."""


def still_seated(request: HTTPConnection, of: Services, seat: Seat) -> bool:
    """Whether whoever opened a stream still has that seat. Counts as use of the sign-in."""
    try:
        SeatGuard()(request, of)
        return read_seat(request, of, seat.room or "")[1] == seat
    except (NotSignedInError, ForbiddenError, NotFoundError):
        return False


def play_tokens(tokens: MediaTokens, seat: Seat, plan: ClassPlan, heard: frozenset[str], now: int) -> dict[str, str]:
    """By room, the token to play it: the main room's and the floor's with their sound, one's own without."""
    found = {}
    for room in plan.rooms:
        sources: tuple[Source, ...]
        if room.id in heard:
            sources = ("camera", "sound", "screen") if seat.hears(room.id) else ("camera", "screen")
        elif room.id == seat.room:
            sources = ("camera",)
        else:
            continue
        found[room.id] = tokens.issue(seat.holder, seat.session, room.id, "play", sources, now)
    return found


def ice_of(of: Services) -> list[dict[str, Any]]:
    """The STUN and TURN servers by which a page connects, as RTCIceServer of the W3C's WebRTC.

    They come with the tokens: an answer's Link headers (RFC 9725) are too late for the offer, which must hold all
    candidates where there is no trickle ICE.
    """
    return [
        {name: value for name, value in msgspec.to_builtins(one).items() if value} for one in of.media.ice_servers()
    ]
