"""Reading what participation is computed from: the plan of a session, and the records that speak of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.corrections.effect import Corrections
from central_server.corrections.reading import corrections_of_session
from central_server.courses.queries import breaks_of
from central_server.courses.standing import Standing, standing_of
from central_server.courses.tables import Course, CourseSession, SessionBridgePoint
from central_server.enrolment.places import places_in
from central_server.errors import NotFoundError
from central_server.learners.names import given_name_first
from central_server.participation.rules import rule_of
from models.participation import Rule
from models.records import AnyRecord, RecordError, decode

# The batch that brought a record is the first whose checkpoint stands at it or behind it.
_RECEIVED = (
    "(SELECT received_at FROM signed_head AS signed WHERE signed.device = record.device AND signed.log = record.log"
    " AND signed.seq >= record.seq ORDER BY signed.seq LIMIT 1) AS received_at"
)
_RECORDS = text(
    f'SELECT seq, line, learner, start, "end", {_RECEIVED} FROM record'  # noqa: S608 - constant
    " WHERE session = :session AND device = :device AND log = :log AND seq > :seq ORDER BY seq"
)
_LEARNERS = text(
    "SELECT id, code, name, unit, birth_year, position FROM learner WHERE id IN"
    " (SELECT learner FROM enrolment WHERE course = :course UNION SELECT learner FROM guest WHERE session = :session)"
)
_DEVICES = text(
    "SELECT device.id, device.bridge_point FROM device WHERE device.bridge_point IN"
    " (SELECT bridge_point FROM session_bridge_point WHERE session = :session) ORDER BY device.id"
)
_FORKS = text(
    "SELECT fork.device, fork.seq, fork.sessions, fork.seen_at FROM fork JOIN device ON device.id = fork.device"
    " WHERE device.bridge_point IN (SELECT bridge_point FROM session_bridge_point WHERE session = :session)"
    " ORDER BY fork.seen_at"
)
_DROPPED = text(
    "SELECT m.device, sum(m.count) AS count, max(m.seen_at) AS seen_at FROM forks_dropped m"
    " WHERE m.session = :session GROUP BY m.device"
)
# From one log to the next by the index: DISTINCT would read every record of the session.
_LOGS = text(
    "WITH RECURSIVE one(log) AS ("
    " SELECT min(log) FROM record WHERE session = :session AND device = :device"
    " UNION ALL SELECT (SELECT min(log) FROM record WHERE session = :session AND device = :device AND log > one.log)"
    " FROM one WHERE log IS NOT NULL) SELECT log FROM one WHERE log IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class LearnerFacts:
    """Who a learner is, and at which bridge point (its id) enrolled."""

    id: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    bridge_point: str
    guest: bool = False
    """Of this session only: no certificate comes of it."""
    position: str = ""


@dataclass(frozen=True, slots=True)
class ForkFacts:
    """A device sent another history than it had sent before (ledger.forks). Time in ms since 1970 UTC."""

    seq: int
    """The first record known to differ; 0 where only the heads tell."""
    seen_at: int
    dropped: int = 0
    """Not one but so many versions, refused and not kept, the last of them then; 0: the version is kept."""


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A bridge point that takes part, with the devices that speak for it."""

    id: str
    code: str
    name: str
    devices: tuple[str, ...]
    forks: tuple[ForkFacts, ...] = ()
    """Refused versions of its logs that speak of the session, oldest first."""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session as it is planned. Times are ms since 1970 UTC."""

    id: str
    title: str
    course: str
    """Id."""
    course_code: str
    course_title: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    rule: Rule
    points: tuple[PointFacts, ...]
    learners: tuple[LearnerFacts, ...]
    """Of the bridge points that take part, by name."""
    standing: Standing
    """Whether it is held, and what became of it."""
    corrections: Corrections = field(default_factory=dict)
    """What people say of its learners' presence."""


def session_facts(db: Session, session: str) -> SessionFacts:
    """The plan of a session. Raises NotFoundError."""
    found = db.get(CourseSession, session)
    if found is None:
        raise NotFoundError(
            f'Không có buổi học mã "{session}". Lệnh central-server sessions liệt kê các mã.',
            f'There is no session "{session}". The command central-server sessions lists them.',
        )
    course = db.get_one(Course, found.course)
    points = db.exec(
        select(BridgePoint)
        .join(SessionBridgePoint, col(SessionBridgePoint.bridge_point) == BridgePoint.id)
        .where(SessionBridgePoint.session == session)
        .order_by(col(BridgePoint.name), col(BridgePoint.code))
    ).all()
    devices: dict[str, list[str]] = {}
    for device, at in db.execute(_DEVICES, {"session": session}):
        devices.setdefault(at, []).append(device)
    forks = _forks(db, session)
    places, guests = places_in(db, found)
    here = {point.id for point in points}
    people = [
        LearnerFacts(
            row.id, row.code, row.name, row.unit, row.birth_year, places[row.id], row.id in guests, row.position
        )
        for row in db.execute(_LEARNERS, {"session": session, "course": course.id})
        if places[row.id] in here
    ]
    return SessionFacts(
        id=found.id,
        title=found.title,
        course=course.id,
        course_code=course.code,
        course_title=course.title,
        start=found.start,
        end=found.end,
        breaks=breaks_of(db, session),
        rule=rule_of(db, course.id),
        points=tuple(_point(point, devices.get(point.id, []), forks) for point in points),
        learners=tuple(sorted(people, key=lambda who: (given_name_first(who.name), who.code))),
        standing=standing_of(db, found, course),
        corrections=corrections_of_session(db, session),
    )


