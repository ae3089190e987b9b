"""What is known of one bridge point in one session: from its devices' records, and from the live status on top."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from central_server.participation.live import LiveReport
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


@dataclass(slots=True)
class PointEvidence:
    """The evidence of one bridge point. Only records of learners enrolled there are taken in."""

    learners: frozenset[str]
    watched: list[Watched] = field(default_factory=list)
    seen: dict[str, list[Seen]] = field(default_factory=dict)
    check_ins: dict[str, CheckedIn] = field(default_factory=dict)

    def add(self, record: AnyRecord) -> None:
        """Take a record in."""
        match record:
            case Coverage():
                start, end = record.server_time(record.start), record.server_time(record.end)
                self.watched.append(Watched(start, end, record.ended_by))
            case Presence() if record.learner in self.learners:
                start, end = record.server_time(record.start), record.server_time(record.end)
                seen = Seen(start, end, record.sightings, record.best_score, record.encoder, live=False)
                self.seen.setdefault(record.learner, []).append(seen)
            case CheckIn() if record.learner in self.learners:
                at = record.server_time(record.at)
                before = self.check_ins.get(record.learner)
                if before is None or at < before.at:
                    self.check_ins[record.learner] = CheckedIn(at, record.method)
            case _:
                pass

    def with_live(self, reports: Iterable[LiveReport]) -> PointEvidence:
        """This evidence and what the live statuses add. What they say of the future (a clock that is off) is cut."""
        added = PointEvidence(
            self.learners, list(self.watched), {w: list(s) for w, s in self.seen.items()}, self.check_ins
        )
        for report in reports:
            status, now = report.status, report.received_at
            if status.watching_from is None or status.watching_to is None:
                continue
            since, until = status.watching_from, min(status.watching_to, now)
            added.watched.append(Watched(since, until, None))
            for one in status.present:
                if one.learner in self.learners:
                    seen = Seen(max(one.start, since), min(one.last, until), None, None, status.encoder, live=True)
                    added.seen.setdefault(one.learner, []).append(seen)
        return added
