"""The figures of sessions that are over, kept so that a course's pages read a few rows instead of every record.

A row holds everybody at one bridge point in one session, and a digest of all that the figures follow from (`Basis`):
the plan, the rule, who sits there, its devices, and how far each of their logs speaks of the session. Records never
change and logs only grow, so a row whose digest is that of now holds what the records give. Any other is as good as
none: the figures are computed anew and kept. So nobody has to be told when a late record, another rule or a transfer
comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from sqlalchemy import Connection, text
from sqlmodel import Session

from central_server.corrections.effect import Corrections
from central_server.corrections.reading import corrections_of_course
from central_server.database import Job
from central_server.enrolment.places import places
from central_server.participation.evidence import PointEvidence
from central_server.participation.known_by import Value
from central_server.participation.queries import Damaged, new_records, records_around
from central_server.participation.rules import rule_of
from models.islands import PointTotals
from models.participation import Participation, Rule, Totals, judged, marks, scheduled
from models.spans import Spans, intersect, spans, time_before, total

FORM = 3
"""Another number when a row holds other figures, or the same records come to others."""
VALUES: tuple[Value, ...] = ("seen", "not_seen", "not_observed")
_NUMBERS: dict[Value, Literal[0, 1, 2]] = {"seen": 0, "not_seen": 1, "not_observed": 2}
"""Their places in VALUES."""


@dataclass(frozen=True, slots=True)
class Part:
    """A learner's part in one session, as a course's pages show it."""

    totals: Totals
    late: bool
    early: bool
    stretches: tuple[tuple[Value, int, int], ...]
    """Values of presence from start to end, in ms of scheduled time since the session's start, in order."""


def part_of(part: Participation, start: int, schedule: Spans, over: bool, rule: Rule) -> Part:
    """What of a participation is shown. start, schedule: of the whole session."""
    mark = marks(part, start, over, rule)
    return Part(part.totals, mark.late_min is not None, mark.early_min is not None, _stretches(part, schedule))


def _stretches(part: Participation, schedule: Spans) -> tuple[tuple[Value, int, int], ...]:
    """What goes on behind a break is one."""
    some = (part.seen, part.not_seen, part.not_observed)
    edges = time_before(schedule, np.concatenate(some)).tolist()
    named = [value for value, spans in zip(VALUES, some, strict=True) for _ in spans]
    out: list[tuple[Value, int, int]] = []
    for (start, end), value in sorted(zip(edges, named, strict=True)):
        if out and out[-1][0] == value and out[-1][2] == start:
            out[-1] = (value, out[-1][1], end)
        else:
            out.append((value, start, end))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Basis:
    """All that the figures of one bridge point in one session follow from. Times are ms since 1970 UTC."""

    session: str
    bridge_point: str
    start: int
    end: int
    breaks: tuple[tuple[int, int], ...]
    rule: Rule
    learners: tuple[str, ...]
    """Ids of those who sit there, in order; so are the following."""
    devices: tuple[str, ...]
    logs: tuple[tuple[str, str, int, int], ...]
    """Device, log, number of its records of the session, seq of the last of them."""
    corrections: tuple[tuple[str, tuple[tuple[int, int, bool], ...]], ...] = ()
    """Of learners who sit there: id; start, end, whether time was added or taken away."""

    @property
    def digest(self) -> bytes:
        """32 bytes; another when anything of it is another."""
        plan = (FORM, self.session, self.bridge_point, self.start, self.end, self.breaks, self.rule)
        return hashlib.sha256(
            msgspec.json.encode((*plan, self.learners, self.devices, self.logs, self.corrections))
        ).digest()


_SESSIONS = text('SELECT id, start, "end" FROM session WHERE course = :course')
_BREAKS = text(
    'SELECT b.session, b.start, b."end" FROM session_break b JOIN session s ON s.id = b.session'
    " WHERE s.course = :course ORDER BY b.start"
)
_PLACES = text(
    "SELECT p.session, p.bridge_point FROM session_bridge_point p JOIN session s ON s.id = p.session"
    " WHERE s.course = :course ORDER BY p.session, p.bridge_point"
)
_DEVICES = text(
    "SELECT bridge_point, id FROM device WHERE bridge_point IN (SELECT p.bridge_point FROM session_bridge_point p"
    " JOIN session s ON s.id = p.session WHERE s.course = :course) ORDER BY id"
)
_ENROLLED = text("SELECT learner, bridge_point FROM enrolment WHERE course = :course")
_TRANSFERS = text("SELECT learner, since, bridge_point FROM transfer WHERE course = :course")
_GUESTS = text(
    "SELECT g.session, g.learner, g.bridge_point FROM guest g JOIN session s ON s.id = g.session"
    " WHERE s.course = :course"
)
_LOGS = text(
    "SELECT session, device, log, count(*) AS count, max(seq) AS last FROM record"
    " WHERE session IN (SELECT id FROM session WHERE course = :course)"
    " GROUP BY session, device, log ORDER BY session, device, log"
)
_KEPT = text(
    "SELECT k.session, k.bridge_point, k.digest, k.figures FROM settled_point k JOIN session s ON s.id = k.session"
    " WHERE s.course = :course"
)
_KEEP = text(
    "INSERT INTO settled_point (session, bridge_point, digest, figures)"
    " VALUES (:session, :bridge_point, :digest, :figures) ON CONFLICT (session, bridge_point)"
    " DO UPDATE SET digest = excluded.digest, figures = excluded.figures"
)


