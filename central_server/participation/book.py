"""One session kept up to date: reads each record once and computes anew only the bridge points that changed."""

from __future__ import annotations

import functools
import threading
from dataclasses import replace

from sqlalchemy import Engine
from sqlmodel import Session

from central_server.participation.evidence import PointEvidence, no_evidence
from central_server.participation.kept import Asked, Kept, by_nobody
from central_server.participation.live import LiveBoard, LiveReport
from central_server.participation.queries import (
    PointFacts,
    SessionFacts,
    names_of,
    new_records,
    records_around,
    session_facts,
)
from central_server.participation.state import (
    LearnerState,
    PointState,
    SessionState,
    known_until,
    phase_of,
    point_state,
)
from central_server.participation.suspects import Suspects, double_booked, find_twice
from central_server.participation.twice import SeenTwice, by_point
from models.participation import Rule, Totals, scheduled

FACTS_LIFE_MS = 5_000
"""How long the plan is used without reading it again: enrolment may change while a class runs."""


class SessionBook:
    """All that is known of one session. `state` may be called from several threads."""

    def __init__(self, engine: Engine, live: LiveBoard, session: str, asked: Asked = by_nobody) -> None:
        self._engine = engine
        self._live = live
        self._session = session
        self._asked = asked
        self._lock = threading.Lock()
        self._facts: SessionFacts | None = None
        self._facts_at = 0
        self._known: dict[tuple[str, str], int] = {}
        self._evidence: dict[str, PointEvidence] = {}
        self._read: dict[str, set[str]] = {}
        """By bridge point: the devices whose records are in its evidence."""
        self._points: dict[str, tuple[object, PointState]] = {}
        self._booked: frozenset[tuple[str, str]] = frozenset()

    def state(self, now: int) -> SessionState:
        """The session at `now` (server time, ms). Raises NotFoundError."""
        self._asked(now)
        with self._lock, Session(self._engine) as db:
            facts = self._read_facts(db, now)
            changed = {point.id for point in facts.points if self._read_records(db, point)}
            live = self._live.of(self._session)
            twice = by_point(self._look_for_twice(db, now))
            points = tuple(
                self._point(db, facts, point, live, now, point.id in changed, twice.get(point.id, ()))
                for point in facts.points
            )
            return SessionState(facts, now, phase_of(facts, now), points)

    def forget_plan(self) -> None:
        """Read the plan, and what people say, anew before the next figures are given: something was just changed."""
        with self._lock:
            self._facts_at = -FACTS_LIFE_MS

    def totals(self, now: int, rule: Rule | None = None) -> dict[str, Totals]:
        """Everybody's figures at `now` by learner, under another rule than the course's where one is given.

        The records are those that the book holds; nothing of the session changes. Raises NotFoundError.
        """
        self._asked(now)
        with self._lock, Session(self._engine) as db:
            facts = self._read_facts(db, now)
            for point in facts.points:
                self._read_records(db, point)
            live = self._live.of(self._session)
            found: dict[str, Totals] = {}
            for point in facts.points:
                reports = [report for report in live if report.device in point.devices]
                known = self._evidence[point.id].with_live(reports).totals
                if rule is not None:
                    known.replan(scheduled(facts.start, facts.end, facts.breaks), rule)
                until = known_until(facts, reports, now)
                found |= {who.id: known.totals(who.id, until) for who in facts.learners if who.bridge_point == point.id}
            return found

    def _read_facts(self, db: Session, now: int) -> SessionFacts:
        if self._facts is None or not 0 <= now - self._facts_at < FACTS_LIFE_MS:
            facts = session_facts(db, self._session)
            self._booked = double_booked(db, facts.course, [facts.id])[facts.id]
            if facts != self._facts:
                self._change_facts(facts)
            self._facts_at = now
        assert self._facts is not None  # noqa: S101 - set above
        return self._facts

    def _change_facts(self, facts: SessionFacts) -> None:
        """Another plan, rule or enrolment. Only a bridge point whose learners or devices are others is read again."""
        evidence, kept = {}, set[str]()
        for point in facts.points:
            new, known = no_evidence(facts, point.id), self._evidence.get(point.id)
            if known is not None and known.learners == new.learners and self._read[point.id] <= set(point.devices):
                known.totals.replan(scheduled(facts.start, facts.end, facts.breaks), facts.rule)
                known.correct(facts.corrections)
                new = known
                kept |= self._read[point.id]
            evidence[point.id] = new
        self._evidence = evidence
        self._known = {(device, log): seq for (device, log), seq in self._known.items() if device in kept}
        self._read = {point.id: set(point.devices) for point in facts.points}
        self._points.clear()
        self._facts = facts

    def _read_records(self, db: Session, point: PointFacts) -> bool:
        """Take in what is new of a bridge point's devices; whether there was anything."""
        evidence = self._evidence[point.id]
        found = False
        for device in point.devices:
            for one in new_records(db, self._session, device, self._known):
                evidence.take(device, one)
                self._known[device, one.log] = one.seq
                found = True
        return evidence.learn_missing_clocks(lambda record: records_around(db, record)) or found

    def _look_for_twice(self, db: Session, now: int) -> tuple[SeenTwice, ...]:
        elsewhere = {
            id_: frozenset(one.learner for one in known.elsewhere)
            for id_, known in self._evidence.items()
            if known.elsewhere
        }
        suspects, live = Suspects(elsewhere, self._booked), self._live.in_several_places(self._session, now)
        return find_twice(db, self._session, suspects, live) if suspects or live else ()

    def _point(
        self,
        db: Session,
        facts: SessionFacts,
        point: PointFacts,
        live: list[LiveReport],
        now: int,
        new: bool,
        twice: tuple[SeenTwice, ...],
    ) -> PointState:
        reports = [report for report in live if report.device in point.devices]
        fresh = tuple(report.fresh(now) for report in reports)
        key = (tuple(reports), fresh, known_until(facts, reports, now), phase_of(facts, now), twice)
        before_key, before = self._points.get(point.id, (None, None))
        if before is not None and before_key == key and not new:
            return before
        evidence = self._evidence[point.id]
        names = names_of(db, evidence.witnesses)
        state = point_state(facts, point, evidence, reports, now, names, twice)
        if before is not None:
            state = replace(state, learners=same_where_equal(before.learners, state.learners))
        self._points[point.id] = (key, state)
        return state


def same_where_equal(before: tuple[LearnerState, ...], after: tuple[LearnerState, ...]) -> tuple[LearnerState, ...]:
    """`after`, with the objects of `before` where what a page shows of them is the same."""
    return tuple(old if _shown(old) == _shown(new) else new for old, new in zip(before, after, strict=True))


def _shown(state: LearnerState) -> object:
    part = state.participation
    known = (state.pieces, state.check_in, state.spot_checks, state.names)
    return (state.facts, state.value, state.since, known, part.scheduled_ms, state.phase)


class Books:
    """The books of the sessions that were asked for last."""

    def __init__(self, engine: Engine, live: LiveBoard, most: int = 64) -> None:
        self._live = live
        self._kept = Kept(functools.partial(SessionBook, engine, live), most)

    def told_of(self, session: str) -> bool:
        """Whether a live status speaks of the session, so that more may be known than its records say."""
        return bool(self._live.of(session))

    def of(self, session: str) -> SessionBook:
        """The book of a session (which may not exist: its `state` says so)."""
        return self._kept.of(session)
