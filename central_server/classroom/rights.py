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
from central_server.accounts.sign_ins import read_actor
from central_server.classroom.plan import ClassPlan, plan_of
from central_server.classroom.seats import seat_of
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
    heard = of.classrooms.heard(held.name.session)

    def has() -> bool:
        with Session(of.engine) as db:
            return _has_right(of, db, held, heard, {})

    if not await asyncio.to_thread(has):
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
    plans: dict[str, ClassPlan | None] = {}
    with Session(of.engine) as db:
        return [
            resource for resource, one in held.items() if not _has_right(of, db, one, heard[one.name.session], plans)
        ]  # fmt: skip


def _has_right(
    of: Services, db: Session, held: Held, heard: frozenset[str], plans: dict[str, ClassPlan | None]
) -> bool:
    """heard: the rooms that everybody sees and hears now. plans: of sessions, as far as they were read."""
    name = held.name
    if name.session not in plans:
        plans[name.session] = _plan(db, name.session)
    plan = plans[name.session]
    if plan is None or not plan.has(name.room):
        return False
    kind, _, who = held.holder.partition(":")
    if kind == "device":
        return held.act == "publish" and db.connection().execute(_AT, {"device": who}).scalar() == name.room
    return kind == "seat" and _seat_has_right(of, db, held, plan, heard)


def _plan(db: Session, session: str) -> ClassPlan | None:
    try:
        return plan_of(db, session)
    except NotFoundError:
        return None


def _seat_has_right(of: Services, db: Session, held: Held, plan: ClassPlan, heard: frozenset[str]) -> bool:
    name, connection, now = held.name, db.connection(), of.now()
    _, sign_in, key = held.holder.split(":")
    actor = read_actor(connection, sign_in, now, of.config.accounts)
    entered = read_entered(connection, key, name.session, now)
    if actor is not None and not allowed(connection, actor, "see_session", {"session": name.session}):
        actor = None
    if actor is None and entered is None:
        return False
    seat = seat_of(plan, actor, entered)
    if held.act == "publish":
        if name.source == "screen":
            return seat.teaches and name.room == plan.main
        return name.source == "sound" and name.room in seat.rooms and name.room in heard
    if name.source != "camera" or name.room in heard:
        return True  # the relay passes on the sound of rooms that are heard, and there is one screen, for the class
    looks_in = {"session": name.session, "bridge_point": name.room}
    return name.room in seat.rooms or (actor is not None and allowed(connection, actor, "see_session", looks_in))