def bases(db: Session, course: str) -> list[Basis]:
    """What each bridge point in each session of a course rests on now."""
    which = {"course": course}
    rule = rule_of(db, course)
    enrolled = {learner: str(point) for learner, point in db.execute(_ENROLLED, which)}
    transfers: dict[str, list[tuple[int, str]]] = {}
    for learner, since, point in db.execute(_TRANSFERS, which):
        transfers.setdefault(learner, []).append((since, point))
    sitting: dict[str, dict[str, list[str]]] = {}
    times = {row.id: row for row in db.execute(_SESSIONS, which)}
    for session, row in times.items():
        of_session = sitting.setdefault(session, {})
        for learner, point in places(enrolled, transfers, row.start).items():
            of_session.setdefault(point, []).append(learner)
    for session, learner, point in db.execute(_GUESTS, which):
        if learner not in enrolled:
            sitting[session].setdefault(point, []).append(learner)
    breaks: dict[str, list[tuple[int, int]]] = {}
    for session, start, end in db.execute(_BREAKS, which):
        breaks.setdefault(session, []).append((start, end))
    devices: dict[str, list[str]] = {}
    for point, device in db.execute(_DEVICES, which):
        devices.setdefault(point, []).append(device)
    logs: dict[tuple[str, str], list[tuple[str, str, int, int]]] = {}
    for session, device, log, count, last in db.execute(_LOGS, which):
        logs.setdefault((session, device), []).append((device, log, count, last))
    corrections = corrections_of_course(db, course)
    return [
        Basis(
            session, point, times[session].start, times[session].end, tuple(breaks.get(session, ())), rule,
            tuple(sorted(sitting[session].get(point, ()))), tuple(devices.get(point, ())),
            tuple(log for device in devices.get(point, ()) for log in logs.get((session, device), ())),
            _said(corrections.get(session, {}), sitting[session].get(point, ())),
        )
        for session, point in db.execute(_PLACES, which)
    ]  # fmt: skip


def _said(corrections: Corrections, here: Sequence[str]) -> tuple[tuple[str, tuple[tuple[int, int, bool], ...]], ...]:
    return tuple(
        (who, tuple((one.start, one.end, one.added) for one in corrections[who]))
        for who in sorted(corrections.keys() & set(here))
    )


@dataclass(frozen=True, slots=True)
class Computed:
    """A bridge point's figures, by learner."""

    basis: Basis
    parts: Mapping[str, Part]
    lasting: bool
    """False: records of other sessions told their clock, and more of those may tell it better; or one is damaged, and
    may be restored. Not to be kept."""
    elsewhere: tuple[str, ...]
    """Who was recorded there without sitting there (ids of learners)."""
    recorded_ms: int
    """Scheduled time in which the room was watched."""
    damaged: tuple[Damaged, ...] = ()
    """Its records that can't be read."""


def compute(db: Session, basis: Basis) -> Computed:
    """The figures of a session that is over, from its records. db: the same transaction in which the basis was read."""
    schedule = scheduled(basis.start, basis.end, basis.breaks)
    evidence = PointEvidence(frozenset(basis.learners), PointTotals(schedule, basis.rule))
    for who, said in basis.corrections:
        added, taken = ([(a, b) for a, b, adds in said if adds is wanted] for wanted in (True, False))
        evidence.totals.correct(who, spans(added), spans(taken))
    for device in basis.devices:
        for one in new_records(db, basis.session, device, {}):
            if isinstance(one, Damaged):
                evidence.miss(one)
            else:
                evidence.add(one.record)  # when it was received makes it doubtful, and changes no figure
    lasting = not evidence.damaged and not any(evidence.without_clock())
    evidence.learn_missing_clocks(lambda record: records_around(db, record))
    known = evidence.with_live(())  # with what waited for a clock
    totals = known.totals
    parts = {who: part_of(totals.of(who), basis.start, schedule, True, basis.rule) for who in basis.learners}
    elsewhere = tuple(sorted({one.learner for one in known.elsewhere}))
    recorded = total(intersect(schedule, totals.coverage))
    return Computed(basis, parts, lasting, elsewhere, recorded, tuple(evidence.damaged))


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """A learner in `figures`. Share and verdict follow from the milliseconds and the rule."""

    learner: str
    scheduled_ms: int
    seen_ms: int
    not_seen_ms: int
    attended_ms: int
    counted_ms: int
    late: bool
    early: bool
    stretches: list[tuple[Literal[0, 1, 2], int]]
    """Which of VALUES, and where it ends."""


_ROWS = msgspec.msgpack.Decoder(tuple[list[_Row], tuple[str, ...], int])
"""The learners, who was recorded there without sitting there, and how long the room was watched (Computed)."""


