"""Finding who is seen at two bridge points in the same minute: whom to look at, and the records of those few.

To look at are learners who were recorded where they do not sit, and those who are expected in two sessions at once.
Everybody's records would be too many to compare each second; central-server verify does compare them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.learners.tables import Learner
from central_server.participation.known_by import doubtful
from central_server.participation.queries import decoded
from central_server.participation.twice import SeenTwice, Stay, Twice, seen_twice
from models.clock_trust import clock_trust
from models.records import AnyRecord, CheckIn, Presence, Vouched

_AT_ONCE = text(
    'SELECT s.id, o.id, o.course FROM session s JOIN session o ON o.start < s."end" AND o."end" > s.start'
    " WHERE s.id IN :sessions AND o.course <> :course AND NOT o.cancelled"
).bindparams(bindparam("sessions", expanding=True))
_IN_BOTH = text(
    "SELECT other.course, other.learner FROM (SELECT learner FROM enrolment WHERE course = :course UNION"
    " SELECT learner FROM guest WHERE session IN :sessions) AS mine CROSS JOIN enrolment AS other"
    " ON other.learner = mine.learner AND other.course IN :courses"
).bindparams(bindparam("sessions", expanding=True), bindparam("courses", expanding=True))
_PLACES = text(
    "SELECT bridge_point FROM enrolment WHERE learner IN :learners UNION SELECT bridge_point FROM transfer"
    " WHERE learner IN :learners UNION SELECT bridge_point FROM guest WHERE learner IN :learners"
).bindparams(bindparam("learners", expanding=True))
_RECORDS = text(
    "SELECT device.bridge_point, record.line FROM device CROSS JOIN record"  # CROSS: devices first, then by index
    " ON record.session IN :sessions AND record.device = device.id"
    " WHERE device.bridge_point IN :points AND record.learner IN :learners"
    " AND record.kind IN ('presence', 'check_in', 'vouched')"
).bindparams(*(bindparam(name, expanding=True) for name in ("sessions", "points", "learners")))


@dataclass(frozen=True, slots=True)
class Suspects:
    """Whom to look at in one session."""

    elsewhere: Mapping[str, frozenset[str]]
    """By bridge point (id), the learners who were recorded there without sitting there."""
    booked: frozenset[tuple[str, str]]
    """Learner, and another session at the same time in which the learner is expected."""

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self.booked) or any(self.elsewhere.values())


def double_booked(db: Session, course: str, sessions: Collection[str]) -> dict[str, frozenset[tuple[str, str]]]:
    """By session of a course: which learners are expected in another session at the same time, and in which."""
    found: dict[str, set[tuple[str, str]]] = {session: set() for session in sessions}
    which = {"course": course, "sessions": list(sessions)}
    at_once = db.execute(_AT_ONCE, which).all() if sessions else []
    if at_once:
        in_both: dict[str, list[str]] = {}
        for other, learner in db.execute(_IN_BOTH, which | {"courses": list({row.course for row in at_once})}):
            in_both.setdefault(other, []).append(learner)
        for session, other, of in at_once:
            found[session].update((learner, other) for learner in in_both.get(of, ()))
    return {session: frozenset(some) for session, some in found.items()}


def find_twice(db: Session, session: str, suspects: Suspects, live: Iterable[Stay] = ()) -> tuple[SeenTwice, ...]:
    """Who of the suspects was seen at two bridge points in the same minute. live: what the live statuses tell.

    Only records whose clock can be believed are compared: with a PC's wrong clock anybody could be anywhere.
    """
    stays = list(live)
    learners = {who for some in suspects.elsewhere.values() for who in some} | {who for who, _ in suspects.booked}
    if learners:
        points = {str(point) for (point,) in db.execute(_PLACES, {"learners": list(learners)})}
        which = {
            "sessions": [session, *{other for _, other in suspects.booked}],
            "points": list(points | suspects.elsewhere.keys()),
            "learners": list(learners),
        }
        for point, line in db.execute(_RECORDS, which):
            record = decoded(line)
            stay = None if record is None else stay_of(record, point)
            if stay is not None:
                stays.append(stay)
    return _named(db, seen_twice(stays))


def stay_of(record: AnyRecord, point: str) -> Stay | None:
    """Where and when a record says that a learner was; None for other kinds, and where its clock can't be believed."""
    if doubtful(clock_trust(record.offset, record.uncertainty)):
        return None
    match record:
        case Presence() | Vouched():
            return Stay(record.learner, point, record.server_time(record.start), record.server_time(record.end))
        case CheckIn():
            at = record.server_time(record.at)
            return Stay(record.learner, point, at, at)
        case _:
            return None


def _named(db: Session, found: list[Twice]) -> tuple[SeenTwice, ...]:
    if not found:
        return ()
    people = {
        one.id: one for one in db.exec(select(Learner).where(col(Learner.id).in_({one.learner for one in found})))
    }
    ids = {point for one in found for point in one.points}
    places = dict(db.exec(select(BridgePoint.id, BridgePoint.name).where(col(BridgePoint.id).in_(ids))).all())
    told = []
    for one in found:
        if one.learner in people:
            who, ends = people[one.learner], sorted((places.get(point, ""), point) for point in one.points)
            (here, first), (there, second) = ends
            told.append(SeenTwice(who.name, who.unit, (here, there), (first, second), one.first, one.minutes))
    return tuple(told)