def _forks(db: Session, session: str) -> dict[str, list[ForkFacts]]:
    """The forks that speak of a session, by device, oldest first."""
    found: dict[str, list[ForkFacts]] = {}
    for device, seq, sessions, seen_at in db.execute(_FORKS, {"session": session}):
        if session in sessions.split("\n"):
            found.setdefault(device, []).append(ForkFacts(seq, seen_at))
    for device, count, seen_at in db.execute(_DROPPED, {"session": session}):
        found.setdefault(device, []).append(ForkFacts(0, seen_at, count))
    return found


def _point(point: BridgePoint, devices: list[str], forks: dict[str, list[ForkFacts]]) -> PointFacts:
    seen = [fork for device in devices for fork in forks.get(device, ())]
    return PointFacts(
        point.id, point.code, point.name, tuple(devices), tuple(sorted(seen, key=lambda fork: fork.seen_at))
    )


_NAMES = text(
    "SELECT id, name FROM account WHERE id IN :ids UNION ALL SELECT id, name FROM learner WHERE id IN :ids"
).bindparams(bindparam("ids", expanding=True))


def names_of(db: Session, ids: Collection[str]) -> dict[str, str]:
    """The names of those who vouched, accounts and learners, by id; who is not known any more is left out."""
    return {row.id: row.name for row in db.execute(_NAMES, {"ids": list(ids)})} if ids else {}


AROUND = 100
"""So many records before and after one, in its log, may tell its clock."""

_AROUND = text(
    "SELECT line FROM record WHERE device = :device AND log = :log AND seq BETWEEN :first AND :last ORDER BY seq"
)


def records_around(db: Session, record: AnyRecord) -> list[AnyRecord]:
    """The AROUND records before and after one in its log, of any session."""
    which = {"device": record.device, "log": record.log, "first": record.seq - AROUND, "last": record.seq + AROUND}
    found = (decoded(row.line) for row in db.execute(_AROUND, which))
    return [one for one in found if one is not None]


def decoded(line: bytes) -> AnyRecord | None:
    """The record of a stored line; None: damaged behind the program's back, which is for central-server verify to find.

    What computes figures leaves it out: one damaged record must not take a page, or another course's figures, down.
    """
    try:
        return decode(bytes(line))
    except RecordError:
        return None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A record as it came."""

    record: AnyRecord
    log: str
    received_at: int | None
    """With its batch (server time, ms); None where the batch's checkpoint is gone."""
    before: tuple[tuple[AnyRecord, int], ...] = ()
    """Where records of other sessions came before it: the last of those, each with when it was received."""
    since: int | None = None
    """For a log's first record: when its device had joined."""

    @property
    def seq(self) -> int:
        """Its place in its log."""
        return self.record.seq


@dataclass(frozen=True, slots=True)
class Damaged:
    """A stored record that can't be read: what it told is not known."""

    device: str
    log: str
    seq: int
    learner: str | None
    """Of whom it told, and when (server time, ms), by the columns under which it is found; None: not said."""
    start: int | None
    end: int | None


BEFORE = 20
"""So many records of other sessions tell what time the log had come to: more than close at one moment unmeasured."""

_BEFORE = text(
    f"SELECT line, {_RECEIVED} FROM record"  # noqa: S608 - constant
    " WHERE device = :device AND log = :log AND seq < :seq ORDER BY seq DESC LIMIT :most"
)
_OTHER_LOGS = text(
    "SELECT log, max(seq) AS seq FROM signed_head WHERE device = :device AND log <> :log AND received_at < :received_at"
    " GROUP BY log"
)
_JOINED = text("SELECT joined_at FROM device WHERE id = :device")


def new_records(
    db: Session, session: str, device: str, known: Mapping[tuple[str, str], int]
) -> list[Arrived | Damaged]:
    """The records of a session in a device's logs after the seqs that are known already, each log in order."""
    found: list[Arrived | Damaged] = []
    for (log,) in db.execute(_LOGS, {"session": session, "device": device}).all():
        last = known.get((device, log), 0)
        which = {"session": session, "device": device, "log": log, "seq": last}
        for seq, line, learner, start, end, received_at in db.execute(_RECORDS, which).all():
            record = decoded(line)
            if record is None:
                found.append(Damaged(device, log, seq, learner, start, end))
                continue
            before: tuple[tuple[AnyRecord, int], ...] = ()
            since = None
            if received_at is not None and seq == 1:
                before, since = _begun(db, device, log, received_at)
            elif received_at is not None and seq != last + 1:
                before = _before(db, device, log, seq)
            found.append(Arrived(record, log, received_at, before, since))
            last = seq
    return found


def _before(db: Session, device: str, log: str, seq: int) -> tuple[tuple[AnyRecord, int], ...]:
    rows = db.execute(_BEFORE, {"device": device, "log": log, "seq": seq, "most": BEFORE}).all()
    told = ((decoded(row.line), row.received_at) for row in reversed(rows) if row.received_at is not None)
    return tuple((record, received_at) for record, received_at in told if record is not None)


def _begun(
    db: Session, device: str, log: str, received_at: int
) -> tuple[tuple[tuple[AnyRecord, int], ...], int | None]:
    """What is known before a log begins: the ends of the device's other logs until then, and when it joined."""
    others = db.execute(_OTHER_LOGS, {"device": device, "log": log, "received_at": received_at}).all()
    before = [one for other in others for one in _before(db, device, other.log, other.seq + 1)]
    joined = db.execute(_JOINED, {"device": device}).one_or_none()
    return tuple(sorted(before, key=lambda one: one[1])), joined.joined_at if joined else None
