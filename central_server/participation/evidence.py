"""What is known of one bridge point in one session: from its devices' records, and from the live status on top."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field

from central_server.participation.clocks import Clocks
from central_server.participation.live import LiveReport
from central_server.participation.queries import Arrived, SessionFacts
from central_server.participation.seals import SealBook
from models.brackets import Bracket, LogOrder, Misfit
from models.clock_trust import ClockTrust
from models.islands import PointTotals
from models.participation import scheduled
from models.records import AnyRecord, CheckIn, CheckInMethod, Coverage, CoverageEnd, Presence

Doubt = ClockTrust | Misfit
"""How far a record's times can be believed: by its clock, and by the receipts before and after it."""


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
    clock: Doubt = "good"
    """How far its record's times can be believed."""
    made: Bracket | None = None
    """When its record can have been made at all, where that contradicts what it tells."""


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
    clock: Doubt = "good"
    made: Bracket | None = None


def doubtful(clock: Doubt) -> bool:
    """Whether a person must look at such times."""
    return clock not in ("good", "skewed")


@dataclass(slots=True)
class PointEvidence:
    """The evidence of one bridge point. Only records of learners enrolled there are taken in.

    A record without an offset waits in `unmeasured`, for the one that knows its clock may come later.
    """

    learners: frozenset[str]
    totals: PointTotals = field(default_factory=PointTotals)
    """What the evidence comes to under the session's plan and rule, carried on with each record."""
    watched: list[Watched] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    check_ins: dict[str, CheckedIn] = field(default_factory=dict)
    unmeasured: list[AnyRecord] = field(default_factory=list)
    clocks: Clocks = field(default_factory=Clocks)
    orders: dict[tuple[str, str], LogOrder] = field(default_factory=dict)
    """By device and log: how far its receipts have come."""
    brackets: dict[tuple[str, str, int], Bracket] = field(default_factory=dict)
    """By device, log and seq, of the records in `unmeasured`."""
    misfits: set[tuple[str, str, int]] = field(default_factory=set)
    """The records (device, log, seq) that tell of times at which they can't have been made."""
    seals: SealBook = field(default_factory=SealBook)

    def take(self, device: str, one: Arrived) -> None:
        """Take a record in as it came; those of one log in order."""
        record, bracket = one.record, None
        if one.received_at is not None:
            order = self.orders.setdefault((device, one.log), LogOrder())
            if one.since is not None:
                order.acknowledged(one.since)
            for other, received in one.before:
                before = self.clocks.told(other)
                if before is not None and received < one.received_at:
                    order.acknowledged(min(before[1], received))
            told = self.clocks.told(record)
            bracket = order.place(told[1] if told else None, one.received_at)
        self.add(record, bracket)

    def add(self, record: AnyRecord, bracket: Bracket | None = None) -> None:
        """Take a record in. bracket: when it can have been made, where receipts tell."""
        self.seals.add(record)
        self.clocks.learn(record)
        if record.offset is None:
            self.unmeasured.append(record)
            if bracket is not None:
                self.brackets[record.device, record.log, record.seq] = bracket
        else:
            self._add(record, bracket)

    def learn_missing_clocks(self, around: Callable[[AnyRecord], Iterable[AnyRecord]]) -> bool:
        """Look for the clocks that no record of this session knows in the records around them (AROUND, of any session,
        with their own log's); whether one was found.

        The last record of a start is the nearest to one made when the device had reached the server.
        """  # fmt: skip
        missing = {(record.device, record.boot_id): record for record in self.without_clock()}
        for record in missing.values():
            for other in around(record):
                self.clocks.learn(other)
        return any(self.clocks.know(*key) for key in missing)

    def without_clock(self) -> Iterator[AnyRecord]:
        """The records whose time is only known by their PC's own clock."""
        return (one for one in self.unmeasured if not self.clocks.know(one.device, one.boot_id))

    def _doubt(self, record: AnyRecord, bracket: Bracket | None) -> tuple[Doubt, Bracket | None]:
        """How far a record's times can be believed, and when it can have been made where that contradicts them."""
        told = self.clocks.told(record)
        misfit = bracket.misfit(*told) if bracket and told else None
        if misfit is None:
            return self.clocks.trust(record), None
        self.misfits.add((record.device, record.log, record.seq))
        return misfit, bracket

    def _add(self, record: AnyRecord, bracket: Bracket | None) -> None:
        clock, made = self._doubt(record, bracket)
        match record:
            case Coverage():
                start, end = self.clocks.server_time(record, record.start), self.clocks.server_time(record, record.end)
                self._watch(Watched(start, end, record.ended_by))
            case Presence() if record.learner in self.learners:
                start, end = self.clocks.server_time(record, record.start), self.clocks.server_time(record, record.end)
                told = (start, end, record.sightings, record.best_score, record.encoder)
                self._see(record.learner, Seen(*told, live=False, clock=clock, made=made))
            case CheckIn() if record.learner in self.learners:
                at = self.clocks.server_time(record, record.at)
                self.totals.check_in(record.learner, at)
                before = self.check_ins.get(record.learner)
                if before is None or at < before.at:
                    self.check_ins[record.learner] = CheckedIn(at, record.method, clock, made)
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
        added.clocks, added.misfits = self.clocks, set(self.misfits)
        for record in self.unmeasured:
            added._add(record, self.brackets.get((record.device, record.log, record.seq)))
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
