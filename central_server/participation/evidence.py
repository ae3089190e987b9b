"""What is known of one bridge point in one session: from its devices' records, and from the live status on top."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field, replace

from central_server.corrections.effect import Corrections, pairs
from central_server.participation.clocks import Clocks
from central_server.participation.known_by import (
    Blind,
    CheckedIn,
    Confirmed,
    Counted,
    Doubt,
    Elsewhere,
    OnWatch,
    Profile,
    Seen,
    SpotChecked,
    Watched,
)
from central_server.participation.live import LiveReport, unobserved
from central_server.participation.queries import Arrived, Damaged, SessionFacts
from central_server.participation.seals import SealBook
from central_server.participation.streamed import Linked
from models.brackets import Bracket, LogOrder
from models.islands import PointTotals
from models.participation import scheduled
from models.records import (
    AnyRecord,
    CheckIn,
    Coverage,
    Headcount,
    Link,
    OnDuty,
    Presence,
    ProfileUsed,
    SpotCheck,
    Unobserved,
    Vouched,
)
from models.spans import spans


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
    """Each learner's first, with what was odd at any."""
    confirmed: dict[str, list[Confirmed]] = field(default_factory=dict)
    blind: dict[str, list[Blind]] = field(default_factory=dict)
    spot_checks: dict[str, list[SpotChecked]] = field(default_factory=dict)
    duty: list[OnWatch] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    profiles: dict[str, Profile] = field(default_factory=dict)
    """By device, the last one with which it watched the session."""
    elsewhere: list[Elsewhere] = field(default_factory=list)
    """Of learners who do not sit here: never counted, but who is seen at two bridge points at once is an alarm."""
    links: list[Linked] = field(default_factory=list)
    """When the room's stream was up."""
    unmeasured: list[AnyRecord] = field(default_factory=list)
    clocks: Clocks = field(default_factory=Clocks)
    orders: dict[tuple[str, str], LogOrder] = field(default_factory=dict)
    """By device and log: how far its receipts have come."""
    brackets: dict[tuple[str, str, int], Bracket] = field(default_factory=dict)
    """By device, log and seq, of the records in `unmeasured`."""
    misfits: set[tuple[str, str, int]] = field(default_factory=set)
    """The records (device, log, seq) that tell of times at which they can't have been made."""
    seals: SealBook = field(default_factory=SealBook)
    corrections: Corrections = field(default_factory=dict)
    """What people say of the learners."""
    damaged: list[Damaged] = field(default_factory=list)
    """Records that can't be read."""

    def correct(self, corrections: Corrections) -> None:
        """Lay what people say on top, in the place of what they said before; of who doesn't sit here it is left out."""
        now = {who: some for who, some in corrections.items() if who in self.learners}
        for who in self.corrections.keys() | now.keys():
            added, taken = pairs(now.get(who, ()))
            self.totals.correct(who, spans(added), spans(taken))
        self.corrections = now

    def miss(self, one: Damaged) -> None:
        """A record can't be read: of whom it told is not observed then, but by what else there is."""
        self.damaged.append(one)
        if one.learner in self.learners and one.start is not None and one.end is not None:
            self._blind(one.learner, Blind(one.start, one.end, "damaged"))

    def take(self, device: str, one: Arrived | Damaged) -> None:
        """Take a record in as it came; those of one log in order."""
        if isinstance(one, Damaged):
            self.miss(one)
            return
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
                start, end = self._between(record, record.start, record.end)
                self._watch(Watched(start, end, record.ended_by))
            case Presence() if record.learner in self.learners:
                start, end = self._between(record, record.start, record.end)
                told = (start, end, record.sightings, record.best_score, record.encoder)
                self._see(record.learner, Seen(*told, live=False, clock=clock, made=made))
            case CheckIn() if record.learner in self.learners:
                self._check_in(record, clock, made)
            case Vouched() if record.learner in self.learners:
                start, end = self._between(record, record.start, record.end)
                one = Confirmed(start, end, record.method, record.witness, clock, made)
                self.confirmed.setdefault(record.learner, []).append(one)
                self.totals.vouch(record.learner, start, end)
            case Unobserved() if record.learner in self.learners:
                start, end = self._between(record, record.start, record.end)
                self._blind(record.learner, Blind(start, end, record.why))
            case SpotCheck() if record.learner in self.learners:
                asked, at = self._between(record, record.asked, record.at)
                self.spot_checks.setdefault(record.learner, []).append(
                    SpotChecked(asked, at, record.method if record.answered else None)
                )
            case Presence() | Vouched():
                start, end = self._between(record, record.start, record.end)
                self.elsewhere.append(Elsewhere(record.learner, start, end, clock))
            case CheckIn():
                at, _ = self._between(record, record.at, record.at)
                self.elsewhere.append(Elsewhere(record.learner, at, at, clock))
            case _:
                self._add_of_room(record)

    def _add_of_room(self, record: AnyRecord) -> None:
        match record:
            case Headcount():
                start, end = self._between(record, record.start, record.end)
                counts = (record.people, record.known, record.unknown, record.vouched, record.roster)
                self.counted.append(Counted(start, end, *counts))
            case Link():
                start, end = self._between(record, record.start, record.end)
                self.links.append(Linked(start, end, record.ended_by))
            case OnDuty():
                at, _ = self._between(record, record.at, record.at)
                self.duty.append(OnWatch(at, record.witness, record.named_by))
            case ProfileUsed():
                at, _ = self._between(record, record.at, record.at)
                before = self.profiles.get(record.device)
                if before is None or before.at <= at:
                    self.profiles[record.device] = Profile(at, record.state)
            case _:
                pass

    def _between(self, record: AnyRecord, start: int, end: int) -> tuple[int, int]:
        return self.clocks.server_time(record, start), self.clocks.server_time(record, end)

    def _check_in(self, record: CheckIn, clock: Doubt, made: Bracket | None) -> None:
        at, _ = self._between(record, record.at, record.at)
        self.totals.check_in(record.learner, at)
        witness = record.witness if isinstance(record.witness, str) else None
        flags = record.flags if isinstance(record.flags, tuple) else ()
        new, before = CheckedIn(at, record.method, clock, made, witness, flags), self.check_ins.get(record.learner)
        if before is not None:
            first, other = sorted((new, before), key=lambda one: one.at)
            if (first.method, other.method) == ("room_camera", "face"):
                first, other = other, first  # a live face at the desk says more than having been known at the seat
            new = replace(first, flags=tuple(dict.fromkeys((*first.flags, *other.flags))))
        self.check_ins[record.learner] = new

    def _watch(self, one: Watched) -> None:
        self.watched.append(one)
        self.totals.watch(one.start, one.end)

    def _see(self, learner: str, one: Seen) -> None:
        self.seen.setdefault(learner, []).append(one)
        self.totals.see(learner, one.start, one.end)

    def _blind(self, learner: str, one: Blind) -> None:
        self.blind.setdefault(learner, []).append(one)
        self.totals.unobserve(learner, one.start, one.end)

    @property
    def apart(self) -> frozenset[str]:
        """The learners whose coverage is, or is likely to be by the next live status, another than the room's."""
        by_card = {who for who, one in self.check_ins.items() if one.without_camera}
        return frozenset(self.confirmed.keys() | self.blind.keys() | by_card)

    @property
    def witnesses(self) -> frozenset[str]:
        """The ids of all who vouched for somebody, corrected, or were on duty: accounts, and learners as deputies."""
        found = {one.witness for some in self.confirmed.values() for one in some}
        found |= {one.witness for one in self.check_ins.values() if one.witness is not None}
        found |= {who for one in self.duty for who in (one.witness, one.named_by) if who is not None}
        said = (one for some in self.corrections.values() for one in some)
        found |= {who for one in said for who in (one.by, one.second) if who is not None}
        return frozenset(found)

    def with_live(self, reports: Iterable[LiveReport]) -> PointEvidence:
        """This evidence and what the live statuses add. What they say of the future (a clock that is off) is cut."""
        added = PointEvidence(
            self.learners,
            copy(self.totals),
            list(self.watched),
            {who: list(some) for who, some in self.seen.items()},
            dict(self.check_ins),
            {who: list(some) for who, some in self.confirmed.items()},
            {who: list(some) for who, some in self.blind.items()},
            {who: list(some) for who, some in self.spot_checks.items()},
            list(self.duty),
            list(self.counted),
            dict(self.profiles),
            list(self.elsewhere),
            list(self.links),
        )
        added.clocks, added.misfits, added.corrections = self.clocks, set(self.misfits), self.corrections
        added.damaged = self.damaged
        for record in self.unmeasured:
            added._add(record, self.brackets.get((record.device, record.log, record.seq)))
        for report in reports:
            status, now = report.status, report.received_at
            for learner, blind in unobserved(report):
                if learner in self.learners:
                    added._blind(learner, blind)
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
    evidence = PointEvidence(here, PointTotals(scheduled(facts.start, facts.end, facts.breaks), facts.rule))
    evidence.correct(facts.corrections)
    return evidence