def _encoded(computed: Computed) -> bytes:
    rows = []
    for learner, part in computed.parts.items():
        t = part.totals
        stretches = [(_NUMBERS[value], end) for value, _, end in part.stretches]
        rows.append(_Row(learner, t.scheduled_ms, t.seen_ms, t.not_seen_ms, t.attended_ms, t.counted_ms,
                         part.late, part.early, stretches))  # fmt: skip
    return msgspec.msgpack.encode((rows, computed.elsewhere, computed.recorded_ms))


def _decoded(figures: bytes, rule: Rule) -> tuple[dict[str, Part], tuple[str, ...]] | None:
    """None: damaged, as good as not kept."""
    try:
        rows, elsewhere, _ = _ROWS.decode(figures)
    except msgspec.MsgspecError:
        return None
    parts = {}
    for row in rows:
        stretches: list[tuple[Value, int, int]] = []
        at = 0
        for value, end in row.stretches:
            stretches.append((VALUES[value], at, end))
            at = end
        totals = judged(row.scheduled_ms, row.seen_ms, row.not_seen_ms, row.attended_ms, row.counted_ms, rule)
        parts[row.learner] = Part(totals, row.late, row.early, tuple(stretches))
    return parts, elsewhere


@dataclass(frozen=True, slots=True)
class Settled:
    """What is kept of a course, as far as it still holds."""

    parts: Mapping[tuple[str, str], Mapping[str, Part]]
    """By session and bridge point, then by learner."""
    elsewhere: Mapping[tuple[str, str], tuple[str, ...]]
    """By session and bridge point, who was recorded there without sitting there."""
    missing: Sequence[Basis]
    """Of what nothing that holds is kept."""


def settled(db: Session, course: str, sessions: frozenset[str]) -> Settled:
    """What is kept of these sessions of a course."""
    kept = {(row.session, row.bridge_point): row for row in db.execute(_KEPT, {"course": course})}
    parts: dict[tuple[str, str], dict[str, Part]] = {}
    elsewhere: dict[tuple[str, str], tuple[str, ...]] = {}
    missing = []
    for basis in bases(db, course):
        if basis.session not in sessions:
            continue
        row = kept.get((basis.session, basis.bridge_point))
        found = _decoded(bytes(row.figures), basis.rule) if row and bytes(row.digest) == basis.digest else None
        if found is None:
            missing.append(basis)
        else:
            parts[basis.session, basis.bridge_point], elsewhere[basis.session, basis.bridge_point] = found
    return Settled(parts, elsewhere, missing)


def keep(computed: Sequence[Computed]) -> Job[None]:
    """The job that keeps figures."""
    rows = [
        {"session": one.basis.session, "bridge_point": one.basis.bridge_point, "digest": one.basis.digest,
         "figures": _encoded(one)}
        for one in computed
        if one.lasting
    ]  # fmt: skip

    def job(connection: Connection) -> None:
        if rows:
            connection.execute(_KEEP, rows)

    return job


@dataclass(frozen=True, slots=True)
class SessionSum:
    """Everybody's figures in one session at one bridge point, added up. Milliseconds, but for counts of people."""

    session: str
    bridge_point: str
    learners: int
    scheduled_ms: int
    seen_ms: int
    not_seen_ms: int
    late: int
    early: int
    anybody_ms: int
    """Scheduled time in which at least one learner was seen."""
    recorded_ms: int
    """Scheduled time in which the room was watched."""


_KEPT_SINCE = text(
    "SELECT k.session, k.bridge_point, k.figures FROM settled_point k JOIN session s ON s.id = k.session"
    " WHERE s.start >= :first AND s.start < :after ORDER BY k.session, k.bridge_point"
)


def settled_sums(db: Session, first: int, after: int) -> list[SessionSum]:
    """What is kept of the sessions that began from `first` to before `after` (ms), as it was last settled.

    Whether it still holds is not looked at, which would take a digest of each: figures that have changed since are
    settled anew within the settler's next round, and a trend over months may lag by that. Damaged rows are left out.
    """
    sums = []
    for row in db.execute(_KEPT_SINCE, {"first": first, "after": after}):
        try:
            people, _, recorded_ms = _ROWS.decode(bytes(row.figures))
        except msgspec.MsgspecError:
            continue
        seen: list[tuple[int, int]] = []
        for one in people:
            at = 0
            for value, end in one.stretches:
                if value == 0:
                    seen.append((at, end))
                at = end
        sums.append(
            SessionSum(
                session=row.session,
                bridge_point=row.bridge_point,
                learners=len(people),
                scheduled_ms=sum(one.scheduled_ms for one in people),
                seen_ms=sum(one.seen_ms for one in people),
                not_seen_ms=sum(one.not_seen_ms for one in people),
                late=sum(one.late for one in people),
                early=sum(one.early for one in people),
                anybody_ms=_covered(seen),
                recorded_ms=recorded_ms,
            )
        )
    return sums


def _covered(some: list[tuple[int, int]]) -> int:
    """Milliseconds in at least one of the stretches."""
    covered, reached = 0, 0
    for start, end in sorted(some):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
