"""One session as it stands now: each learner's participation with its evidence, each bridge point's condition. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from central_server.participation.evidence import PointEvidence
from central_server.participation.headcount import (
    counted_now,
    last_count,
    profile_of,
    strangers,
    strangers_since,
    times_doubted,
)
from central_server.participation.known_by import (
    Cause,
    CheckedIn,
    Counted,
    OnWatch,
    ProfileState,
    SpotChecked,
    Value,
    Watched,
)
from central_server.participation.live import LiveReport, unobserved_now
from central_server.participation.pieces import Known, Piece, cause_at, pieces_of
from central_server.participation.queries import Damaged, LearnerFacts, PointFacts, SessionFacts
from central_server.participation.seals import SealFacts
from central_server.participation.twice import SeenTwice
from models.islands import PointTotals
from models.participation import Participation
from models.presence import GAP_MS
from models.spans import Spans, intersect, spans, total

Trouble = Literal["good", "attention", "failure"]
Phase = Literal["before", "running", "over"]

UNTIL_STEP_MS = 5_000
"""While nothing is heard, not-observed time grows in steps of this, which spares computing."""
BACKLOG = 100
"""More records waiting than this are worth a class manager's attention."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnerState:
    """A learner in a session, now. The same object again means that nothing has changed."""

    facts: LearnerFacts
    value: Value
    """Now; once the session is over, what holds of it as a whole."""
    since: int | None
    participation: Participation
    pieces: tuple[Piece, ...]
    check_in: CheckedIn | None
    first_seen: int | None
    last_seen: int | None
    phase: Phase
    spot_checks: tuple[SpotChecked, ...] = ()
    """In order of time."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of those who vouched, by id."""


@dataclass(frozen=True, slots=True, eq=False)
class PointState:
    """A bridge point in a session, now."""

    facts: PointFacts
    learners: tuple[LearnerState, ...]
    report: LiveReport | None
    """The newest live status, which may be stale."""
    fresh: bool
    """The status speaks of the present."""
    watching: bool
    watched_until: int | None
    cause: Cause | None
    """Why the room is not watched now."""
    trouble: Trouble
    phase: Phase
    seal: SealFacts
    clock_known: bool
    """False: some of its times are only by the own clock of the bridge point's PC."""
    misfits: int
    """Records that tell of times at which they can't have been made (models.brackets)."""
    profile: ProfileState
    heads: Counted | None
    """The last headcount: of the live status while news comes, else of the records."""
    strangers_since: int | None
    """Since when there has been somebody whom nothing explains, by the records; None: there is nobody."""
    duty: tuple[OnWatch, ...]
    """Who was on duty, in order of time."""
    names: Mapping[str, str]
    """Of those on duty, by id."""
    damaged: tuple[Damaged, ...] = ()
    """Its records that can't be read."""
    twice: tuple[SeenTwice, ...] = ()
    """Learners who were recorded here and at another bridge point in the same minute."""

    def count(self, value: Value) -> int:
        """Learners with that value."""
        return sum(learner.value == value for learner in self.learners)


@dataclass(frozen=True, slots=True, eq=False)
class SessionState:
    """A session, now."""

    facts: SessionFacts
    now: int
    phase: Phase
    points: tuple[PointState, ...]

    @property
    def twice(self) -> tuple[SeenTwice, ...]:
        """Learners who were recorded at two bridge points in the same minute."""
        return tuple(dict.fromkeys(one for point in self.points for one in point.twice))

    def count(self, value: Value) -> int:
        """Learners with that value."""
        return sum(point.count(value) for point in self.points)

    @property
    def learners(self) -> tuple[LearnerState, ...]:
        """All learners, by name within their bridge points."""
        return tuple(learner for point in self.points for learner in point.learners)


def part_of(state: SessionState, points: frozenset[str] | None, flags: frozenset[str] | None) -> SessionState:
    """The session as somebody sees it who may see these bridge points (ids) only, and at `flags` only what was odd at
    check-ins and is suspected; None: all of it."""
    seen = [point for point in state.points if points is None or point.facts.id in points]
    return replace(
        state,
        points=tuple(
            point
            if flags is None or point.facts.id in flags
            else replace(
                point,
                learners=tuple(without_flags(learner) for learner in point.learners),
                report=without_suspicions(point.report),
            )
            for point in seen
        ),
    )


def without_flags(learner: LearnerState) -> LearnerState:
    """The learner as somebody sees it whom it is not for to know what was odd at the check-in."""
    one = learner.check_in
    return replace(learner, check_in=replace(one, flags=())) if one is not None and one.flags else learner


def without_suspicions(report: LiveReport | None) -> LiveReport | None:
    """The live status likewise."""
    if report is None or not report.status.suspicions:
        return report
    return replace(report, status=msgspec.structs.replace(report.status, suspicions=()))


def phase_of(session: SessionFacts, now: int) -> Phase:
    """Whether the session is still to come, running or over."""
    return "before" if now < session.start else "running" if now < session.end else "over"


def known_until(session: SessionFacts, reports: Sequence[LiveReport], now: int) -> int:
    """Up to when a bridge point's time is counted (ms): to its last live frame while news comes, to `now` without.

    UNTIL_STEP_MS after the end all of the session counts: the last status tells nothing of its last moments.
    """
    if now >= session.end + UNTIL_STEP_MS:
        return session.end
    heard = [r.status.watching_to for r in reports if r.fresh(now) and r.status.watching_to is not None]
    until = min(max(heard), now) if heard else now - now % UNTIL_STEP_MS
    return min(max(until, session.start), session.end)


