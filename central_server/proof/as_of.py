"""A course as it was known at a past moment, so that a report of then comes out the same today.

What the server was told by then is all still there: its own log says which plan, rule, roster and corrections held, and
each record came with a batch whose receipt has a time. So the past is replayed with the code that `verify` proves the
present with, and nothing has to be kept beside. What a moment that is over gives never changes again: it may be kept
under (course, moment) for as long as anybody likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import text
from sqlmodel import Session

from central_server.participation.queries import AROUND
from central_server.proof.evidence import Plan
from central_server.proof.replay import replay
from central_server.proof.replay_corrections import leaves_in
from central_server.proof.totals import Seats, participation_of, rule_in
from models.correction_records import Leave
from models.own_records import AnyOwnRecord, decode_own
from models.participation import Rule, Totals, add_up
from models.records import AnyRecord, decode

_OWN = text("SELECT line FROM own_record ORDER BY seq")
# The batch that brought a record is the first whose checkpoint stands at it or behind it.
_CAME = (
    "(SELECT received_at FROM signed_head AS signed WHERE signed.device = record.device AND signed.log = record.log"
    " AND signed.seq >= record.seq ORDER BY signed.seq LIMIT 1) <= :at"
)
_RECORDS = text(
    f"SELECT device, line FROM record WHERE session = :session AND {_CAME} ORDER BY device, log, seq"  # noqa: S608 - constant
)
_AROUND = text(
    "SELECT line FROM record WHERE device = :device AND log = :log AND seq BETWEEN :first AND :last"  # noqa: S608 - constant
    f" AND {_CAME} ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class SessionThen:
    """A session that was over. Times are server time, ms."""

    id: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    parts: Mapping[str, Totals]
    """By learner, guests too."""
    points: Mapping[str, str]
    """By learner: the bridge point where he or she sat."""
    leaves: Mapping[str, Leave]
    """By learner, where there is any."""


@dataclass(frozen=True, slots=True)
class CourseThen:
    """A course at a past moment (`at`, server time, ms)."""

    course: str
    at: int
    published: bool
    rule: Rule
    planned: tuple[str, ...]
    """All its sessions but the cancelled ones and the field visits, in order of time."""
    sessions: tuple[SessionThen, ...]
    """Those of them that were over, in order of time."""
    enrolled: Mapping[str, str]
    """Learner: the bridge point of the enrolment."""
    totals: Mapping[str, Totals]
    """By enrolled learner, over the sessions that were over, with share and verdict under the rule of then."""


class Past:
    """The server as it was at a moment: the log is replayed once, then courses are computed as they are asked for.

    db: used as long as this is; at: server time, ms. Raises RecordError where the log or a record is damaged.
    """

    def __init__(self, db: Session, at: int) -> None:
        self._db = db
        self.at = at
        self.plan: Plan = replay(self._acts()).plan
        """What the server's acts had made true by then (ids, no names)."""

    def _acts(self) -> list[AnyOwnRecord]:
        acts = (decode_own(bytes(row.line)) for row in self._db.execute(_OWN))
        return [act for act in acts if act.at <= self.at]

    @cached_property
    def _seats(self) -> Seats:
        return Seats(self.plan)

    @cached_property
    def _sessions(self) -> dict[str, list[str]]:
        """By course, those that count, in order of time."""
        found: dict[str, list[str]] = {}
        for session, (course, *_) in sorted(self.plan.sessions.items(), key=lambda one: (one[1][1], one[0])):
            *_, field_visit = self.plan.held.get(session, (None, None, False))
            if session not in self.plan.cancelled and not field_visit:
                found.setdefault(course, []).append(session)
        return found

    def course(self, course: str) -> CourseThen:
        """A course as it was known then; without sessions and learners where it was not known yet."""
        plan = self.plan
        planned = self._sessions.get(course, [])
        over = [session for session in planned if plan.sessions[session][2] <= self.at]
        records = {session: self._records(session) for session in over}
        parts = participation_of(plan, records, self._around, over, self._seats)
        by_session: dict[str, dict[str, Totals]] = {session: {} for session in over}
        for (session, who), part in parts.items():
            by_session[session][who] = part.totals
        leaves: dict[str, dict[str, Leave]] = {session: {} for session in over}
        for (session, who), (leave, _) in leaves_in(plan, over).items():
            leaves[session][who] = "permitted" if leave == "permitted" else "not_permitted"
        sessions = []
        for session in over:
            _, start, end, breaks = plan.sessions[session]
            points = {who: point for point, some in self._seats.of(session).items() for who in some}
            sessions.append(SessionThen(session, start, end, breaks, by_session[session], points, leaves[session]))
        rule = rule_in(plan, course)
        enrolled = {who: point for (of, who), point in plan.enrolled.items() if of == course}
        totals = {
            who: add_up((one.parts[who] for one in sessions if who in one.parts), rule) for who in enrolled
        }  # fmt: skip
        published = course in plan.courses and plan.courses[course][4]
        return CourseThen(course, self.at, published, rule, tuple(planned), tuple(sessions), enrolled, totals)

    def _records(self, session: str) -> list[tuple[str, AnyRecord]]:
        rows = self._db.execute(_RECORDS, {"session": session, "at": self.at})
        return [(row.device, decode(bytes(row.line))) for row in rows]

    def _around(self, record: AnyRecord) -> list[AnyRecord]:
        which = {"device": record.device, "log": record.log, "at": self.at}
        near = {"first": record.seq - AROUND, "last": record.seq + AROUND}
        return [decode(bytes(row.line)) for row in self._db.execute(_AROUND, which | near)]


def course_as_of(db: Session, course: str, at: int) -> CourseThen:
    """One course as it was known at a past moment (server time, ms). For several, make one Past."""
    return Past(db, at).course(course)
