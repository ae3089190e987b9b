"""Participation that is carried on: each new record changes totals where it lies, and nothing else is read again. Pure.

A learner's presence is kept as islands: sorted, disjoint, never touching intervals, found by bisection. With F[t] the
scheduled milliseconds before t, an island is worth F[end] - F[start], and a gap between two islands, when no more of it
was watched than the rule tolerates, is worth its scheduled and watched part. A record changes the islands it touches
and the gaps beside them; what stands elsewhere keeps its worth. So the totals never depend on the order of arrival, on
duplicates or overlaps, and are exactly those of models.participation.participation.

A learner who was vouched for, or could not have been seen, has a coverage of his own. His islands are kept as everybody
else's are, and measured against that coverage when somebody asks: so nobody else's record costs more for it. What
corrections say of a learner is likewise laid on top when somebody asks.

What costs what (n islands of the learner, e edges of schedule and coverage, l learners of the bridge point):

    presence   O(log n + log e), plus the islands that it swallows; a list insertion moves n pointers
    coverage   O(e) for the sums, and for each learner O(log n) plus the islands within the new coverage
    check-in   nothing, or that learner anew, O(n log e), where the rule does not count time before it
    totals     O(1) plus the islands after `until`; O(n) where unobserved time counts when present around it
    vouched    as presence; unobserved, correction: O(1). Totals of a learner who has any: O((n + e) log (n + e)), anew
               each time
    plan, rule every learner anew from its islands, O(l n log e); no record is read again
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from copy import copy

import numpy as np

from models.participation import (
    FAR,
    Participation,
    Rule,
    Totals,
    around_of,
    bridge,
    corrected,
    divide,
    own_coverage,
    since,
    totals_of,
)
from models.spans import Spans, intersect, spans, total, united

_BITS = 64
_LOW = (1 << _BITS) - 1
_BOTH = _LOW << _BITS
"""Three sums of milliseconds ride in one integer, 64 bits each, so that one addition adds them all: the lowest counts
time scheduled and not watched, the next time scheduled and watched, the highest watched time. No sum or difference of
a later and an earlier one is ever negative. A bridged gap is worth its `_BOTH`."""
_SCHEDULED, _WATCHED = 1, 2
_RATES = (0, 1, 1 << 2 * _BITS, (1 << _BITS) + (1 << 2 * _BITS))
"""What a millisecond adds: outside of both, scheduled, watched, scheduled and watched."""


class _Ground:
    """What presence at one bridge point is measured against: schedule and coverage, with their sums at each edge."""

    __slots__ = ("_edges", "_rates", "_sums", "ends", "schedule", "starts")

    def __init__(self, schedule: Spans, starts: list[int], ends: list[int]) -> None:
        """starts, ends: of the coverage, as islands."""
        self.schedule, self.starts, self.ends = schedule, starts, ends
        turns: dict[int, int] = dict.fromkeys(schedule.ravel().tolist(), _SCHEDULED)
        for edge in (*starts, *ends):
            turns[edge] = turns.get(edge, 0) | _WATCHED
        self._edges, self._rates, self._sums = [-2 * FAR], [0], [0]
        state = 0
        for edge in sorted(turns):
            self._sums.append(self.before(edge))
            state ^= turns[edge]
            self._edges.append(edge)
            self._rates.append(_RATES[state])

    def before(self, moment: int) -> int:
        """The three sums up to a moment."""
        at = bisect_right(self._edges, moment) - 1
        return self._sums[at] + self._rates[at] * (moment - self._edges[at])

    def coverage(self) -> Spans:
        """When the room was watched."""
        return _spans(self.starts, self.ends)

    def watched(self, start: int, end: int) -> _Ground:
        """The same with more coverage; itself when that was known."""
        first, behind = bisect_left(self.ends, start), bisect_right(self.starts, end)
        if first < behind:
            if self.starts[first] <= start and end <= self.ends[first]:
                return self
            start, end = min(start, self.starts[first]), max(end, self.ends[behind - 1])
        starts, ends = self.starts.copy(), self.ends.copy()
        starts[first:behind], ends[first:behind] = (start,), (end,)
        return _Ground(self.schedule, starts, ends)


def _spans(starts: list[int], ends: list[int]) -> Spans:
    return np.array((starts, ends), dtype=np.int64).T


class _Learner:
    """One learner's islands, and what those within the schedule are worth together."""

    __slots__ = ("checked_in_at", "ends", "starts", "worth")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.checked_in_at: int | None = None
        self.worth = 0

    def __copy__(self) -> _Learner:
        other = _Learner()
        other.starts, other.ends = self.starts.copy(), self.ends.copy()
        other.checked_in_at, other.worth = self.checked_in_at, self.worth
        return other


