"""A session's participation for programs: `GET /api/sessions/ID/participation`."""

from __future__ import annotations

import msgspec

from central_server.participation.headcount import strangers
from central_server.participation.known_by import Cause, CheckedIn, Counted, ProfileState, Value
from central_server.participation.seals import SealState
from central_server.participation.state import Phase, SessionState, Trouble
from models.correction_records import Way, Why
from models.participation import Verdict
from models.records import CheckInMethod, Flag, Vouch


class CheckInFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How a learner was matched first."""

    at: int
    method: CheckInMethod
    witness: str | None
    """Id of who vouched: an account, or the learner named as deputy."""
    flags: tuple[Flag, ...]
    """What was odd at it, or at a later one."""


class VouchedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch for which somebody vouched."""

    start: int
    end: int
    method: Vouch
    witness: str


class BlindFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Why a stretch was not observed: of the room, or of this learner alone."""

    start: int
    end: int
    cause: Cause


class CorrectedFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of which a person said what is so."""

    start: int
    end: int
    added: bool
    """False: taken away."""
    correction: str
    way: Way
    why: Why


class SpotCheckFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A learner was asked to confirm. `method`: None where it was not answered by `at`."""

    asked: int
    at: int
    method: Vouch | None


class HeadFigures(msgspec.Struct, frozen=True, kw_only=True):
    """People in view, at most at once, between two moments."""

    start: int
    end: int
    people: int
    known: int
    unknown: int
    vouched: int
    roster: int


class TwiceFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A learner (name) was recorded at two bridge points (names) in the same minute."""

    learner: str
    points: tuple[str, str]
    first: int
    minutes: int


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
    check_in: CheckInFigures | None
    vouched: list[VouchedFigures]
    """What of the seen time is known by somebody who vouched, and not by the camera."""
    causes: list[BlindFigures]
    """Of the time not observed."""
    corrected: list[CorrectedFigures]
    """What of the seen and not seen time is by a correction."""
    spot_checks: list[SpotCheckFigures]


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
    suspicions: tuple[str, ...]
    """What is suspected of people; empty for those who may not see what was odd at check-ins."""
    seal: SealState
    sealed_at: int | None
    after_seal: int
    """Records made after the seal."""
    clock_known: bool
    """False: some of its times are by the PC's own clock."""
    misfits: int
    """Records that tell of times at which they can't have been made, by the server's receipts."""
    damaged: int
    """Records that can't be read and are left out."""
    profile: ProfileState
    heads: HeadFigures | None
    """The last headcount."""
    strangers_since: int | None
    """Since when there is somebody whom nothing explains."""


class SessionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One session."""

    session: str
    course: str
    """Its title."""
    course_id: str
    title: str
    start: int
    end: int
    as_of: int
    phase: Phase
    expected: int
    seen: int
    not_seen: int
    not_observed: int
    twice: list[TwiceFigures]
    points: list[PointFigures]
    learners: list[LearnerFigures]


def figures_of(state: SessionState) -> SessionFigures:
    """The figures of a session's state."""
    return SessionFigures(
        session=state.facts.id,
        course=state.facts.course_title,
        course_id=state.facts.course,
        title=state.facts.title,
        start=state.facts.start,
        end=state.facts.end,
        as_of=state.now,
        phase=state.phase,
        expected=len(state.learners),
        seen=state.count("seen"),
        not_seen=state.count("not_seen"),
        not_observed=state.count("not_observed"),
        twice=[
            TwiceFigures(learner=one.learner, points=one.points, first=one.first, minutes=one.minutes)
            for one in state.twice
        ],
        points=[
            PointFigures(
                code=point.facts.code,
                name=point.facts.name,
                trouble=point.trouble,
                watching=point.watching,
                expected=len(point.learners),
                seen=point.count("seen"),
                unknown=strangers(point.report.status) if point.report else None,
                waiting=point.report.status.waiting if point.report else None,
                detector=point.report.status.detector if point.report else None,
                encoder=point.report.status.encoder if point.report else None,
                alarms=point.report.status.alarms if point.report else (),
                suspicions=point.report.status.suspicions if point.report else (),
                seal=point.seal.state,
                sealed_at=point.seal.sealed_at,
                after_seal=point.seal.late,
                clock_known=point.clock_known,
                misfits=point.misfits,
                damaged=len(point.damaged),
                profile=point.profile,
                heads=_heads(point.heads) if point.heads else None,
                strangers_since=point.strangers_since,
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
                check_in=_check_in(learner.check_in) if learner.check_in else None,
                vouched=[
                    VouchedFigures(
                        start=piece.start,
                        end=piece.end,
                        method=piece.confirmed.method,
                        witness=piece.confirmed.witness,
                    )
                    for piece in learner.pieces
                    if piece.confirmed is not None
                ],
                causes=[
                    BlindFigures(start=piece.start, end=piece.end, cause=piece.cause)
                    for piece in learner.pieces
                    if piece.cause is not None
                ],
                corrected=[
                    CorrectedFigures(
                        start=piece.start,
                        end=piece.end,
                        added=piece.corrected.added,
                        correction=piece.corrected.correction,
                        way=piece.corrected.way,
                        why=piece.corrected.why,
                    )
                    for piece in learner.pieces
                    if piece.corrected is not None
                ],
                spot_checks=[
                    SpotCheckFigures(asked=one.asked, at=one.at, method=one.method) for one in learner.spot_checks
                ],
            )
            for point in state.points
            for learner in point.learners
        ],
    )


def _check_in(one: CheckedIn) -> CheckInFigures:
    return CheckInFigures(at=one.at, method=one.method, witness=one.witness, flags=one.flags)


def _heads(one: Counted) -> HeadFigures:
    return HeadFigures(
        start=one.start, end=one.end, people=one.people, known=one.known, unknown=one.unknown, vouched=one.vouched,
        roster=one.roster,
    )  # fmt: skip
