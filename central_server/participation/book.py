"""One session kept up to date: reads each record once and computes anew only the bridge points that changed."""

from __future__ import annotations

import threading
from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from central_server.participation.evidence import PointEvidence
from central_server.participation.live import LiveBoard, LiveReport
from central_server.participation.queries import PointFacts, SessionFacts, new_records, records_around, session_facts
from central_server.participation.state import (
    LearnerState,
    PointState,
    SessionState,
    known_until,
    phase_of,
    point_state,
)

FACTS_LIFE_MS = 5_000
"""How long the plan is used without reading it again: enrolment may change while a class runs."""


class SessionBook:
    """All that is known of one session. `state` may be called from several threads."""

    def __init__(self, engine: Engine, live: LiveBoard, session: str) -> None:
        self._engine = engine
        self._live = live
        self._session = session
        self._lock = threading.Lock()
        self._facts: SessionFacts | None = None
        self._facts_at = 0
        self._known: dict[tuple[str, str], int] = {}
        self._evidence: dict[str, PointEvidence] = {}
        self._points: dict[str, tuple[object, PointState]] = {}

    def state(self, now: int) -> SessionState:
        """The session at `now` (server time, ms). Raises NotFoundError."""
        with self._lock, Session(self._engine) as db:
            facts = self._read_facts(db, now)
            changed = {point.id for point in facts.points if self._read_records(db, facts, point)}
            live = self._live.of(self._session)
            points = tuple(self._point(facts, point, live, now, point.id in changed) for point in facts.points)
            return SessionState(facts, now, phase_of(facts, now), points)

    def _read_facts(self, db: Session, now: int) -> SessionFacts:
        if self._facts is None or not 0 <= now - self._facts_at < FACTS_LIFE_MS:
            facts = session_facts(db, self._session)
            if facts != self._facts:  # what counts may have changed: read all records again
                self._facts = facts
                self._known.clear()
                self._evidence.clear()
                self._points.clear()
            self._facts_at = now
        assert self._facts is not None  # noqa: S101 - set above
        return self._facts

    def _read_records(self, db: Session, facts: SessionFacts, point: PointFacts) -> bool:
        """Take in what is new of a bridge point's devices; whether there was anything."""
        evidence = self._evidence.get(point.id)
        if evidence is None:
            here = frozenset(who.id for who in facts.learners if who.bridge_point == point.id)
            evidence = self._evidence[point.id] = PointEvidence(here)
        found = False
        for device in point.devices:
            for log, record in new_records(db, self._session, device, self._known):
                evidence.add(record)
                self._known[device, log] = record.seq
                found = True
        return self._read_clocks(db, evidence) or found

    def _read_clocks(self, db: Session, evidence: PointEvidence) -> bool:
        """Look for the clocks that no record of this session knows in the records around them; whether one was found.

        The last record of a start is the nearest to one made when the device had reached the server.
        """
        missing = {(record.device, record.boot_id): record for record in evidence.without_clock()}
        for record in missing.values():
            for other in records_around(db, record):
                evidence.learn_clock(other)
        return any(key in evidence.clocks for key in missing)

    def _point(self, facts: SessionFacts, point: PointFacts, live: list[LiveReport], now: int, new: bool) -> PointState:
        reports = [report for report in live if report.device in point.devices]
        fresh = tuple(report.fresh(now) for report in reports)
        key = (tuple(reports), fresh, known_until(facts, reports, now), phase_of(facts, now))
        before_key, before = self._points.get(point.id, (None, None))
        if before is not None and before_key == key and not new:
            return before
        state = point_state(facts, point, self._evidence[point.id], reports, now)
        if before is not None:
            state = replace(state, learners=same_where_equal(before.learners, state.learners))
        self._points[point.id] = (key, state)
        return state


def same_where_equal(before: tuple[LearnerState, ...], after: tuple[LearnerState, ...]) -> tuple[LearnerState, ...]:
    """`after`, with the objects of `before` where what a page shows of them is the same."""
    return tuple(old if _shown(old) == _shown(new) else new for old, new in zip(before, after, strict=True))


def _shown(state: LearnerState) -> object:
    part = state.participation
    return (state.facts, state.value, state.since, state.pieces, state.check_in, part.scheduled_ms, state.phase)


class Books:
    """The books of the sessions that were asked for last."""

    def __init__(self, engine: Engine, live: LiveBoard, most: int = 64) -> None:
        self._engine = engine
        self._live = live
        self._most = most
        self._lock = threading.Lock()
        self._books: dict[str, SessionBook] = {}

    def of(self, session: str) -> SessionBook:
        """The book of a session (which may not exist: its `state` says so)."""
        with self._lock:
            book = self._books.pop(session, None) or SessionBook(self._engine, self._live, session)
            self._books[session] = book
            if len(self._books) > self._most:
                del self._books[next(iter(self._books))]
            return book
