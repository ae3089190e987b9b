"""Presence: sightings with their explicit times in, presence and coverage intervals out. Pure; time is passed in.

One `Recorder` for one session at one bridge point. All times are ms of the boot-time clock (or of a file's own clock).
Coverage is open while the room is really watched. A learner's interval runs from the first to the last sighting with
no gap over GAP_MS; it never reaches outside coverage, so what spans darkness or a frozen picture is two intervals. Long
intervals are cut every CUT_MS so that the log tells of them before they end.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from models.records import CoverageEnd

GAP_MS = 15_000
CUT_MS = 600_000


@dataclass(frozen=True, slots=True)
class PresenceInterval:
    """A learner was seen from `start` to `end`, `sightings` times, at best with `best_score`."""

    learner: str
    start: int
    end: int
    sightings: int
    best_score: float


@dataclass(frozen=True, slots=True)
class CoverageInterval:
    """The room was watched from `start` to `end`."""

    start: int
    end: int
    ended_by: CoverageEnd


Interval = PresenceInterval | CoverageInterval


class OpenInterval(msgspec.Struct):
    """A learner's interval that still runs."""

    start: int
    last: int
    sightings: int
    best_score: float


class OpenState(msgspec.Struct):
    """Everything of a Recorder that is not yet an interval: what is saved durably every few seconds."""

    covered_from: int | None = None
    covered_to: int | None = None
    """The last frame known to be live."""
    present: dict[str, OpenInterval] = {}
    """By learner."""


class Recorder:
    """Turns sightings into intervals. Every method returns the intervals that it closed, in order of their starts.

    Coverage comes last: whoever has only the beginning of a log must not take somebody for absent whose presence comes
    after it.
    """

    def __init__(self, gap_ms: int = GAP_MS, cut_ms: int = CUT_MS) -> None:
        self.gap_ms = gap_ms
        self.cut_ms = cut_ms
        self.state = OpenState()

    def watch(self, at: int) -> list[Interval]:
        """The room was really watched at `at`: opens coverage or carries it on to there."""
        state = self.state
        if state.covered_from is None or state.covered_to is None:
            state.covered_from = state.covered_to = at
            return []
        state.covered_to = max(state.covered_to, at)
        closed = self._close_gaps(at)
        if state.covered_to - state.covered_from >= self.cut_ms:
            closed += self._cut(state.covered_from, state.covered_to)
        return closed

    def sight(self, learner: str, at: int, score: float) -> list[Interval]:
        """The learner was seen at `at`, within coverage (a little late is welcome: identity takes a few sweeps).

        A sighting outside coverage is nobody's presence and is dropped.
        """
        state = self.state
        if state.covered_from is None or at < state.covered_from:
            return []
        closed: list[Interval] = []
        known = state.present.get(learner)
        if known is not None and at - known.last > self.gap_ms:
            closed.append(self._close(learner))
            known = None
        if known is None:
            state.present[learner] = OpenInterval(at, at, 1, score)
        else:
            known.start, known.last = min(known.start, at), max(known.last, at)
            known.sightings += 1
            known.best_score = max(known.best_score, score)
        return closed

    def unwatch(self, at: int, ended_by: CoverageEnd) -> list[Interval]:
        """Watching ended at `at` (the last live frame, which may lie in the past): closes coverage and all intervals.

        Presence after `at` is cut off: it was read from stale frames.
        """
        state = self.state
        if state.covered_from is None:
            return []
        closed: list[Interval] = [self._close(learner, at) for learner in list(state.present)]
        closed = [c for c in closed if isinstance(c, PresenceInterval) and c.end >= c.start]
        closed.append(CoverageInterval(state.covered_from, max(at, state.covered_from), ended_by))
        state.covered_from = state.covered_to = None
        return sorted(closed, key=_coverage_last)

    def present(self) -> dict[str, OpenInterval]:
        """The learners whose interval still runs."""
        return self.state.present

    def _close_gaps(self, now: int) -> list[Interval]:
        gone = [learner for learner, known in self.state.present.items() if now - known.last > self.gap_ms]
        return [self._close(learner) for learner in gone]

    def _cut(self, start: int, end: int) -> list[Interval]:
        """Close coverage and every running interval here and open them again at the same moments."""
        state = self.state
        closed: list[Interval] = [CoverageInterval(start, end, "cut")]
        state.covered_from = end
        for learner, known in list(state.present.items()):
            closed.append(self._close(learner))
            state.present[learner] = OpenInterval(known.last, known.last, 0, known.best_score)
        return sorted(closed, key=_coverage_last)

    def _close(self, learner: str, no_later_than: int | None = None) -> PresenceInterval:
        known = self.state.present.pop(learner)
        end = known.last if no_later_than is None else min(known.last, no_later_than)
        return PresenceInterval(learner, known.start, end, known.sightings, known.best_score)


def _coverage_last(interval: Interval) -> tuple[bool, int]:
    return isinstance(interval, CoverageInterval), interval.start


def recover(state: OpenState) -> list[Interval]:
    """The intervals of a Recorder that died: each closed at its last saved moment."""
    recorder = Recorder()
    recorder.state = state
    return recorder.unwatch(state.covered_to if state.covered_to is not None else 0, "crashed")
