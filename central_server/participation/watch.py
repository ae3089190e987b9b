"""A session kept up to date for those who watch it, however many bridge points it has.

Each bridge point's records are read once and come down to a short digest; with the live statuses that makes its row,
and only what is new is computed again. A bridge point's learners are computed where somebody has opened it. What is
not read yet at the first look (ten thousand logs take some seconds) is read a part at a time, and the page says so.
"""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Engine, text
from sqlmodel import Session

from central_server.classroom.keeping import InteractionTold, interaction_in
from central_server.participation.book import FACTS_LIFE_MS, same_where_equal
from central_server.participation.columns import COLUMNS, Axis, with_live
from central_server.participation.condition import Digest, PointRow, digest_of, no_records, point_row, unobserved_of
from central_server.participation.evidence import PointEvidence, no_evidence
from central_server.participation.kept import Asked, Kept, by_nobody
from central_server.participation.live import STALE_MS, LiveBoard, LiveReport
from central_server.participation.queries import (
    LearnerFacts,
    PointFacts,
    SessionFacts,
    names_of,
    new_records,
    records_around,
    session_facts,
)
from central_server.participation.state import Phase, PointState, known_until, phase_of, point_state
from central_server.participation.suspects import Suspects, double_booked, find_twice
from central_server.participation.twice import SeenTwice, by_point
from models.participation import scheduled

READING_S = 0.3
"""So long one look reads records that were not read yet."""
READ_AT_LEAST = 200
"""But so many bridge points at least."""
KEEP_EVIDENCE = 500
"""Of so many bridge points the evidence stays in memory; of the others only the digest."""
NAMES_LIFE_MS = 60_000
"""How old names may be: their change is not told in the server's own log, whose growth is looked at more often."""

_WITH_RECORDS = text(
    "SELECT device.id FROM device JOIN session_bridge_point AS place ON place.bridge_point = device.bridge_point"
    " WHERE place.session = :session"
    " AND EXISTS (SELECT 1 FROM record WHERE record.session = :session AND record.device = device.id)"
)
_ACTS = text("SELECT coalesce(max(seq), 0) FROM own_record")
_LAST_IN_CLASS = text("SELECT max(seq) FROM classroom_act WHERE session = :session")


@dataclass(frozen=True, slots=True, eq=False)
class SessionNow:
    """A session, now, by bridge points."""

    facts: SessionFacts
    plan: str
    """Another word when the bridge points or learners are others."""
    now: int
    phase: Phase
    rows: Mapping[str, PointRow]
    """By id of the bridge point, in the order of the facts."""
    learners: Mapping[str, tuple[LearnerFacts, ...]]
    """By id of the bridge point, by name."""
    expected: int
    seen: int
    not_seen: int
    columns: tuple[tuple[int, ...], tuple[int, ...]]
    """Learners seen, and not seen, in each column of time (participation.columns)."""
    shown: tuple[bool, ...]
    """Which columns have something to show."""
    unread: int
    """Bridge points whose records are still being read."""
    interaction: InteractionTold
    """Of all bridge points; the same object again while nothing was added."""

    @property
    def not_observed(self) -> int:
        """Learners of whom nothing is known."""
        return self.expected - self.seen - self.not_seen


@dataclass(slots=True, eq=False)
class _Point:
    """A bridge point as far as it is known."""

    at: int
    """Its place in the arrays."""
    facts: PointFacts
    learners: tuple[LearnerFacts, ...]
    enrolled: frozenset[str]
    apart: frozenset[str] = frozenset()
    """Learners of whom a status said that nothing can be known: the digest has their columns apart."""
    digest: Digest | None = None
    row: PointRow | None = None
    row_key: object = None
    state: PointState | None = None
    state_key: object = None


@dataclass(slots=True)
class _Kept:
    """A bridge point's evidence, and up to where each of its logs has been read into it."""

    evidence: PointEvidence
    known: dict[tuple[str, str], int]


