"""A room's way in without a password: a device asks for a one-time ticket, which signs a browser in as its room.

What it opens is that room's part in one session's classroom and nothing else: no account, no other session, no list of
learners. It ends with the classroom; with the device's key (revoked, or followed by a new device); when the bridge
point no longer takes part; and with the next ticket of the same device for the same session, so that whoever fears a
copy of the cookie presses the button again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, text
from starlette.requests import HTTPConnection
from starlette.responses import Response

from central_server.accounts.sign_ins import is_secure, token_hash
from central_server.bridge_points.signature import KnownDevice
from central_server.classroom.keeping import keep
from central_server.classroom.plan import CLOSES_AFTER_MS, OPENS_BEFORE_MS
from central_server.config import Config
from central_server.database import Job
from central_server.errors import InvalidError, SignInError
from models.classroom_records import RoomEntered, RoomTicketMade

LIFE_MS = 2 * 60_000
"""From the press of the button to the opened page takes a second; two minutes forgive a slow PC."""
COOKIE = "diemdanh_room"

_HELD = text(
    "SELECT session.id FROM session JOIN course ON course.id = session.course"
    " JOIN session_bridge_point AS place ON place.session = session.id"
    " WHERE session.id = :session AND place.bridge_point = :room AND course.published"
    " AND NOT session.cancelled AND NOT session.field_visit"
    ' AND session.start - :before <= :now AND session."end" + :after > :now'
)
_ADD = text(
    "INSERT INTO room_ticket (hash, device, session, bridge_point, expires_at)"
    " VALUES (:hash, :device, :session, :room, :expires_at)"
)
_READ = text("SELECT hash, device, session, bridge_point, expires_at, key FROM room_ticket WHERE hash = :hash")
_USE = text("UPDATE room_ticket SET key = :key, used_at = :now WHERE hash = :hash")
_SIGNED_IN = text(
    "SELECT ticket.device, ticket.session, ticket.bridge_point, point.name FROM room_ticket AS ticket"
    " JOIN bridge_point AS point ON point.id = ticket.bridge_point"
    " WHERE ticket.key = :key AND ticket.session = :session"
    # the newest of this device for this session
    " AND NOT EXISTS (SELECT 1 FROM room_ticket AS newer WHERE newer.device = ticket.device"
    " AND newer.session = ticket.session AND newer.used_at > ticket.used_at)"
    # and the device is still one
    " AND NOT (SELECT revoked FROM device_key WHERE device_key.device = ticket.device ORDER BY number DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket that was just made: told once, never kept."""

    ticket: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class RoomSignIn:
    """A browser that is signed in as a room."""

    device: str
    session: str
    room: str
    name: str
    key: str
    """The hash of its key, which tells it from other browsers of that room."""


def _is_held(connection: Connection, session: str, room: str, now: int) -> bool:
    places = {"session": session, "room": room, "now": now}
    hours = {"before": OPENS_BEFORE_MS, "after": CLOSES_AFTER_MS}
    return connection.execute(_HELD, places | hours).first() is not None


def make_ticket(device: KnownDevice, session: str, now: int) -> Job[NewTicket]:
    """The job that makes a ticket. Raises InvalidError when the device's room has no such class now."""

    def job(connection: Connection) -> NewTicket:
        room = device.bridge_point
        if not _is_held(connection, session, room, now):
            raise InvalidError(
                "Lúc này không có lớp học như vậy cho điểm cầu này. Lớp học mở từ 60 phút trước giờ học.",
                "There is no such class for this bridge point now. A classroom opens 60 minutes before its session.",
            )
        ticket = secrets.token_urlsafe(32)
        row = {"hash": token_hash(ticket), "device": device.id, "session": session, "room": room, "now": now}
        connection.execute(_ADD, row | {"expires_at": now + LIFE_MS})
        told = RoomTicketMade(at=now, device=device.id, session=session, bridge_point=room, ticket=token_hash(ticket),
                              expires_at=now + LIFE_MS)  # fmt: skip
        keep(connection, session, (told,))
        return NewTicket(ticket, now + LIFE_MS)

    return job


@dataclass(frozen=True, slots=True)
class Entered:
    """A room that was just signed in. `key` is for the cookie, and kept nowhere else."""

    key: str
    session: str


def use_ticket(ticket: str, now: int) -> Job[Entered]:
    """The job that uses a ticket up. Raises SignInError, one sentence for every reason, when it lets nobody in."""

    def job(connection: Connection) -> Entered:
        row = connection.execute(_READ, {"hash": token_hash(ticket)}).one_or_none()
        if (
            row is None or row.key is not None or row.expires_at <= now
            or not _is_held(connection, row.session, row.bridge_point, now)
        ):  # fmt: skip
            raise SignInError(
                "Vé vào lớp học này không còn dùng được: mỗi vé dùng một lần, trong hai phút. Hãy bấm lại nút “Mở lớp "
                "học” trên trang của cán bộ kỹ thuật.",
                "This ticket into the classroom is no longer good: each is used once, within two minutes. Press “Open "
                "the classroom” on the technician's page again.",
            )
        key = secrets.token_urlsafe(32)
        connection.execute(_USE, {"hash": row.hash, "key": token_hash(key), "now": now})
        told = RoomEntered(at=now, device=row.device, session=row.session, bridge_point=row.bridge_point,
                           ticket=row.hash, key=token_hash(key))  # fmt: skip
        keep(connection, row.session, (told,))
        return Entered(key, row.session)

    return job


def _cookie_name(request: HTTPConnection, config: Config) -> str:
    return f"__Host-{COOKIE}" if is_secure(request, config) else COOKIE


def set_room_cookie(answer: Response, request: HTTPConnection, config: Config, entered: Entered) -> None:
    """Give the browser its cookie, which goes when the browser is closed."""
    answer.set_cookie(
        _cookie_name(request, config), entered.key, httponly=True, samesite="strict",
        secure=is_secure(request, config),
    )  # fmt: skip


def read_room_sign_in(
    connection: Connection, request: HTTPConnection, config: Config, session: str, now: int
) -> RoomSignIn | None:
    """As which room this browser is signed in, in that session; None: as none, or no longer."""
    key = request.cookies.get(_cookie_name(request, config), "")
    return read_entered(connection, token_hash(key), session, now) if key else None


def read_entered(connection: Connection, key: str, session: str, now: int) -> RoomSignIn | None:
    """The room as which the browser with that key (RoomSignIn.key) is signed in; None: it is no longer."""
    row = connection.execute(_SIGNED_IN, {"key": key, "session": session}).one_or_none() if key else None
    if row is None or not _is_held(connection, session, row.bridge_point, now):
        return None
    return RoomSignIn(row.device, row.session, row.bridge_point, row.name, key)
