"""Records before the log gives them their place: what a session's intervals and check-ins become. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from bridge_agent.check_in.far_seats import FarSeats, FarState
from bridge_agent.check_in.vouching import UnobservedInterval, VouchedInterval, Voucher, VouchState
from bridge_agent.server_clock import ClockSample
from bridge_agent.streaming.link import LinkInterval, OpenLink
from models.presence import Interval, OpenState, PresenceInterval, recover
from models.records import (
    WHOLE_PICTURE,
    AnyRecord,
    CheckIn,
    Coverage,
    Link,
    Presence,
    Record,
    Seal,
    Unobserved,
    Vouched,
    Zone,
)

UNPLACED = "-"
"""Device and log of a record that no log holds yet; its seq is 1."""

MOST_ZONES = 8
"""400 of the 1,024 bytes that a record's line may have."""

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class Eyes(msgspec.Struct, frozen=True):
    """What watched: names of the detector and the encoder in use."""

    detector: str
    encoder: str
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    """Where a face could be identified (`told_zones`)."""


def told_zones(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Zones as a coverage record carries them: a line has room for the eight largest, in thousandths of the picture."""
    largest = sorted(zones, key=lambda zone: zone.width * zone.height, reverse=True)[:MOST_ZONES]
    return tuple(
        Zone(round(zone.x, 3), round(zone.y, 3), round(zone.width, 3), round(zone.height, 3)) for zone in largest
    )


class OpenAttendance(msgspec.Struct):
    """What is open of the learners who are known without the camera, and of the desk."""

    vouching: VouchState = msgspec.field(default_factory=VouchState)
    asked: list[str] = []
    """Learners who are being asked: after a crash they are asked anew."""
    deputies: dict[str, str] = {}
    """By learner: who named him or her for this session."""
    far: FarState = msgspec.field(default_factory=FarState)
    """Learners who may sit where the camera can tell nobody."""
    unsure: list[str] = []
    """Learners whom the camera could not recognise at the desk, who then gave their PIN or card."""

    @property
    def empty(self) -> bool:
        """Nothing would be lost."""
        vouching = self.vouching.unwritten or self.vouching.waiting
        return not (vouching or self.asked or self.deputies or self.unsure) and self.far.empty


class OpenSession(msgspec.Struct, frozen=True):
    """What is saved every few seconds of a session that runs, so that a crash costs no more than those seconds.

    What was saved before there were desks lacks the last one.
    """

    session: str
    state: OpenState
    clock: ClockSample
    eyes: Eyes
    attendance: OpenAttendance = msgspec.field(default_factory=OpenAttendance)
    link: OpenLink | None = None
    """The room's stream, while it is up."""

    @property
    def empty(self) -> bool:
        """Nothing is open."""
        return self.state.covered_from is None and self.attendance.empty and self.link is None


def stamped(kind: type[R], session: str, clock: ClockSample, **fields: Any) -> R:
    """A record of this kind and these fields; `clock` is a sample of the same start of the PC as its times.

    Any: msgspec's constructors take whatever they are given, as `encode` does; tests decode every kind.
    """
    return kind(
        device=UNPLACED,
        log=UNPLACED,
        seq=1,
        session=session,
        wall=clock.wall,
        boot_id=clock.boot_id,
        boot=clock.boot,
        offset=clock.offset,
        uncertainty=clock.uncertainty,
        **fields,
    )


def interval_record(interval: Interval, session: str, clock: ClockSample, eyes: Eyes) -> AnyRecord:
    """The record of a closed interval; `clock` is a sample of the same start of the PC."""
    if isinstance(interval, PresenceInterval):
        return stamped(
            Presence,
            session,
            clock,
            learner=interval.learner,
            start=interval.start,
            end=interval.end,
            sightings=interval.sightings,
            best_score=score(interval.best_score),
            encoder=eyes.encoder,
        )
    return stamped(
        Coverage,
        session,
        clock,
        start=interval.start,
        end=interval.end,
        ended_by=interval.ended_by,
        zones=eyes.zones,
        detector=eyes.detector,
        encoder=eyes.encoder,
    )


def link_record(interval: LinkInterval, session: str, clock: ClockSample) -> Link:
    """The record of a time in which the room's stream was up."""
    return stamped(Link, session, clock, start=interval.start, end=interval.end, ended_by=interval.ended_by)


def confirmed_record(interval: VouchedInterval | UnobservedInterval, session: str, clock: ClockSample) -> AnyRecord:
    """The record of an interval between confirmations, or of a far seat."""
    span = {"learner": interval.learner, "start": interval.start, "end": interval.end}
    if isinstance(interval, VouchedInterval):
        return stamped(Vouched, session, clock, **span, method=interval.method, witness=interval.witness)
    return stamped(Unobserved, session, clock, **span, why=interval.why)


def check_in(session: str, learner: str, at: int, alike: float, clock: ClockSample, eyes: Eyes) -> CheckIn:
    """The record of a learner's first confirmed sighting by the room's camera, at `at` on the boot-time clock."""
    return stamped(
        CheckIn,
        session,
        clock,
        learner=learner,
        at=at,
        method="room_camera",
        score=score(alike),
        encoder=eyes.encoder,
    )


def score(alike: float) -> float:
    """A score as records carry it. What rounds beyond 1 is cut: one line that can't be written stops them all."""
    return max(-1.0, min(1.0, round(alike, 3)))


def seal(session: str, records: Iterable[AnyRecord], clock: ClockSample) -> Seal:
    """The record that closes a session, over all its `records` in this log."""
    of_session = [record for record in records if record.session == session]
    presences = [record for record in of_session if isinstance(record, Presence)]
    coverages = [record for record in of_session if isinstance(record, Coverage)]
    return stamped(
        Seal,
        session,
        clock,
        check_ins=sum(isinstance(record, CheckIn) for record in of_session),
        presences=len(presences),
        coverages=len(coverages),
        present_ms=sum(record.end - record.start for record in presences),
        covered_ms=sum(record.end - record.start for record in coverages),
    )


def after_crash(saved: OpenSession) -> list[AnyRecord]:
    """The records of a session whose agent died: what the camera saw and the stream, closed at the last saved moment.

    What confirmations say goes on (`still_open`), and so do far seats when the room is watched again: a restart of the
    agent is no reason to doubt a learner.
    """
    until = saved.state.covered_to
    seen = [interval_record(i, saved.session, saved.clock, saved.eyes) for i in recover(_copy(saved.state))]
    if saved.link is not None:
        link = LinkInterval(saved.link.start, saved.link.last, "crashed")
        seen.append(link_record(link, saved.session, saved.clock))
    if until is None:
        return seen
    unknown = _ended(_copy(saved.attendance), until)
    # Before the coverage, as when a session is saved.
    return [confirmed_record(i, saved.session, saved.clock) for i in unknown] + seen


def still_open(saved: OpenSession) -> OpenSession:
    """What stays open of a session whose agent died, once `after_crash` is written."""
    attendance, until = _copy(saved.attendance), saved.state.covered_to
    _ended(attendance, until or 0)  # `after_crash` has written it
    return msgspec.structs.replace(saved, state=OpenState(), attendance=attendance, link=None)


def unresumed(saved: OpenSession) -> list[AnyRecord]:
    """The records of what `still_open` keeps, when it can't go on: unobserved up to the last moment saved."""
    state = _copy(saved.attendance).vouching
    return [confirmed_record(i, saved.session, saved.clock) for i in Voucher(state).pause(state.to)]


def _ended(attendance: OpenAttendance, at: int) -> list[UnobservedInterval]:
    """What coverage that ends at `at` tells of those of whom nothing is known; who was being asked is asked anew."""
    far = FarSeats(attendance.far)
    told = Voucher(attendance.vouching).tell(at, dict.fromkeys(attendance.asked, 0))
    return [one for one in told if not far.hides(one.learner)] + far.unwatched(at, died=True)


def _copy(some: T) -> T:
    return msgspec.json.decode(msgspec.json.encode(some), type=type(some))
