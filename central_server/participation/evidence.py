"""What is known of one bridge point in one session: from its devices' records, and from the live status on top."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field

from central_server.participation.live import LiveReport
from central_server.participation.queries import SessionFacts
from central_server.participation.seals import SealBook
from models.clock_trust import ClockTrust, clock_trust
from models.islands import PointTotals
from models.participation import scheduled
from models.records import AnyRecord, CheckIn, CheckInMethod, Coverage, CoverageEnd, Presence


@dataclass(frozen=True, slots=True)
class Seen:
    """A learner was seen from start to end (server time, ms)."""

    start: int
    end: int
    sightings: int | None
    best_score: float | None
    encoder: str
    live: bool
    """Told by the live status; no record yet."""
    clock: ClockTrust = "good"
    """How far its record's clock can be believed."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The room was watched from start to end (server time, ms)."""

    start: int
    end: int
    ended_by: CoverageEnd | None
    """None while it goes on."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A learner was matched (server time, ms)."""

    at: int
    method: CheckInMethod
    clock: ClockTrust = "good"


def doubtful(clock: ClockTrust) -> bool:
    """Whether a person must look at times by this clock."""
    return clock in ("untrusted", "unmeasured")


@dataclass(slots=True)
class PointEvidence:
    """The evidence of one bridge point. Only records of learners enrolled there are taken in.

    A record made before the device had asked the server for its time has no offset. Its boot-time clock is that of the
    device's other records of the same start, so the nearest of those that has an offset tells its time too; such a
    record waits in `unmeasured`, for the one that knows may come later.
    """

    learners: frozenset[str]
    totals: PointTotals = field(default_factory=PointTotals)
    """What the evidence comes to under the session's plan and rule, carried on with each record."""
    watched: list[Watched] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    check_ins: dict[str, CheckedIn] = field(default_factory=dict)
    unmeasured: list[AnyRecord] = field(default_factory=list)
    clocks: dict[tuple[str, str], list[tuple[int, int]]] = field(default_factory=dict)
    """By device and start of its PC: (boot-time clock, server time less boot-time clock) of records with an offset."""
    seals: SealBook = field(default_factory=SealBook)

    def add(self, record: AnyRecord) -> None:
        """Take a record in."""
        self.seals.add(record)
        self.learn_clock(record)
        if record.offset is None:
            self.unmeasured.append(record)
        else:
            self._add(record)

    def learn_clock(self, record: AnyRecord) -> None:
        """Take in what a record, of any session, tells of its device's clock."""
        if record.offset is not None:
            base = record.wall + record.offset - record.boot
            self.clocks.setdefault((record.device, record.boot_id), []).append((record.boot, base))

    def learn_missing_clocks(self, around: Callable[[AnyRecord], Iterable[AnyRecord]]) -> bool:
        """Look for the clocks that no record of this session knows in the records around them (AROUND, of any session,
        with their own log's); whether one was found.

        The last record of a start is the nearest to one made when the device had reached the server.
        """  # fmt: skip
        missing = {(record.device, record.boot_id): record for record in self.without_clock()}
        for record in missing.values():
            for other in around(record):
                self.learn_clock(other)
        return any(key in self.clocks for key in missing)

    def server_time(self, record: AnyRecord, boot: int) -> int:
        """Server time (ms) of a moment on a record's boot-time clock; by the PC's own clock if no record knows it."""
        known = self.clocks.get((record.device, record.boot_id))
        if record.offset is not None or not known:
            return record.server_time(boot)
        return boot + min(known, key=lambda one: abs(one[0] - record.boot))[1]

    def without_clock(self) -> Iterator[AnyRecord]:
        """The records whose time is only known by their PC's own clock."""
        return (one for one in self.unmeasured if (one.device, one.boot_id) not in self.clocks)

    def clock_of(self, record: AnyRecord) -> ClockTrust:
        """How far a record's clock can be believed; the nearest record of the same start speaks for one without."""
        known = self.clocks.get((record.device, record.boot_id))
        if record.offset is not None or not known:
            return clock_trust(record.offset, record.uncertainty)
        return "good"  # its times were mended by a measured clock

    def _add(self, record: AnyRecord) -> None:
        match record:
            case Coverage():
                start, end = self.server_time(record, record.start), self.server_time(record, record.end)
                self._watch(Watched(start, end, record.ended_by))
            case Presence() if record.learner in self.learners:
                start, end = self.server_time(record, record.start), self.server_time(record, record.end)
                clock = self.clock_of(record)
                seen = Seen(start, end, record.sightings, record.best_score, record.encoder, live=False, clock=clock)
                self._see(record.learner, seen)
            case CheckIn() if record.learner in self.learners:
                at = self.server_time(record, record.at)
                self.totals.check_in(record.learner, at)
                before = self.check_ins.get(record.learner)
                if before is None or at < before.at:
                    self.check_ins[record.learner] = CheckedIn(at, record.method, self.clock_of(record))
            case _:
                pass

    def _watch(self, one: Watched) -> None:
        self.watched.append(one)
        self.totals.watch(one.start, one.end)

    def _see(self, learner: str, one: Seen) -> None:
        self.seen.setdefault(learner, []).append(one)
        self.totals.see(learner, one.start, one.end)

    def with_live(self, reports: Iterable[LiveReport]) -> PointEvidence:
        """This evidence and what the live statuses add. What they say of the future (a clock that is off) is cut."""
        added = PointEvidence(
            self.learners,
            copy(self.totals),
            list(self.watched),
            {who: list(some) for who, some in self.seen.items()},
            dict(self.check_ins),
        )
        added.clocks = self.clocks
        for record in self.unmeasured:
            added._add(record)
        for report in reports:
            status, now = report.status, report.received_at
            if status.watching_from is None or status.watching_to is None:
                continue
            since, until = status.watching_from, min(status.watching_to, now)
            added._watch(Watched(since, until, None))
            for one in status.present:
                if one.learner in self.learners:
                    seen = Seen(max(one.start, since), min(one.last, until), None, None, status.encoder, live=True)
                    added._see(one.learner, seen)
        return added


def no_evidence(facts: SessionFacts, point: str) -> PointEvidence:
    """What there is of a bridge point before its first record: who is enrolled there, the plan and the rule."""
    here = frozenset(who.id for who in facts.learners if who.bridge_point == point)
    return PointEvidence(here, PointTotals(scheduled(facts.start, facts.end, facts.breaks), facts.rule))
