"""Whether the holder of a stream has a right to it now: asked when it is made, and every few seconds while it is up.

A token tells what somebody was allowed when it was issued. Since then the floor may have been taken, an account
disabled, a browser signed out, a device revoked, or a room taken out of the session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy import text
from sqlmodel import Session

from central_server.accounts.guard import allowed
from central_server.accounts.permission import Actor
from central_server.accounts.sign_ins import read_actor
from central_server.classroom.plan import ClassPlan, plan_of
from central_server.classroom.seats import Seat, seat_of
from central_server.classroom.tickets import read_entered
from central_server.errors import ForbiddenError, NotFoundError
from central_server.media.media import Held
from central_server.services import Services
from central_server.works import told

EVERY_S = 2.0
"""Streams outlive the right to them by no more than this and the check itself."""

_AT = text(
    "SELECT bridge_point FROM device WHERE id = :device"
    " AND NOT (SELECT revoked FROM device_key WHERE device_key.device = device.id ORDER BY number DESC LIMIT 1)"
)

log = logging.getLogger(__name__)


async def check_right(of: Services, held: Held) -> None:
    """Raises ForbiddenError when the holder has no right to that stream now."""
    heard = {held.name.session: of.classrooms.heard(held.name.session)}
    if await asyncio.to_thread(_without_right, of, {"": held}, heard):
        raise ForbiddenError(
            "Lúc này đồng chí không còn được xem hoặc phát luồng này. Hãy mở lại trang lớp học.",
            "You may not play or publish this stream now. Open the classroom page again.",
        )


async def keep_to_rights(of: Services) -> None:
    """End the streams to which their holders have a right no longer, until cancelled."""
    while True:
        await asyncio.sleep(EVERY_S)
        held = of.media.held()
        if not held:
            continue
        try:
            heard = {session: of.classrooms.heard(session) for session in {one.name.session for one in held.values()}}
            for resource in await asyncio.to_thread(_without_right, of, held, heard):
                session = held[resource].name.session
                if of.classrooms.heard(session) == heard[session]:  # else it is judged anew the next time
                    of.media.drop(resource)
            of.works.well("rights to streams")
        except Exception as error:  # whatever fails once, as a database that is busy: rights are looked after again
            of.works.failed("rights to streams", *told(error))
            log.warning("the rights to streams could not be checked", exc_info=True)


def _without_right(of: Services, held: Mapping[str, Held], heard: Mapping[str, frozenset[str]]) -> list[str]:
    """The resources whose holders have none now. heard: by session, the rooms that everybody sees and hears."""
    with Session(of.engine) as db:
        now = _Now(of, db)
        return [resource for resource, one in held.items() if not now.may(one, heard[one.name.session])]


class _Now:
    """Who may what at one moment. A page holds several streams, a session many: each is read once."""

    def __init__(self, of: Services, db: Session) -> None:
        self._of, self._db, self._connection = of, db, db.connection()
        self._plans: dict[str, ClassPlan | None] = {}
        self._seats: dict[tuple[str, str], tuple[Seat, Actor | None] | None] = {}

    def may(self, held: Held, heard: frozenset[str]) -> bool:
        """heard: the rooms of its session that everybody sees and hears."""
        name = held.name
        plan = self._plan(name.session)
        if plan is None or not plan.has(name.room):
            return False
        kind, _, who = held.holder.partition(":")
        if kind == "device":
            return held.act == "publish" and self._connection.execute(_AT, {"device": who}).scalar() == name.room
        found = self._seat(held.holder, plan) if kind == "seat" else None
        if found is None:
            return False
        seat, actor = found
        if held.act == "publish":
            if name.source == "screen":
                return seat.teaches and name.room == plan.main
            return name.source == "sound" and name.room in seat.rooms and name.room in heard
        if name.source != "camera" or name.room in heard or name.room in seat.rooms:
            return True  # the relay passes on the sound of rooms that are heard, and there is one screen, for the class
        looks_in = {"session": name.session, "bridge_point": name.room}
        return actor is not None and allowed(self._connection, actor, "see_session", looks_in)

    def _plan(self, session: str) -> ClassPlan | None:
        if session not in self._plans:
            try:
                self._plans[session] = plan_of(self._db, session)
            except NotFoundError:
                self._plans[session] = None
        return self._plans[session]

    def _seat(self, holder: str, plan: ClassPlan) -> tuple[Seat, Actor | None] | None:
        """Where the browser sits in that session, and whose it is by an account; None: nowhere any more."""
        if (holder, plan.session) not in self._seats:
            self._seats[holder, plan.session] = self._seat_read(holder, plan)
        return self._seats[holder, plan.session]

    def _seat_read(self, holder: str, plan: ClassPlan) -> tuple[Seat, Actor | None] | None:
        _, sign_in, key = holder.split(":")
        now = self._of.now()
        actor = read_actor(self._connection, sign_in, now, self._of.config.accounts)
        entered = read_entered(self._connection, key, plan.session, now)
        if actor is not None and not allowed(self._connection, actor, "see_session", {"session": plan.session}):
            actor = None
        return (seat_of(plan, actor, entered), actor) if actor is not None or entered is not None else None