class SessionWatch:
    """One session. Its methods may be called from several threads."""

    def __init__(self, engine: Engine, live: LiveBoard, session: str, asked: Asked = by_nobody) -> None:
        self._engine = engine
        self._live = live
        self._session = session
        self._asked = asked
        self._lock = threading.Lock()
        self._facts: SessionFacts | None = None
        self._plan = ""
        self._checked_at = self._read_at = 0
        self._acts = -1
        self._growth = 0
        self._points: dict[str, _Point] = {}
        self._devices: dict[str, str] = {}
        self._unread: dict[str, None] = {}
        self._kept: dict[str, _Kept] = {}
        self._booked: frozenset[tuple[str, str]] = frozenset()
        self._elsewhere: dict[str, frozenset[str]] = {}
        """By bridge point, where there is anybody: who was recorded there without sitting there."""
        self._twice: dict[str, tuple[SeenTwice, ...]] = {}
        """By bridge point."""
        self._twice_at: int | None = None
        self._names: dict[str, str] = {}
        self._interaction = InteractionTold()
        self._interaction_key: object = None

    def look(self, now: int, points: frozenset[str] | None = None) -> SessionNow:
        """The session at `now` (server time, ms), as far as it is held at these bridge points (None: all of it).

        Raises NotFoundError.
        """
        self._asked(now)
        with self._lock, Session(self._engine) as db:
            facts = self._read_plan(db, now)
            self._note_growth()
            self._note_unobserved()
            self._read_records(db)
            self._look_for_twice(db, now)
            self._read_interaction(db, facts)
            return self._now(facts, now, points)

    def forget_plan(self) -> None:
        """Look for another plan before the next figures are given: something was just changed."""
        with self._lock:
            self._checked_at = -FACTS_LIFE_MS

    def opened(self, points: Collection[str], now: int) -> dict[str, PointState]:
        """The named bridge points with their learners; those that take no part are left out. Raises NotFoundError."""
        with self._lock, Session(self._engine) as db:
            facts = self._read_plan(db, now)
            reports = self._reports()
            return {
                point: self._state(db, facts, self._points[point], reports.get(point, ()), now)
                for point in points
                if point in self._points
            }

    def _read_plan(self, db: Session, now: int) -> SessionFacts:
        if self._facts is not None and 0 <= now - self._checked_at < FACTS_LIFE_MS:
            return self._facts
        acts = int(db.execute(_ACTS).scalar_one())
        self._checked_at = now
        if self._facts is not None and acts == self._acts and 0 <= now - self._read_at < NAMES_LIFE_MS:
            return self._facts
        facts = session_facts(db, self._session)
        self._booked = double_booked(db, facts.course, [facts.id])[facts.id]
        self._names.clear()
        self._acts, self._read_at = acts, now
        if facts != self._facts:
            self._take_plan(db, facts)
        return facts

    def _take_plan(self, db: Session, facts: SessionFacts) -> None:
        """Keep what still counts; what the new plan may change is read anew."""
        before, points = self._facts, self._points
        here: dict[str, list[LearnerFacts]] = {point.id: [] for point in facts.points}
        for who in facts.learners:
            here[who.bridge_point].append(who)
        same = before is not None and _counts_as(before) == _counts_as(facts)
        self._points, self._devices = {}, {}
        if before is None:
            self._growth, _ = self._live.grown(0)
        told = {device for (device,) in db.execute(_WITH_RECORDS, {"session": self._session})}
        for at, point in enumerate(facts.points):
            learners = tuple(here[point.id])
            one = _Point(at, point, learners, frozenset(who.id for who in learners))
            self._devices.update(dict.fromkeys(point.devices, point.id))
            old = points.get(point.id)
            if same and old and _rests_on(before, old) == _rests_on(facts, one):
                one.digest = old.digest
            else:
                self._kept.pop(point.id, None)
                if told.isdisjoint(point.devices) and one.enrolled.isdisjoint(facts.corrections):
                    one.digest = no_records(PointEvidence(one.enrolled))
                else:
                    self._unread[point.id] = None
            self._points[point.id] = one
        self._unread = {point: None for point in self._unread if point in self._points}
        found = {id_: point.digest.elsewhere for id_, point in self._points.items() if point.digest}
        self._elsewhere = {id_: frozenset(one.learner for one in some) for id_, some in found.items() if some}
        self._facts = facts
        ids = [*(point.id for point in facts.points), *(f"{who.id} {who.bridge_point}" for who in facts.learners)]
        self._plan = hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:12]
        self._axis = Axis.of(facts.start, facts.end, facts.breaks)
        self._schedule = scheduled(facts.start, facts.end, facts.breaks)
        count = len(facts.points)
        self._counts = np.zeros((count, 3), np.int64)  # expected, seen, not seen
        self._columns = np.zeros((count, 2, COLUMNS), np.int16)

    def _note_growth(self) -> None:
        self._growth, devices = self._live.grown(self._growth)
        for device in devices:
            if (point := self._devices.get(device)) is not None:
                self._unread[point] = None

    def _note_unobserved(self) -> None:
        """Whom the columns don't have apart yet, but the live statuses do: their bridge points are digested anew."""
        for id_, reports in self._reports().items():
            point = self._points[id_]
            point.apart |= unobserved_of(point.enrolled, reports).keys()
            if point.digest is not None and not point.apart <= point.digest.apart.keys():
                self._unread[id_] = None

    def _read_records(self, db: Session) -> None:
        deadline, done = time.monotonic() + READING_S, 0
        while self._unread and (done < READ_AT_LEAST or time.monotonic() < deadline):
            self._evidence(db, self._points[next(iter(self._unread))])
            done += 1

    def _evidence(self, db: Session, point: _Point) -> PointEvidence:
        """A bridge point's evidence with all of its records, and its digest with it."""
        kept = self._kept.pop(point.facts.id, None)
        complete = kept is not None and point.facts.id not in self._unread
        facts = self._plan_of(point)
        kept = kept or _Kept(no_evidence(facts, point.facts.id), {})
        evidence = kept.evidence
        if not complete:
            for device in point.facts.devices:
                for one in new_records(db, self._session, device, kept.known):
                    evidence.take(device, one)
                    kept.known[device, one.log] = one.seq
            evidence.learn_missing_clocks(lambda record: records_around(db, record))
            point.digest = digest_of(facts, self._axis, evidence, point.apart)
            point.state_key = None
            if point.digest.elsewhere:
                self._elsewhere[point.facts.id] = frozenset(one.learner for one in point.digest.elsewhere)
            self._learn_names(db, evidence.witnesses)
            self._unread.pop(point.facts.id, None)
        self._kept[point.facts.id] = kept
        if len(self._kept) > KEEP_EVIDENCE:
            del self._kept[next(iter(self._kept))]
        return evidence

    def _look_for_twice(self, db: Session, now: int) -> None:
        """Who is seen at two bridge points at once, where anybody is to be looked at; every few seconds."""
        if self._twice_at is not None and 0 <= now - self._twice_at < FACTS_LIFE_MS:
            return
        self._twice_at = now
        suspects = Suspects(self._elsewhere, self._booked)
        live = self._live.in_several_places(self._session, now)
        self._twice = by_point(find_twice(db, self._session, suspects, live)) if suspects or live else {}

    def _read_interaction(self, db: Session, facts: SessionFacts) -> None:
        """What was done in the classroom, read anew when something was added to its record."""
        key = db.execute(_LAST_IN_CLASS, {"session": self._session}).scalar_one(), facts.end
        if key != self._interaction_key:
            self._interaction, self._interaction_key = interaction_in(db.connection(), self._session, facts.end), key

    def _learn_names(self, db: Session, ids: frozenset[str]) -> None:
        self._names |= names_of(db, ids - self._names.keys())

    def _reports(self) -> dict[str, tuple[LiveReport, ...]]:
        found: dict[str, tuple[LiveReport, ...]] = {}
        for report in self._live.of(self._session):
            point = self._devices.get(report.device)
            if point is not None:
                found[point] = (*found.get(point, ()), report)
        return found

    def _now(self, facts: SessionFacts, now: int, points: frozenset[str] | None) -> SessionNow:
        phase, reports = phase_of(facts, now), self._reports()
        rows: dict[str, PointRow] = {}
        for id_, point in self._points.items():
            some = reports.get(id_, ())
            twice = self._twice.get(id_, ())
            key = (some, tuple(report.fresh(now) for report in some), phase, point.digest, twice)
            if point.row is None or point.row_key != key:
                point.row, point.row_key = self._row(point, some, now, phase), key
            if points is None or id_ in points:
                rows[id_] = point.row
        here = slice(None) if points is None else [self._points[id_].at for id_ in rows]
        expected, seen, not_seen = (int(one) for one in self._counts[here].sum(axis=0))
        columns = self._columns[here].sum(axis=0, dtype=np.int64)
        until = min(now, *(_heard_to(some, now) for some in reports.values())) if reports else now
        shown = self._axis.taught & (np.array(self._axis.at) < until)
        return SessionNow(
            facts=facts,
            plan=self._plan,
            now=now,
            phase=phase,
            rows=rows,
            learners={id_: self._points[id_].learners for id_ in rows},
            expected=expected,
            seen=seen,
            not_seen=not_seen,
            columns=(tuple(columns[0].tolist()), tuple(columns[1].tolist())),
            shown=tuple(shown.tolist()),
            unread=len(self._unread if points is None else points & self._unread.keys()),
            interaction=self._interaction,
        )

    def _row(self, point: _Point, reports: tuple[LiveReport, ...], now: int, phase: Phase) -> PointRow:
        """The row, which is the same object as before where it looks the same; the arrays are brought up to date."""
        twice = self._twice.get(point.facts.id, ())
        row = point_row(
            point.facts, point.enrolled, self._schedule, point.digest, reports, now, phase, twice, self._names
        )
        self._counts[point.at] = row.expected, row.seen, row.not_seen
        if point.digest is not None:
            unobserved = unobserved_of(point.enrolled, reports)
            columns = with_live(self._axis, point.digest.columns, reports, point.enrolled, unobserved)
            self._columns[point.at, 0], self._columns[point.at, 1] = columns.counts(row.expected)
        return point.row if row == point.row and point.row else row

    def _state(
        self, db: Session, facts: SessionFacts, point: _Point, reports: tuple[LiveReport, ...], now: int
    ) -> PointState:
        evidence = self._evidence(db, point)
        fresh = tuple(report.fresh(now) for report in reports)
        twice = self._twice.get(point.facts.id, ())
        key = (reports, fresh, known_until(facts, reports, now), phase_of(facts, now), twice)
        if point.state is not None and point.state_key == key:
            return point.state
        self._learn_names(db, evidence.witnesses)
        state = point_state(self._plan_of(point), point.facts, evidence, reports, now, self._names, twice)
        if point.state is not None and len(point.state.learners) == len(state.learners):
            state = replace(state, learners=same_where_equal(point.state.learners, state.learners))
        point.state, point.state_key = state, key
        return state

    def _plan_of(self, point: _Point) -> SessionFacts:
        """The session as it concerns one bridge point."""
        assert self._facts is not None  # noqa: S101 - the plan is read first
        return replace(self._facts, points=(point.facts,), learners=point.learners)


def _counts_as(facts: SessionFacts) -> object:
    """What every bridge point's digest depends on."""
    return facts.start, facts.end, facts.breaks, facts.rule


def _rests_on(facts: SessionFacts | None, point: _Point) -> object:
    """What a bridge point's own digest depends on besides."""
    said = {who: some for who, some in facts.corrections.items() if who in point.enrolled} if facts else {}
    return point.enrolled, point.facts.devices, said


def _heard_to(reports: tuple[LiveReport, ...], now: int) -> int:
    """Up to when a bridge point's live status tells, where that is a moment ago."""
    heard = [one.status.watching_to for one in reports if one.fresh(now) and one.status.watching_to is not None]
    return max(min(heard, default=now), now - STALE_MS)


class Watches:
    """The sessions that somebody looked at last."""

    def __init__(self, engine: Engine, live: LiveBoard, most: int = 32) -> None:
        self._kept = Kept(functools.partial(SessionWatch, engine, live), most)

    def of(self, session: str) -> SessionWatch:
        """The watch of a session (which may not exist: its methods say so)."""
        return self._kept.of(session)
