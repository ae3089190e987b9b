"""One session as it stands now: each learner's participation with its evidence, each bridge point's condition. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from central_server.participation.evidence import CheckedIn, PointEvidence, Seen, Watched, doubtful
from central_server.participation.live import LiveReport
from central_server.participation.queries import LearnerFacts, PointFacts, SessionFacts
from central_server.participation.seals import SealFacts
from models.islands import PointTotals
from models.participation import Participation
from models.presence import GAP_MS
from models.records import CoverageEnd
from models.spans import Spans, intersect, spans, total

Value = Literal["seen", "not_seen", "not_observed"]
"""The three values of presence."""
Cause = CoverageEnd | Literal["no_news", "not_started"]
"""Why nothing was observed: how the coverage before ended, no news from the agent, or the camera not yet on."""
Trouble = Literal["good", "attention", "failure"]
Phase = Literal["before", "running", "over"]

UNTIL_STEP_MS = 5_000
"""While nothing is heard, not-observed time grows in steps of this, which spares computing."""
BACKLOG = 100
"""More records waiting than this are worth a class manager's attention."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a learner's bar: one value of presence from start to end (server time, ms), and how it is known."""

    value: Value
    start: int
    end: int
    seen: tuple[Seen, ...] = ()
    """For `seen`: the intervals in it."""
    cause: Cause | None = None
    """For `not_observed`."""


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

    def count(self, value: Value) -> int:
        """Learners with that value."""
        return sum(point.count(value) for point in self.points)

    @property
    def learners(self) -> tuple[LearnerState, ...]:
        """All learners, by name within their bridge points."""
        return tuple(learner for point in self.points for learner in point.learners)


def part_of(state: SessionState, points: frozenset[str] | None) -> SessionState:
    """The session as somebody sees it who may see these bridge points (ids) only; None: all of it."""
    if points is None:
        return state
    return replace(state, points=tuple(point for point in state.points if point.facts.id in points))


def phase_of(session: SessionFacts, now: int) -> Phase:
    """Whether the session is still to come, running or over."""
    return "before" if now < session.start else "running" if now < session.end else "over"


def known_until(session: SessionFacts, reports: Sequence[LiveReport], now: int) -> int:
    """Up to when a bridge point's time is counted (ms): to its last live frame while news comes, to `now` without."""
    heard = [r.status.watching_to for r in reports if r.fresh(now) and r.status.watching_to is not None]
    until = min(max(heard), now) if heard else now - now % UNTIL_STEP_MS
    return min(max(until, session.start), session.end)


def point_state(
    session: SessionFacts,
    point: PointFacts,
    evidence: PointEvidence,
    reports: Sequence[LiveReport],
    now: int,
) -> PointState:
    """A bridge point now. evidence: of its records alone; reports: its devices' live statuses for this session."""
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
    cause: Cause | None = None
    if not watching:
        cause = _cause(watched, now, bool(reports) and not fresh)
        if cause == "cut" and not fresh:
            cause = "no_news"  # whoever speaks sends the next record soon; nobody has spoken since this server runs
    until = known_until(session, reports, now)
    learners = tuple(
        _learner_state(session, who, known, watched, until, watching, who.id in here_now, cause, phase)
        for who in session.learners
        if who.bridge_point == point.id
    )
    trouble: Trouble = "good"
    if phase == "running" and not watching:
        trouble = "failure"
    elif point.forks:
        trouble = "attention"
    elif phase != "over" and report is not None:
        status = report.status
        if not fresh or status.alarms or status.unknown or status.waiting > BACKLOG:
            trouble = "attention"
    seal = evidence.seals.facts(evidence.clocks.server_time)
    clock_known = not any(evidence.without_clock())
    doubted = any(doubtful(one.clock) for some in known.seen.values() for one in some)
    if trouble == "good" and (seal.state == "differs" or seal.late or not clock_known or doubted or known.misfits):
        trouble = "attention"
    watched_until = int(coverage[-1, 1]) if len(coverage) else None
    return PointState(
        point, learners, report, fresh, watching, watched_until, cause, trouble, phase, seal, clock_known,
        len(known.misfits),
    )  # fmt: skip


def _learner_state(
    session: SessionFacts,
    who: LearnerFacts,
    evidence: PointEvidence,
    watched: Sequence[Watched],
    until: int,
    watching: bool,
    here: bool,
    cause: Cause | None,
    phase: Phase,
) -> LearnerState:
    seen = sorted(evidence.seen.get(who.id, ()), key=lambda one: (one.start, one.end))
    check_in = evidence.check_ins.get(who.id)
    part = evidence.totals.of(who.id, until)
    value, since = _now(part, evidence.totals, who.id, watching, here, phase)
    pieces = _pieces(part, seen, watched, cause)
    within = [one for one in seen if one.end > session.start and one.start < session.end]
    first = min((one.start for one in within), default=None)
    last = max((one.end for one in within), default=None)
    return LearnerState(who, value, since, part, pieces, check_in, first, last, phase)


def _now(
    part: Participation, totals: PointTotals, who: str, watching: bool, here: bool, phase: Phase
) -> tuple[Value, int | None]:
    if phase == "over":
        if part.seen_ms:
            return "seen", None
        return ("not_seen" if part.not_seen_ms > part.not_observed_ms else "not_observed"), None
    coverage = totals.coverage
    if not watching:
        return "not_observed", int(coverage[-1, 1]) if len(coverage) else None
    islands = totals.known(who)
    if here:
        return "seen", _since(islands, coverage)
    return "not_seen", int(islands[-1, 1]) if len(islands) else None


def _since(islands: Spans, coverage: Spans) -> int | None:
    """Since when the learner has been there without a known absence: a dark minute is none."""
    if not len(islands):
        return None
    first = len(islands) - 1
    while first and not total(intersect(spans([(islands[first - 1, 1], islands[first, 0])]), coverage)):
        first -= 1
    return int(islands[first, 0])


def _pieces(
    part: Participation, seen: Sequence[Seen], watched: Sequence[Watched], cause: Cause | None
) -> tuple[Piece, ...]:
    pieces = [Piece("not_seen", int(start), int(end)) for start, end in part.not_seen]
    for start, end in part.seen:
        inside = tuple(one for one in seen if one.start < end and one.end > start)
        pieces.append(Piece("seen", int(start), int(end), seen=inside))
    last = max((one.end for one in watched), default=0)
    for start, end in part.not_observed:
        why = cause if start >= last and cause else _cause(watched, int(start), no_news=False)
        pieces.append(Piece("not_observed", int(start), int(end), cause=why))
    return tuple(sorted(pieces, key=lambda piece: piece.start))


def _cause(watched: Sequence[Watched], at: int, no_news: bool) -> Cause:
    """Why the room is not watched from `at` on: the end of the coverage before it."""
    if no_news:
        return "no_news"
    before = [one for one in watched if one.end <= at]
    if not before:
        return "not_started"
    return before[-1].ended_by or "no_news"
