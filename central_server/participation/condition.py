"""A bridge point in a session, now, without its learners' rows: line, camera, last news, headcount, trouble. Pure.

A page of ten thousand bridge points is made of these; a learner's participation is computed where somebody opened it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from central_server.participation.columns import Axis, Columns, columns_of
from central_server.participation.evidence import PointEvidence, doubtful
from central_server.participation.live import LiveReport
from central_server.participation.queries import PointFacts, SessionFacts
from central_server.participation.seals import SealFacts
from central_server.participation.state import BACKLOG, Cause, Phase, Trouble, Value
from models.presence import GAP_MS
from models.records import CoverageEnd
from models.spans import Spans, intersect, spans, total

NEWS_STEP_MS = 10_000
"""The time of the last news is shown in steps of this while news comes, so that a row changes seldom."""
TROUBLE_ORDER: dict[Trouble, int] = {"failure": 0, "attention": 1, "good": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Digest:
    """What a bridge point's records of a session come to."""

    coverage: Spans
    ended_by: CoverageEnd | None
    """How the last coverage ended."""
    attended: frozenset[str]
    """Learners with seen time in the schedule."""
    columns: Columns
    seal: SealFacts
    clock_known: bool
    clock_doubted: bool
    """Some of its learners' times are for a person to look at (models.clock_trust)."""
    misfits: int
    """Records that tell of times at which they can't have been made (models.brackets)."""


def digest_of(session: SessionFacts, axis: Axis, evidence: PointEvidence) -> Digest:
    """The digest of a bridge point's evidence."""
    known = evidence.with_live(())
    last = max(known.watched, key=lambda one: (one.end, one.start), default=None)
    coverage, rule = known.totals.coverage, session.rule
    presence = {who: [(one.start, one.end) for one in seen] for who, seen in known.seen.items()}
    since = None if rule.before_check_in_counts else {who: one.at for who, one in known.check_ins.items()}
    return Digest(
        coverage=coverage,
        ended_by=last.ended_by if last else None,
        attended=frozenset(who for who in presence if known.totals.totals(who).seen_ms),
        columns=columns_of(axis, coverage, presence, rule.gap_tolerance_s * 1000, since),
        seal=evidence.seals.facts(evidence.clocks.server_time),
        clock_known=not any(evidence.without_clock()),
        clock_doubted=any(doubtful(one.clock) for some in known.seen.values() for one in some),
        misfits=len(known.misfits),
    )


