"""A bridge point in a session, now, without its learners' rows: line, camera, last news, headcount, trouble. Pure.

A page of ten thousand bridge points is made of these; a learner's participation is computed where somebody opened it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from central_server.participation.columns import Axis, Columns, columns_of, with_corrected
from central_server.participation.evidence import PointEvidence
from central_server.participation.headcount import (
    counted_now,
    last_count,
    profile_of,
    strangers,
    strangers_since,
    times_doubted,
)
from central_server.participation.known_by import Cause, Counted, Elsewhere, OnWatch, ProfileState, Value
from central_server.participation.live import LiveReport, unobserved, unobserved_now
from central_server.participation.queries import Damaged, PointFacts, SessionFacts
from central_server.participation.seals import SealFacts
from central_server.participation.state import BACKLOG, Phase, Trouble
from central_server.participation.streamed import (
    NO_STREAMS,
    Loss,
    StreamNow,
    Streams,
    losses_now,
    stream_now,
    streams_of,
)
from central_server.participation.twice import SeenTwice
from models.presence import GAP_MS
from models.records import CoverageEnd
from models.spans import Spans, intersect, spans, subtract, total, united

NEWS_STEP_MS = 10_000
"""The time of the last news is shown in steps of this while news comes, so that a row changes seldom."""
SWEEP_STEP_MS = 500
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
    apart: Mapping[str, Spans] = field(default_factory=dict)
    """Learners whose coverage is or may be another than the room's (ids), and that coverage."""
    profile: ProfileState = "good"
    heads: Counted | None = None
    """The last headcount."""
    strangers_since: int | None = None
    elsewhere: tuple[Elsewhere, ...] = ()
    """Recorded here, and sitting at another bridge point or nowhere."""
    duty: tuple[OnWatch, ...] = ()
    """Who was on duty, in order of time."""
    streams: Streams = NO_STREAMS
    damaged: tuple[Damaged, ...] = ()
    """Records that can't be read."""


def digest_of(
    session: SessionFacts, axis: Axis, evidence: PointEvidence, also: frozenset[str] = frozenset()
) -> Digest:  # fmt: skip
    """The digest of a bridge point's evidence. also: learners who sit there and are apart by the live statuses."""
    known = evidence.with_live(())
    last = max(known.watched, key=lambda one: (one.end, one.start), default=None)
    coverage, rule = known.totals.coverage, session.rule
    presence = {who: [(one.start, one.end) for one in seen] for who, seen in known.seen.items()}
    for who, some in known.confirmed.items():
        presence[who] = presence.get(who, []) + [(one.start, one.end) for one in some]
    apart = {who: known.totals.coverage_of(who) for who in known.apart | also}
    corrected = {who: known.totals.of(who) for who in known.corrections}
    by_devices = {who: some for who, some in presence.items() if who not in corrected}
    since = None if rule.before_check_in_counts else {who: one.at for who, one in known.check_ins.items()}
    return Digest(
        coverage=coverage,
        ended_by=last.ended_by if last else None,
        attended=frozenset(who for who in presence.keys() | corrected.keys() if known.totals.totals(who).seen_ms),
        columns=with_corrected(
            axis, columns_of(axis, coverage, by_devices, rule.gap_tolerance_s * 1000, since, apart), corrected
        ),
        seal=evidence.seals.facts(evidence.clocks.server_time),
        clock_known=not any(evidence.without_clock()),
        clock_doubted=times_doubted(known),
        misfits=len(known.misfits),
        apart=apart | {who: united(one.seen, one.not_seen) for who, one in corrected.items()},
        profile=profile_of(known),
        heads=last_count(known),
        strangers_since=strangers_since(known),
        elsewhere=tuple(known.elsewhere),
        duty=tuple(sorted(known.duty, key=lambda one: one.at)),
        streams=streams_of(known.links, session.start, session.end),
        damaged=tuple(known.damaged),
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
    suspicions: tuple[str, ...]
    """What is suspected of people: for those only who may see what was odd at check-ins."""
    recognised_by: str
    read: bool
    """False: its records are still being read, so what they tell is not in here yet."""
    seal: SealFacts
    clock_known: bool
    clock_doubted: bool
    misfits: int
    damaged: tuple[Damaged, ...]
    profile: ProfileState
    heads: Counted | None
    """The headcount: of the live status while news comes, else the last of the records."""
    strangers_since: int | None
    """Since when there has been somebody whom nothing explains; None: there is nobody."""
    sweep_ms: int
    """How often the room is looked at now, in steps of half a second; 0: not said."""
    twice: tuple[SeenTwice, ...]
    """Learners who were recorded here and at another bridge point in the same minute."""
    duty: tuple[str, ...]
    """Names of those on duty, the last one last."""
    stream: StreamNow | None
    """How the room's stream is now; None: it streams nothing, or nothing is heard of it."""
    losses: tuple[Loss, ...]
    """When the stream was lost and back."""

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
    twice: tuple[SeenTwice, ...] = (),
    names: Mapping[str, str] | None = None,
) -> PointRow:
    """A bridge point now. schedule: of the whole session; digest: None while its records are not read yet; names: of
    those on duty, by id.
    """  # fmt: skip
    report = max(reports, key=lambda one: one.status.at, default=None)
    status = report.status if report else None
    fresh = report is not None and report.fresh(now)
    watching = any(one.fresh(now) and one.status.watching_from is not None for one in reports)
    until = _watched_until(digest, reports)
    seen, not_seen = _now(enrolled, reports, now, watching)
    if phase == "over":
        seen, not_seen = _whole(enrolled, schedule, digest, reports)
    trouble = _trouble(point, phase, watching, report, fresh, digest)
    streams = digest.streams if digest else NO_STREAMS
    heads = counted_now(report, len(enrolled)) if report is not None and fresh else None
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
        trouble="attention" if twice and trouble == "good" else trouble,
        watching=watching,
        watched_until=None if watching else until,
        cause=None if watching else _cause(digest, until, report is not None, fresh),
        fresh=fresh,
        news_at=news,
        waiting=status.waiting if status else 0,
        unknown=strangers(status) if status and fresh else 0,
        alarms=status.alarms if status else (),
        suspicions=status.suspicions if status else (),
        recognised_by=f"{status.detector} + {status.encoder}" if status else "",
        read=digest is not None,
        seal=digest.seal if digest else SealFacts("not_sealed"),
        clock_known=digest is None or digest.clock_known,
        clock_doubted=digest is not None and digest.clock_doubted,
        misfits=digest.misfits if digest else 0,
        damaged=digest.damaged if digest else (),
        profile=digest.profile if digest else "good",
        heads=(replace(heads, start=0, end=0) if heads else None) or (digest.heads if digest else None),
        strangers_since=digest.strangers_since if digest else None,
        sweep_ms=-(-status.sweep_ms // SWEEP_STEP_MS) * SWEEP_STEP_MS if status and fresh else 0,
        twice=twice,
        duty=_duty(digest, names or {}),
        stream=None if phase == "over" else stream_now(streams, reports, now),
        losses=losses_now(streams, reports, now),
    )


