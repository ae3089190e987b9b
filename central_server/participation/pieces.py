"""A learner's session in pieces: one value of presence each, and how it is known. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from central_server.corrections.effect import Segment, pairs
from central_server.participation.evidence import PointEvidence
from central_server.participation.known_by import (
    Blind,
    Cause,
    CheckedIn,
    Confirmed,
    Seen,
    SpotChecked,
    Value,
    Watched,
)
from models.participation import Participation
from models.spans import Spans, intersect, spans, subtract


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a learner's bar: one value of presence from start to end (server time, ms), and how it is known."""

    value: Value
    start: int
    end: int
    seen: tuple[Seen, ...] = ()
    """For `seen`: the camera's intervals in it."""
    confirmed: Confirmed | None = None
    """For `seen`, where the camera did not see the learner: by whom it is known."""
    cause: Cause | None = None
    """For `not_observed`."""
    corrected: Segment | None = None
    """For `seen` and `not_seen`, where a person said so."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that tells of one learner, each in order of time."""

    seen: tuple[Seen, ...]
    confirmed: tuple[Confirmed, ...]
    blind: tuple[Blind, ...]
    spot_checks: tuple[SpotChecked, ...]
    corrections: tuple[Segment, ...] = ()

    @classmethod
    def of(cls, evidence: PointEvidence, who: str) -> Known:
        """What the evidence holds of a learner."""
        return cls(
            tuple(sorted(evidence.seen.get(who, ()), key=lambda one: (one.start, one.end))),
            tuple(sorted(evidence.confirmed.get(who, ()), key=lambda one: (one.start, one.end))),
            tuple(sorted(evidence.blind.get(who, ()), key=lambda one: (one.start, one.end))),
            tuple(sorted(evidence.spot_checks.get(who, ()), key=lambda one: one.at)),
            evidence.corrections.get(who, ()),
        )

    def bounds(self, check_in: CheckedIn | None, start: int, end: int) -> tuple[int | None, int | None]:
        """The first and the last moment of a session at which the learner is known to have been there."""
        moments = [(one.start, one.end) for one in self.seen] + [(one.start, one.end) for one in self.confirmed]
        moments += [(one.at, one.at) for one in self.spot_checks if one.method is not None]
        if check_in is not None and check_in.without_camera:
            moments.append((check_in.at, check_in.at))
        within = [one for one in moments if one[1] >= start and one[0] < end and (one[0] == one[1] or one[1] > start)]
        return min((one[0] for one in within), default=None), max((one[1] for one in within), default=None)


def pieces_of(part: Participation, known: Known, watched: Sequence[Watched], cause: Cause | None) -> tuple[Piece, ...]:
    """A learner's pieces in order of time. cause: why the room is not watched now."""
    added, taken = (spans(some) for some in pairs(known.corrections))
    pieces = [Piece("not_seen", int(start), int(end)) for start, end in subtract(part.not_seen, taken)]
    pieces += _corrected("seen", intersect(part.seen, added), known.corrections)
    pieces += _corrected("not_seen", intersect(part.not_seen, taken), known.corrections)
    by_device = subtract(part.seen, added)
    by_camera = _spans(known.seen)
    vouched_only = subtract(_spans(known.confirmed), by_camera)
    for start, end in subtract(by_device, vouched_only):
        inside = tuple(one for one in known.seen if one.start < end and one.end > start)
        pieces.append(Piece("seen", int(start), int(end), seen=inside))
    for start, end in intersect(by_device, vouched_only):
        for one, (low, upto) in _by_turns(int(start), int(end), known.confirmed):
            pieces.append(Piece("seen", low, upto, confirmed=one))
    pieces += _not_observed(part.not_observed, known, watched, cause)
    return tuple(sorted(pieces, key=lambda piece: piece.start))


def _not_observed(
    not_observed: Spans, known: Known, watched: Sequence[Watched], cause: Cause | None
) -> Iterator[Piece]:
    last = max((one.end for one in watched), default=0)
    dark = not_observed
    if known.blind:
        room = _spans(watched)
        dark, own = subtract(not_observed, room), intersect(not_observed, room)
        for start, end in own:
            for one, (low, upto) in _by_turns(int(start), int(end), known.blind):
                yield Piece("not_observed", low, upto, cause=one.why)
    for start, end in dark:
        why = cause if start >= last and cause else cause_at(watched, int(start), no_news=False)
        yield Piece("not_observed", int(start), int(end), cause=why)


def _corrected(value: Value, where: Spans, corrections: Sequence[Segment]) -> Iterator[Piece]:
    for start, end in where:
        for one, (low, upto) in _by_turns(int(start), int(end), corrections):
            yield Piece(value, low, upto, corrected=one)


Interval = TypeVar("Interval", Confirmed, Blind, Segment)


def _by_turns(start: int, end: int, some: Sequence[Interval]) -> Iterator[tuple[Interval, tuple[int, int]]]:
    """A stretch, parted among the intervals that make it up, in order of their starts: no moment twice."""
    at = start
    for one in some:
        if one.end > at and one.start < end:
            upto = min(one.end, end)
            yield one, (at, upto)
            at = upto


def _spans(some: Sequence[Seen | Confirmed | Watched]) -> Spans:
    return spans([(one.start, one.end) for one in some])


def cause_at(watched: Sequence[Watched], at: int, no_news: bool) -> Cause:
    """Why the room is not watched from `at` on: the end of the coverage before it. watched: in order of their ends."""
    if no_news:
        return "no_news"
    before = [one for one in watched if one.end <= at]
    if not before:
        return "not_started"
    return before[-1].ended_by or "no_news"
