"""Records before the log gives them their place: what a session's intervals and check-ins become. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bridge_agent.server_clock import ClockSample
from models.presence import Interval, OpenState, PresenceInterval, recover
from models.records import AnyRecord, CheckIn, Coverage, Presence, Seal

UNPLACED = "-"
"""Device and log of a record that no log holds yet; its seq is 1."""


class Eyes(msgspec.Struct, frozen=True):
    """What watched: names of the detector and the encoder in use."""

    detector: str
    encoder: str


class OpenSession(msgspec.Struct, frozen=True):
    """What is saved every few seconds of a session that runs, so that a crash costs no more than those seconds."""

    session: str
    state: OpenState
    clock: ClockSample
    eyes: Eyes


def interval_record(interval: Interval, session: str, clock: ClockSample, eyes: Eyes) -> AnyRecord:
    """The record of a closed interval; `clock` is a sample of the same start of the PC."""
    if isinstance(interval, PresenceInterval):
        return Presence(
            device=UNPLACED,
            log=UNPLACED,
            seq=1,
            session=session,
            wall=clock.wall,
            boot_id=clock.boot_id,
            boot=clock.boot,
            offset=clock.offset,
            uncertainty=clock.uncertainty,
            learner=interval.learner,
            start=interval.start,
            end=interval.end,
            sightings=interval.sightings,
            best_score=_score(interval.best_score),
            encoder=eyes.encoder,
        )
    return Coverage(
        device=UNPLACED,
        log=UNPLACED,
        seq=1,
        session=session,
        wall=clock.wall,
        boot_id=clock.boot_id,
        boot=clock.boot,
        offset=clock.offset,
        uncertainty=clock.uncertainty,
        start=interval.start,
        end=interval.end,
        ended_by=interval.ended_by,
        detector=eyes.detector,
        encoder=eyes.encoder,
    )


def check_in(session: str, learner: str, at: int, score: float, clock: ClockSample, eyes: Eyes) -> CheckIn:
    """The record of a learner's first confirmed sighting by the room's camera, at `at` on the boot-time clock."""
    return CheckIn(
        device=UNPLACED,
        log=UNPLACED,
        seq=1,
        session=session,
        wall=clock.wall,
        boot_id=clock.boot_id,
        boot=clock.boot,
        offset=clock.offset,
        uncertainty=clock.uncertainty,
        learner=learner,
        at=at,
        method="room_camera",
        score=_score(score),
        encoder=eyes.encoder,
    )


def _score(score: float) -> float:
    """A score as records carry it. What rounds beyond 1 is cut: one line that can't be written stops them all."""
    return max(-1.0, min(1.0, round(score, 3)))


def seal(session: str, records: Iterable[AnyRecord], clock: ClockSample) -> Seal:
    """The record that closes a session, over all its `records` in this log."""
    of_session = [record for record in records if record.session == session]
    presences = [record for record in of_session if isinstance(record, Presence)]
    coverages = [record for record in of_session if isinstance(record, Coverage)]
    return Seal(
        device=UNPLACED,
        log=UNPLACED,
        seq=1,
        session=session,
        wall=clock.wall,
        boot_id=clock.boot_id,
        boot=clock.boot,
        offset=clock.offset,
        uncertainty=clock.uncertainty,
        check_ins=sum(isinstance(record, CheckIn) for record in of_session),
        presences=len(presences),
        coverages=len(coverages),
        present_ms=sum(record.end - record.start for record in presences),
        covered_ms=sum(record.end - record.start for record in coverages),
    )


def after_crash(saved: OpenSession) -> list[AnyRecord]:
    """The records of a session whose agent died: every open interval closed at its last saved sighting."""
    return [interval_record(i, saved.session, saved.clock, saved.eyes) for i in recover(saved.state)]