def _duty(digest: Digest | None, names: Mapping[str, str]) -> tuple[str, ...]:
    """The names of those on duty, each where he or she came last."""
    said: dict[str, None] = {}
    for one in digest.duty if digest else ():
        said.pop(one.witness, None)
        said[one.witness] = None
    return tuple(names.get(who, who) for who in said)


def unobserved_of(enrolled: frozenset[str], reports: Sequence[LiveReport]) -> dict[str, list[tuple[int, int]]]:
    """Of whom the live statuses say that nothing can be known, and when."""
    found: dict[str, list[tuple[int, int]]] = {}
    for report in reports:
        for who, blind in unobserved(report):
            if who in enrolled:
                found.setdefault(who, []).append((blind.start, blind.end))
    return found


def _now(enrolled: frozenset[str], reports: Sequence[LiveReport], now: int, watching: bool) -> tuple[int, int]:
    """How many are seen and not seen now; not seen only in a room that is watched."""
    fresh = [report.status for report in reports if report.fresh(now)]
    hidden = enrolled.intersection(who for report in reports if report.fresh(now) for who in unobserved_now(report))
    vouched = enrolled.intersection(who for status in fresh for who in status.vouched)
    if not watching:
        return len(vouched), 0
    here = {
        one.learner
        for status in fresh
        if status.watching_to is not None
        for one in status.present
        if one.last >= status.watching_to - GAP_MS
    }
    seen = here & enrolled | vouched
    return len(seen), len(enrolled - seen - hidden)


def _whole(
    enrolled: frozenset[str], schedule: Spans, digest: Digest | None, reports: Sequence[LiveReport]
) -> tuple[int, int]:
    """How many took part in the session as a whole, and how many did not though mostly observed."""
    attended = set(digest.attended) if digest else set()
    live = [
        (report.status.watching_from, min(report.status.watching_to, report.received_at), report.status.present)
        for report in reports
        if report.status.watching_from is not None and report.status.watching_to is not None
    ]
    taught = [(int(a), int(b)) for a, b in schedule] if live else []
    for since, until, present in live:
        for one in present:
            if any(max(a, one.start, since) < min(b, one.last, until) for a, b in taught):
                attended.add(one.learner)
    covered = digest.coverage if digest else spans([])
    # Of what records tell already they also tell whom nobody could see; the status tells it of newer time only.
    new = subtract(spans([(since, until) for since, until, _ in live]), covered)
    blind = unobserved_of(enrolled, reports)
    apart = dict.fromkeys(blind, covered) | dict(digest.apart if digest else {})
    others = len(enrolled - attended)
    common = united(covered, new)
    mostly = 2 * total(intersect(schedule, common)) > total(schedule)
    absent = (others - len((apart.keys() & enrolled) - attended)) if mostly else 0
    for who in (apart.keys() & enrolled) - attended:
        mine = subtract(united(apart[who], new), spans(blind.get(who, ())))
        absent += 2 * total(intersect(schedule, mine)) > total(schedule)
    return len(enrolled) - others, absent


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
        or digest.damaged
        or digest.profile != "good"
    ):
        return "attention"
    if phase != "over" and report is not None:
        status = report.status
        if not fresh or status.alarms or strangers(status) or status.waiting > BACKLOG:
            return "attention"
    return "good"