def point_state(
    session: SessionFacts,
    point: PointFacts,
    evidence: PointEvidence,
    reports: Sequence[LiveReport],
    now: int,
    names: Mapping[str, str] | None = None,
    twice: tuple[SeenTwice, ...] = (),
) -> PointState:
    """A bridge point now. evidence: of its records alone; reports: its devices' live statuses for this session; names:
    of the evidence's witnesses, by id; twice: those of its learners who were seen elsewhere at the same time.
    """  # fmt: skip
    names = names or {}
    phase = phase_of(session, now)
    known = evidence.with_live(reports)
    watched = sorted(known.watched, key=lambda one: (one.end, one.start))
    coverage = known.totals.coverage
    report = max(reports, key=lambda one: one.status.at, default=None)
    fresh = report is not None and report.fresh(now)
    watching = any(r.fresh(now) and r.status.watching_from is not None for r in reports)
    here_now = {
        one.learner
        for r in reports
        if r.fresh(now) and r.status.watching_to is not None
        for one in r.status.present
        if one.last >= r.status.watching_to - GAP_MS
    }
    vouched_now = {who for r in reports if r.fresh(now) for who in r.status.vouched}
    hidden_now = {who for r in reports if r.fresh(now) for who in unobserved_now(r)}
    cause: Cause | None = None
    if not watching:
        cause = cause_at(watched, now, bool(reports) and not fresh)
        if cause == "cut" and not fresh:
            cause = "no_news"  # whoever speaks sends the next record soon; nobody has spoken since this server runs
    until = known_until(session, reports, now)
    live_now = _Now(watching, here_now, vouched_now, hidden_now)
    learners = tuple(
        _learner_state(session, who, known, watched, until, live_now, cause, phase, names)
        for who in session.learners
        if who.bridge_point == point.id
    )
    trouble: Trouble = "good"
    if phase == "running" and not watching:
        trouble = "failure"
    elif point.forks or twice:
        trouble = "attention"
    elif phase != "over" and report is not None:
        status = report.status
        if not fresh or status.alarms or strangers(status) or status.waiting > BACKLOG:
            trouble = "attention"
    seal = evidence.seals.facts(evidence.clocks.server_time)
    clock_known = not any(evidence.without_clock())
    doubted = times_doubted(known)
    profile = profile_of(known)
    if trouble == "good" and (
        seal.state == "differs"
        or seal.late
        or not clock_known
        or doubted
        or known.misfits
        or known.damaged
        or profile != "good"
    ):
        trouble = "attention"
    heads = counted_now(report, len(known.learners)) if report is not None and fresh else None
    watched_until = int(coverage[-1, 1]) if len(coverage) else None
    return PointState(
        point, learners, report, fresh, watching, watched_until, cause, trouble, phase, seal, clock_known,
        len(known.misfits), profile, heads or last_count(known), strangers_since(known),
        tuple(sorted(known.duty, key=lambda one: one.at)), names, tuple(known.damaged), twice,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Now:
    """What the live statuses say of a room now."""

    watching: bool
    here: Collection[str]
    """Ids of those whom the camera sees."""
    vouched: Collection[str]
    """Ids of those who were checked in without it."""
    hidden: Collection[str]
    """Ids of those of whom nothing can be known."""


def _learner_state(
    session: SessionFacts,
    who: LearnerFacts,
    evidence: PointEvidence,
    watched: Sequence[Watched],
    until: int,
    live: _Now,
    cause: Cause | None,
    phase: Phase,
    names: Mapping[str, str],
) -> LearnerState:
    known = Known.of(evidence, who.id)
    check_in = evidence.check_ins.get(who.id)
    part = evidence.totals.of(who.id, until)
    value, since = _now(part, evidence.totals, who.id, live, phase, check_in)
    pieces = pieces_of(part, known, watched, cause)
    first, last = known.bounds(check_in, session.start, session.end)
    if known.corrections:  # then what counts is said by whoever corrected, too
        seen = part.seen
        first, last = (int(seen[0, 0]), int(seen[-1, 1])) if len(seen) else (None, None)
    return LearnerState(who, value, since, part, pieces, check_in, first, last, phase, known.spot_checks, names)


def _now(
    part: Participation, totals: PointTotals, who: str, live: _Now, phase: Phase, check_in: CheckedIn | None
) -> tuple[Value, int | None]:
    if phase == "over":
        if part.seen_ms:
            return "seen", None
        return ("not_seen" if part.not_seen_ms > part.not_observed_ms else "not_observed"), None
    if who in live.vouched:
        return "seen", _since(totals.known(who), totals.coverage_of(who)) or (check_in.at if check_in else None)
    if not live.watching:
        coverage = totals.coverage
        return "not_observed", int(coverage[-1, 1]) if len(coverage) else None
    islands = totals.known(who)
    if who in live.here:
        return "seen", _since(islands, totals.coverage_of(who))
    return "not_observed" if who in live.hidden else "not_seen", int(islands[-1, 1]) if len(islands) else None


def _since(islands: Spans, coverage: Spans) -> int | None:
    """Since when the learner has been there without a known absence: a dark minute is none."""
    if not len(islands):
        return None
    first = len(islands) - 1
    while first and not total(intersect(spans([(islands[first - 1, 1], islands[first, 0])]), coverage)):
        first -= 1
    return int(islands[first, 0])
