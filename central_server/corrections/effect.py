"""Which corrections hold, and what they come to for each learner. Pure: the tables and the replayed log both use it.

A correction holds from when it was made, or from when another person confirmed it where that is needed, until another
one that holds undoes it. Where two speak of the same moment the later one says what is so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from models.correction_records import Change, Way, Why


@dataclass(frozen=True, slots=True)
class Made:
    """A correction as it was made. Times are server time, ms."""

    id: str
    session: str
    change: Change
    way: Way
    why: Why
    second_needed: bool
    of: str | None
    """The correction that it undoes."""
    by: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What another person said to it."""

    confirmed: bool
    by: str | None
    at: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one learner's time (server time, ms) of which a correction says what is so."""

    start: int
    end: int
    added: bool
    """False: taken away."""
    correction: str
    way: Way
    why: Why
    by: str | None
    second: str | None
    """Who confirmed it."""


@dataclass(frozen=True, slots=True)
class Holds:
    """A correction that holds."""

    made: Made
    since: int
    second: str | None


def in_force(made: Iterable[Made], answers: Mapping[str, Answer]) -> list[Holds]:
    """The corrections of presence that hold, in the order in which they came to."""
    holding, undone = [], set[str]()
    for one in made:
        answer = answers.get(one.id)
        if answer is not None and not answer.confirmed:
            continue
        if one.second_needed and answer is None:
            continue
        if one.of is not None:
            undone.add(one.of)
        elif one.second_needed and answer is not None:
            holding.append(Holds(one, answer.at, answer.by))
        else:
            holding.append(Holds(one, one.at, None))
    return sorted((one for one in holding if one.made.id not in undone), key=lambda one: (one.since, one.made.id))


Parts = Mapping[str, Iterable[tuple[str, int, int]]]
"""By correction: learner, start, end."""
Corrections = Mapping[str, tuple[Segment, ...]]
"""By learner, in order of time, none overlapping."""


def segments_of(holding: Iterable[Holds], parts: Parts) -> dict[str, tuple[Segment, ...]]:
    """What corrections of one session come to. holding: in order, the later ones say what is so."""
    found: dict[str, list[Segment]] = {}
    for one in holding:
        it = one.made
        for learner, start, end in parts.get(it.id, ()):
            if start < end:
                new = Segment(start, end, it.change == "added", it.id, it.way, it.why, it.by, one.second)
                found[learner] = [*_cut(found.get(learner, ()), start, end), new]
    return {who: tuple(sorted(some, key=lambda one: one.start)) for who, some in found.items()}


def _cut(segments: Iterable[Segment], start: int, end: int) -> Iterable[Segment]:
    for one in segments:
        if one.start < min(start, one.end):
            yield replace(one, end=min(start, one.end))
        if max(end, one.start) < one.end:
            yield replace(one, start=max(end, one.start))


def pairs(segments: Iterable[Segment]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The spans that are added, and those that are taken away (ms)."""
    some = tuple(segments)
    return [(one.start, one.end) for one in some if one.added], [(one.start, one.end) for one in some if not one.added]
