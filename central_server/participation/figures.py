"""A session's participation for programs: `GET /api/sessions/ID/participation`."""

from __future__ import annotations

import msgspec

from central_server.participation.known_by import Value
from central_server.participation.seals import SealState
from central_server.participation.state import Phase, SessionState, Trouble
from models.participation import Verdict


class LearnerFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One learner. Times are ms since 1970 UTC; seen + not seen + not observed = scheduled (so far)."""

    id: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    bridge_point: str
    """The bridge point's code."""
    value: Value
    """Now; once the session is over, what holds of it as a whole."""
    since: int | None
    scheduled_ms: int
    seen_ms: int
    not_seen_ms: int
    not_observed_ms: int
    share: float | None
    verdict: Verdict
    """Of what has passed so far."""
    seen: list[tuple[int, int]]
    not_seen: list[tuple[int, int]]
    not_observed: list[tuple[int, int]]
    first_seen: int | None
    last_seen: int | None


class PointFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One bridge point."""

    code: str
    name: str
    trouble: Trouble
    watching: bool
    expected: int
    seen: int
    unknown: int | None
    waiting: int | None
    detector: str | None
    encoder: str | None
    alarms: tuple[str, ...]
    seal: SealState
    sealed_at: int | None
    after_seal: int
    """Records made after the seal."""
    clock_known: bool
    """False: some of its times are by the PC's own clock."""
    misfits: int
    """Records that tell of times at which they can't have been made, by the server's receipts."""


class SessionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One session."""

    session: str
    course: str
    title: str
    start: int
    end: int
    as_of: int
    phase: Phase
    expected: int
    seen: int
    not_seen: int
    not_observed: int
    points: list[PointFigures]
    learners: list[LearnerFigures]


def figures_of(state: SessionState) -> SessionFigures:
    """The figures of a session's state."""
    return SessionFigures(
        session=state.facts.id,
        course=state.facts.course_title,
        title=state.facts.title,
        start=state.facts.start,
        end=state.facts.end,
        as_of=state.now,
        phase=state.phase,
        expected=len(state.learners),
        seen=state.count("seen"),
        not_seen=state.count("not_seen"),
        not_observed=state.count("not_observed"),
        points=[
            PointFigures(
                code=point.facts.code,
                name=point.facts.name,
                trouble=point.trouble,
                watching=point.watching,
                expected=len(point.learners),
                seen=point.count("seen"),
                unknown=point.report.status.unknown if point.report else None,
                waiting=point.report.status.waiting if point.report else None,
                detector=point.report.status.detector if point.report else None,
                encoder=point.report.status.encoder if point.report else None,
                alarms=point.report.status.alarms if point.report else (),
                seal=point.seal.state,
                sealed_at=point.seal.sealed_at,
                after_seal=point.seal.late,
                clock_known=point.clock_known,
                misfits=point.misfits,
            )
            for point in state.points
        ],
        learners=[
            LearnerFigures(
                id=learner.facts.id,
                code=learner.facts.code,
                name=learner.facts.name,
                unit=learner.facts.unit,
                birth_year=learner.facts.birth_year,
                bridge_point=point.facts.code,
                value=learner.value,
                since=learner.since,
                scheduled_ms=learner.participation.scheduled_ms,
                seen_ms=learner.participation.seen_ms,
                not_seen_ms=learner.participation.not_seen_ms,
                not_observed_ms=learner.participation.not_observed_ms,
                share=learner.participation.share,
                verdict=learner.participation.verdict,
                seen=learner.participation.seen.tolist(),
                not_seen=learner.participation.not_seen.tolist(),
                not_observed=learner.participation.not_observed.tolist(),
                first_seen=learner.first_seen,
                last_seen=learner.last_seen,
            )
            for point in state.points
            for learner in point.learners
        ],
    )
