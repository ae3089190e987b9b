"""Participation: intervals, schedule, breaks and rule in; the three values of presence and a verdict out. Pure.

Scheduled = seen + not seen + not observed, always, to the millisecond:

    seen         = scheduled ∩ presence, with gaps up to the rule's tolerance bridged where the room was watched
    not seen     = scheduled ∩ coverage, minus seen
    not observed = the rest: nobody watched, so nothing is known; a fault is never an absence

A learner who was vouched for was present, and was observed whatever the camera saw. A learner whom the camera could not
have seen (a far seat, a face that it does not know) was not observed, but where the camera saw the learner or somebody
vouched: seen wins. So each learner has a presence and a coverage of his own:

    presence of a learner = presence ∪ vouched
    coverage of a learner = (coverage ∪ vouched) − (unobserved − presence of the learner)

A correction by a person has the last word, exactly from when to when it says, whatever the rule bridges or leaves out:

    seen         = (seen ∪ scheduled ∩ added) − taken
    not seen     = (not seen − added) ∪ (seen ∩ taken)

So time that is taken away becomes not seen where it was seen, and stays not observed where nobody watched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np

from models.spans import Spans, intersect, spans, subtract, time_before, total, united

Verdict = Literal["completed", "not_completed", "undecided"]
"""`undecided`: more time is not observed than the rule lets anybody decide by; a person must look."""
FAR = 1 << 62
"""Later than any moment (ms)."""


NotObserved = Literal["excused", "present_if_around", "nothing"]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Minutes = Annotated[int, msgspec.Meta(ge=1, le=240)]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A course's participation rule. Its defaults are a course's starting point, not law: programmes set their own."""

    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    """Counts a course's rules, from 1 on; the newest holds for all its sessions."""
    gap_tolerance_s: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 60
    """A gap between two presence intervals counts as seen when no more than this of it was watched."""
    late_after_min: Minutes = 5
    """A learner who was missed for so many minutes from the start on is marked late; presence stays as it is."""
    early_before_min: Minutes = 5
    """A learner who was missed for so many minutes up to the end is marked as gone early."""
    share_needed: Share = 0.8
    """Share of the scheduled time from which a learner has completed."""
    before_check_in_counts: bool = True
    not_observed: NotObserved = "excused"
    """What unobserved time does to the share: leaves the sum (`excused`), counts as attended where the learner was
    seen right before and right after it (`present_if_around`), or counts as not attended (`nothing`)."""
    not_observed_up_to: Share = 0.2
    """Over this share of unobserved time the verdict is `undecided`."""


@dataclass(frozen=True, slots=True)
class Totals:
    """One learner's figures in one session, or in what has passed of it; seen + not seen + not observed = scheduled."""

    scheduled_ms: int
    seen_ms: int
    not_seen_ms: int
    """Milliseconds watched, scheduled and not seen."""
    not_observed_ms: int
    """Scheduled milliseconds of which nothing is known."""
    attended_ms: int
    """What counts as attended under the rule: seen, and what `present_if_around` adds."""
    counted_ms: int
    """What that is a share of: scheduled, less what is excused."""
    share: float | None
    """attended / counted, 0 to 1; None when nothing is scheduled or all of it is excused."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Participation:
    """One learner's part in one session (or in what has passed of it). All spans in ms, as models.spans has them."""

    scheduled: Spans
    seen: Spans
    not_seen: Spans
    not_observed: Spans
    totals: Totals

    @property
    def seen_ms(self) -> int:
        """Milliseconds seen."""
        return self.totals.seen_ms

    @property
    def not_seen_ms(self) -> int:
        """Milliseconds watched, scheduled and not seen."""
        return self.totals.not_seen_ms

    @property
    def not_observed_ms(self) -> int:
        """Scheduled milliseconds of which nothing is known."""
        return self.totals.not_observed_ms

    @property
    def scheduled_ms(self) -> int:
        """Scheduled milliseconds."""
        return self.totals.scheduled_ms

    @property
    def share(self) -> float | None:
        """Attended share under the rule, 0 to 1; None when nothing is scheduled or all of it is excused."""
        return self.totals.share

    @property
    def verdict(self) -> Verdict:
        """What the rule says."""
        return self.totals.verdict


def scheduled(start: int, end: int, breaks: Iterable[tuple[int, int]] = (), until: int | None = None) -> Spans:
    """The scheduled time of a session (ms): from start to end minus its breaks, no later than `until`."""
    return subtract(spans([(start, end if until is None else min(end, until))]), spans(breaks))


def bridge(presence: Spans, coverage: Spans, tolerance_ms: int) -> Spans:
    """Presence with its gaps bridged: a gap of which at most `tolerance_ms` was covered counts, in its covered part.

    The tolerance is measured in covered time, so that a gap that spans a dark minute is not a gap of the learner; the
    dark minute itself stays out, for nobody saw it.
    """
    if len(presence) < 2:
        return presence
    gaps = np.stack((presence[:-1, 1], presence[1:, 0]), axis=1)
    watched = time_before(coverage, gaps)
    short = gaps[watched[:, 1] - watched[:, 0] <= tolerance_ms]
    return spans(np.concatenate((presence, intersect(short, coverage))))