def no_records(evidence: PointEvidence) -> Digest:
    """The digest of a bridge point of which there is no record."""
    seal = evidence.seals.facts(evidence.clocks.server_time)
    return Digest(spans([]), None, frozenset(), Columns.empty(), seal, clock_known=True, clock_doubted=False, misfits=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRow:
    """A bridge point as its row shows it. Equal rows look the same."""

    facts: PointFacts
    expected: int
    seen: int
    not_seen: int
    phase: Phase
    trouble: Trouble
    watching: bool
    watched_until: int | None
    """Until when the room was watched, where it is not now."""
    cause: Cause | None
    """Why it is not watched now."""
    fresh: bool
    """Its newest status speaks of the present."""
    news_at: int | None
    """When the newest status came (server time, ms); None: none in this session."""
    waiting: int
    unknown: int
    alarms: tuple[str, ...]
    recognised_by: str
    read: bool
    """False: its records are still being read, so what they tell is not in here yet."""
    seal: SealFacts
    clock_known: bool
    clock_doubted: bool
    misfits: int

    @property
    def not_observed(self) -> int:
        """Learners of whom nothing is known."""
        return self.expected - self.seen - self.not_seen

    def count(self, value: Value) -> int:
        """Learners with that value: now, and of the whole session once it is over."""
        return {"seen": self.seen, "not_seen": self.not_seen, "not_observed": self.not_observed}[value]


def point_row(
    point: PointFacts,
    enrolled: frozenset[str],
    schedule: Spans,
    digest: Digest | None,
    reports: Sequence[LiveReport],
    now: int,
    phase: Phase,
) -> PointRow:
    """A bridge point now. schedule: of the whole session; digest: None while its records are not read yet."""
    report = max(reports, key=lambda one: one.status.at, default=None)
    status = report.status if report else None
    fresh = report is not None and report.fresh(now)
    watching = any(one.fresh(now) and one.status.watching_from is not None for one in reports)
    until = _watched_until(digest, reports)
    seen, not_seen = _now(enrolled, reports, now) if watching else (0, 0)
    if phase == "over":
        seen, not_seen = _whole(enrolled, schedule, digest, reports)
    news = None
    if report is not None:
        at = report.received_at
        news = at - at % NEWS_STEP_MS if fresh else at
    return PointRow(
        facts=point,
        expected=len(enrolled),
        seen=seen,
        not_seen=not_seen,
        phase=phase,
        trouble=_trouble(point, phase, watching, report, fresh, digest),
        watching=watching,
        watched_until=None if watching else until,
        cause=None if watching else _cause(digest, until, report is not None, fresh),
        fresh=fresh,
        news_at=news,
        waiting=status.waiting if status else 0,
        unknown=status.unknown if status and fresh else 0,
        alarms=status.alarms if status else (),
        recognised_by=f"{status.detector} + {status.encoder}" if status else "",
        read=digest is not None,
        seal=digest.seal if digest else SealFacts("not_sealed"),
        clock_known=digest is None or digest.clock_known,
        clock_doubted=digest is not None and digest.clock_doubted,
        misfits=digest.misfits if digest else 0,
    )


def _now(enrolled: frozenset[str], reports: Sequence[LiveReport], now: int) -> tuple[int, int]:
    """How many are seen and not seen in a room that is watched."""
    here = {
        one.learner
        for report in reports
        if report.fresh(now) and report.status.watching_to is not None
        for one in report.status.present
        if one.last >= report.status.watching_to - GAP_MS
    }
    seen = len(here & enrolled)
    return seen, len(enrolled) - seen


def _whole(
    enrolled: frozenset[str], schedule: Spans, digest: Digest | None, reports: Sequence[LiveReport]
) -> tuple[int, int]:
    """How many took part in the session as a whole, and how many did not though the room was mostly watched."""
    attended = set(digest.attended) if digest else set()
    coverage = digest.coverage if digest else spans([])
    live = [
        (report.status.watching_from, min(report.status.watching_to, report.received_at), report.status.present)
        for report in reports
        if report.status.watching_from is not None and report.status.watching_to is not None
    ]
    if live:
        taught = [(int(a), int(b)) for a, b in schedule]
        for since, until, present in live:
            for one in present:
                if any(max(a, one.start, since) < min(b, one.last, until) for a, b in taught):
                    attended.add(one.learner)
        coverage = spans([*map(tuple, coverage.tolist()), *((since, until) for since, until, _ in live)])
    watched = total(intersect(schedule, coverage))
    others = len(enrolled - attended)
    return len(enrolled) - others, others if 2 * watched > total(schedule) else 0


def _watched_until(digest: Digest | None, reports: Sequence[LiveReport]) -> int | None:
    ends = [
        min(one.status.watching_to, one.received_at)
        for one in reports
        if one.status.watching_from is not None and one.status.watching_to is not None
    ]
    if digest is not None and len(digest.coverage):
        ends.append(int(digest.coverage[-1, 1]))
    return max(ends, default=None)


def _cause(digest: Digest | None, until: int | None, heard: bool, fresh: bool) -> Cause:
    """Why a room is not watched: no news, or how its last coverage ended.

    heard: since this server runs; fresh: a moment ago. Who is not heard now and has only cut the last record is away.
    """
    if heard and not fresh:
        return "no_news"
    if until is None:
        return "not_started"
    if digest is not None and len(digest.coverage) and int(digest.coverage[-1, 1]) == until:
        return "no_news" if digest.ended_by == "cut" and not fresh else digest.ended_by or "no_news"
    return "no_news"


def _trouble(
    point: PointFacts,
    phase: Phase,
    watching: bool,
    report: LiveReport | None,
    fresh: bool,
    digest: Digest | None,
) -> Trouble:
    if phase == "running" and not watching:
        return "failure"
    if point.forks:
        return "attention"
    if digest is not None and (
        digest.seal.state == "differs"
        or digest.seal.late
        or not digest.clock_known
        or digest.clock_doubted
        or digest.misfits
    ):
        return "attention"
    if phase != "over" and report is not None:
        status = report.status
        if not fresh or status.alarms or status.unknown or status.waiting > BACKLOG:
            return "attention"
    return "good"