class _Own:
    """What was recorded of one learner beside the camera: intervals in the order in which they came."""

    __slots__ = ("unobserved", "vouched")

    def __init__(self) -> None:
        self.vouched: list[tuple[int, int]] = []
        self.unobserved: list[tuple[int, int]] = []

    def __copy__(self) -> _Own:
        other = _Own()
        other.vouched, other.unobserved = self.vouched.copy(), self.unobserved.copy()
        return other


class PointTotals:
    """The participation of everybody at one bridge point in one session. All times in ms of server time.

    schedule: of the whole session, from models.participation.scheduled.
    """

    def __init__(self, schedule: Spans | None = None, rule: Rule | None = None) -> None:
        self._plan(_Ground(spans(()) if schedule is None else schedule, [], []), rule or Rule())
        self._learners: dict[str, _Learner] = {}
        self._own: dict[str, _Own] = {}
        self._corrected: dict[str, tuple[Spans, Spans]] = {}

    def _plan(self, ground: _Ground, rule: Rule) -> None:
        self._ground = ground
        self._rule = rule
        self._bridged = ((rule.gap_tolerance_s * 1000 + 1) << 2 * _BITS) - 1
        """The sums over the longest gap that is bridged, as far as they are compared."""

    def __copy__(self) -> PointTotals:
        other = PointTotals.__new__(PointTotals)
        other._ground, other._rule, other._bridged = self._ground, self._rule, self._bridged
        other._learners = {who: copy(one) for who, one in self._learners.items()}
        other._own = {who: copy(one) for who, one in self._own.items()}
        other._corrected = dict(self._corrected)
        return other

    def see(self, learner: str, start: int, end: int) -> None:
        """The learner was present from start to end."""
        if end <= start:
            return
        one = self._learners.get(learner)
        if one is None:
            one = self._learners[learner] = _Learner()
        starts, ends = one.starts, one.ends
        first, behind = bisect_left(ends, start), bisect_right(starts, end)
        if first < behind:
            if starts[first] <= start and end <= ends[first]:
                return
            start, end = min(start, starts[first]), max(end, ends[behind - 1])
        elif self._rule.before_check_in_counts:
            one.worth += self._added(one, first, start, end)
            starts.insert(first, start)
            ends.insert(first, end)
            return
        one.worth -= self._worth(one, first, behind)
        starts[first:behind] = (start,)
        ends[first:behind] = (end,)
        one.worth += self._worth(one, first, first + 1)

    def watch(self, start: int, end: int) -> None:
        """The room was watched from start to end."""
        before = self._ground
        after = before.watched(start, end) if start < end else before
        if after is before:
            return
        for one in self._learners.values():
            if one.starts and one.starts[0] < end and start < one.ends[-1]:
                first, behind = bisect_right(one.ends, start), bisect_left(one.starts, end)
                self._ground = before
                one.worth -= self._worth(one, first, behind)
                self._ground = after
                one.worth += self._worth(one, first, behind)
        self._ground = after

    def vouch(self, learner: str, start: int, end: int) -> None:
        """The learner was present from start to end, known without the camera."""
        if start < end:
            self.see(learner, start, end)
            self._own.setdefault(learner, _Own()).vouched.append((start, end))

    def unobserve(self, learner: str, start: int, end: int) -> None:
        """The camera could not have seen the learner from start to end."""
        if start < end:
            self._own.setdefault(learner, _Own()).unobserved.append((start, end))

    def correct(self, learner: str, added: Spans, taken: Spans) -> None:
        """What corrections say of a learner, in the place of what was said before; no moment in both."""
        if len(added) or len(taken):
            self._corrected[learner] = (added, taken)
        else:
            self._corrected.pop(learner, None)

    def check_in(self, learner: str, at: int) -> None:
        """The learner checked in; the earliest check-in counts."""
        one = self._learners.setdefault(learner, _Learner())
        if one.checked_in_at is None or at < one.checked_in_at:
            one.checked_in_at = at
            if not self._rule.before_check_in_counts:
                one.worth = self._worth(one, 0, len(one.starts))

    def replan(self, schedule: Spans, rule: Rule) -> None:
        """Another schedule or rule: everybody is counted anew from the islands."""
        self._plan(_Ground(schedule, self._ground.starts, self._ground.ends), rule)
        for one in self._learners.values():
            one.worth = self._worth(one, 0, len(one.starts))

    @property
    def coverage(self) -> Spans:
        """When the room was watched."""
        return self._ground.coverage()

    def coverage_of(self, learner: str) -> Spans:
        """When the learner could have been observed."""
        own = self._own.get(learner)
        if own is None:
            return self.coverage
        watched = united(self.coverage, spans(own.vouched))
        return own_coverage(watched, self._islands(learner), spans(own.unobserved))

    def known(self, learner: str) -> Spans:
        """The learner's presence with its gaps bridged, in and out of the schedule."""
        return bridge(self._islands(learner), self.coverage_of(learner), self._rule.gap_tolerance_s * 1000)

    def _islands(self, learner: str) -> Spans:
        one = self._learners.get(learner)
        return spans(()) if one is None else _spans(one.starts, one.ends)

    def totals(self, learner: str, until: int = FAR) -> Totals:
        """The learner's figures in the whole session or in what has passed of it `until` then."""
        if self._rule.not_observed == "present_if_around" or learner in self._own or learner in self._corrected:
            return self.of(learner, until).totals
        return self._totals(learner, until, 0)

    def of(self, learner: str, until: int = FAR) -> Participation:
        """The learner's figures with their spans: what `participation` says of the records that came."""
        one, schedule = self._learners.get(learner), self._ground.schedule
        if len(schedule) and until < schedule[-1, 1]:
            schedule = intersect(schedule, spans([(-FAR, until)]))
        counts_from = since(self._rule, one.checked_in_at if one else None)
        watched = self.coverage_of(learner)
        known = bridge(self._islands(learner), watched, self._rule.gap_tolerance_s * 1000)
        seen, not_seen, not_observed = divide(schedule, known, watched, counts_from)
        if learner in self._corrected:
            seen, not_seen, not_observed = corrected(seen, not_seen, not_observed, *self._corrected[learner])
        around = total(around_of(not_observed, seen)) if self._rule.not_observed == "present_if_around" else 0
        if learner in self._own or learner in self._corrected:
            totals = totals_of(total(schedule), total(seen), total(not_seen), around, self._rule)
        else:
            totals = self._totals(learner, until, around)
        return Participation(schedule, seen, not_seen, not_observed, totals)

    def _totals(self, learner: str, until: int, around: int) -> Totals:
        whole, worth = self._ground.before(until), 0
        one = self._learners.get(learner)
        if one is not None:
            worth = one.worth
            if one.ends and one.ends[-1] > until:
                first = bisect_right(one.ends, until)
                worth -= self._worth(one, first, len(one.ends), until)
        watched, watched_and_seen = (sums >> _BITS & _LOW for sums in (whole, worth))
        seen = (worth & _LOW) + watched_and_seen
        return totals_of((whole & _LOW) + watched, seen, watched - watched_and_seen, around, self._rule)

    def _added(self, one: _Learner, first: int, start: int, end: int) -> int:
        """What one more island adds, between those that end before `first` and those that begin there."""
        before, bridged = self._ground.before, self._bridged
        low, high = before(start), before(end)
        worth = high - low
        if first:
            left = before(one.ends[first - 1])
            if low - left <= bridged:
                worth += low - left & _BOTH
        if first < len(one.starts):
            right = before(one.starts[first])
            if right - high <= bridged:
                worth += right - high & _BOTH
            if first and right - left <= bridged:
                worth -= right - left & _BOTH
        return worth

    def _worth(self, one: _Learner, first: int, behind: int, low: int = -FAR) -> int:
        """What the islands from `first` to before `behind` are worth from the moment `low` on, and the gaps at them:
        the one before, those between and the one after."""
        starts, ends, before = one.starts, one.ends, self._ground.before
        low = max(low, since(self._rule, one.checked_in_at))
        worth = 0
        left = before(ends[first - 1]) if first else None
        for at in range(first, min(behind + 1, len(starts))):
            right = before(starts[at])
            if left is not None and right - left <= self._bridged:
                gap = right - left if ends[at - 1] >= low else before(max(starts[at], low)) - before(low)
                worth += gap & _BOTH
            if at < behind:
                left = before(ends[at])
                worth += left - right if starts[at] >= low else before(max(ends[at], low)) - before(low)
        return worth