def participation(
    schedule: Spans,
    presence: Iterable[tuple[int, int]] | Spans,
    coverage: Iterable[tuple[int, int]] | Spans,
    rule: Rule,
    checked_in_at: int | None = None,
    vouched: Iterable[tuple[int, int]] | Spans = (),
    unobserved: Iterable[tuple[int, int]] | Spans = (),
    added: Iterable[tuple[int, int]] | Spans = (),
    taken: Iterable[tuple[int, int]] | Spans = (),
) -> Participation:
    """Compute one learner's participation.

    schedule: from `scheduled`. presence: the learner's presence intervals, any order, overlaps welcome. coverage: of
    the learner's bridge point. checked_in_at: for rules under which time before the check-in does not count.
    vouched: when the learner was known without the camera; unobserved: when the camera could not have seen the learner.
    added, taken: what corrections say, no moment in both. All in ms of server time. models.islands has the same
    incrementally.
    """
    there = united(spans(presence), spans(vouched))
    watched = own_coverage(united(spans(coverage), spans(vouched)), there, spans(unobserved))
    known = bridge(there, watched, rule.gap_tolerance_s * 1000)
    divided = divide(schedule, known, watched, since(rule, checked_in_at))
    seen, not_seen, not_observed = corrected(*divided, spans(added), spans(taken))
    around = total(around_of(not_observed, seen)) if rule.not_observed == "present_if_around" else 0
    totals = totals_of(total(schedule), total(seen), total(not_seen), around, rule)
    return Participation(schedule, seen, not_seen, not_observed, totals)


def own_coverage(coverage: Spans, presence: Spans, unobserved: Spans) -> Spans:
    """When one learner could have been observed. coverage, presence: with what was vouched for in them."""
    return subtract(coverage, subtract(unobserved, presence)) if len(unobserved) else coverage


def since(rule: Rule, checked_in_at: int | None) -> int:
    """The moment from which presence counts under a rule (ms)."""
    if rule.before_check_in_counts:
        return -FAR
    return FAR if checked_in_at is None else checked_in_at


def divide(schedule: Spans, known: Spans, watched: Spans, counts_from: int = -FAR) -> tuple[Spans, Spans, Spans]:
    """The schedule as seen, not seen and not observed. known: presence, bridged; it counts from a moment on."""
    if counts_from > -FAR:
        known = intersect(known, spans([(counts_from, FAR)]))
    seen = intersect(schedule, known)
    not_seen = subtract(intersect(schedule, watched), seen)
    return seen, not_seen, subtract(subtract(schedule, seen), not_seen)


def corrected(
    seen: Spans, not_seen: Spans, not_observed: Spans, added: Spans, taken: Spans
) -> tuple[Spans, Spans, Spans]:
    """The three values with what corrections say on top. added, taken: no moment in both."""
    if not len(added) and not len(taken):
        return seen, not_seen, not_observed
    now_seen = united(seen, intersect(united(not_seen, not_observed), added))
    now_not_seen = united(subtract(not_seen, added), intersect(now_seen, taken))
    return subtract(now_seen, taken), now_not_seen, subtract(not_observed, added)


def totals_of(scheduled_ms: int, seen_ms: int, not_seen_ms: int, around_ms: int, rule: Rule) -> Totals:
    """Share and verdict of a learner's milliseconds. around_ms: of `around_of`, for the rule that counts them."""
    attended, counted = seen_ms, scheduled_ms
    if rule.not_observed == "excused":
        counted = seen_ms + not_seen_ms
    elif rule.not_observed == "present_if_around":
        attended += around_ms
    return judged(scheduled_ms, seen_ms, not_seen_ms, attended, counted, rule)


def judged(scheduled_ms: int, seen_ms: int, not_seen_ms: int, attended_ms: int, counted_ms: int, rule: Rule) -> Totals:
    """Totals with the share and the verdict that the rule gives them."""
    not_observed_ms = scheduled_ms - seen_ms - not_seen_ms
    share = attended_ms / counted_ms if counted_ms else None
    unobserved = not_observed_ms / scheduled_ms if scheduled_ms else 0.0
    if unobserved > rule.not_observed_up_to or share is None:
        verdict: Verdict = "undecided"
    else:
        verdict = "completed" if share >= rule.share_needed else "not_completed"
    return Totals(scheduled_ms, seen_ms, not_seen_ms, not_observed_ms, attended_ms, counted_ms, share, verdict)


def add_up(parts: Iterable[Totals], rule: Rule) -> Totals:
    """A learner's figures over the sessions of a course: every sum by itself, then share and verdict of the sums.

    The course's share is the sum of what was attended over the sum of what counts, so long sessions weigh more.
    """
    some = tuple(parts)
    return judged(
        sum(one.scheduled_ms for one in some),
        sum(one.seen_ms for one in some),
        sum(one.not_seen_ms for one in some),
        sum(one.attended_ms for one in some),
        sum(one.counted_ms for one in some),
        rule,
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks beside a session's presence, which they never change; whole minutes, None where there is no mark."""

    late_min: int | None
    early_min: int | None


def marks(part: Participation, start: int, over: bool, rule: Rule) -> Marks:
    """Whether a learner came late and left early. start: of the session (ms). over: the session has ended.

    Only what was watched is held against anybody: whoever comes into the light of a dark room is not late. The time
    before the first sighting counts from the start on, the time after the last one up to the end.
    """
    if not len(part.seen):
        return Marks(None, None)
    first, last = int(part.seen[0, 0]), int(part.seen[-1, 1])
    late = _minutes(part.not_seen[part.not_seen[:, 1] <= first])
    early = _minutes(part.not_seen[part.not_seen[:, 0] >= last])
    known = len(part.not_seen) > 0 and int(part.not_seen[0, 0]) <= start
    return Marks(
        late if known and late >= rule.late_after_min else None,
        early if over and early >= rule.early_before_min else None,
    )


def _minutes(a: Spans) -> int:
    return total(a) // 60_000


def around_of(not_observed: Spans, seen: Spans) -> Spans:
    """The unobserved spans that begin where seen time ends and end where it begins again."""
    touches = np.isin(not_observed[:, 0], seen[:, 1]) & np.isin(not_observed[:, 1], seen[:, 0])
    return not_observed[touches]
