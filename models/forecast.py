"""Who can still reach a course's share, and how: what was done, what is left, and the rule in; a state out. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Literal

from models.participation import Rule, Totals, judged

Outlook = Literal["enough", "possible", "too_late", "undecided"]
"""enough: completes whatever of the rest is missed. possible: completes if enough of the rest is attended. too_late:
doesn't, even if all of it is. undecided: so much was not observed that a person must look in any case."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """A learner's outlook in a course."""

    done: Totals
    """Of the sessions so far, added up."""
    left_ms: int
    """Scheduled time that is still to come."""
    best: float | None
    """The share if all of it is attended."""
    worst: float | None
    """The share if nothing of it is."""
    outlook: Outlook
    needed_ms: int | None
    """The least of the rest that must be attended to complete; None when that is impossible or a person must look."""

    @property
    def spare_ms(self) -> int | None:
        """How much of the rest may be missed at most; the less, the sooner somebody should speak with the learner."""
        return None if self.needed_ms is None else self.left_ms - self.needed_ms


def forecast(done: Totals, left_ms: int, rule: Rule) -> Forecast:
    """What can become of a learner. done: the sessions so far added up; left_ms: what is still scheduled.

    The rest is reckoned as watched. Faults to come can make a verdict `undecided`, but no lost share reachable again:
    to attend a moment is worth at least as much as not to be observed in it, under every rule.
    """
    best, worst = after(done, left_ms, left_ms, rule), after(done, 0, left_ms, rule)
    needed = None
    if worst.verdict == "completed":
        outlook: Outlook = "enough"
        needed = 0
    elif best.verdict == "completed":
        outlook = "possible"
        needed = bisect_left(
            range(left_ms + 1), True, key=lambda seen: after(done, seen, left_ms, rule).verdict == "completed"
        )
    else:
        outlook = "too_late" if best.verdict == "not_completed" else "undecided"
    return Forecast(done, left_ms, best.share, worst.share, outlook, needed)


def after(done: Totals, seen_ms: int, left_ms: int, rule: Rule) -> Totals:
    """The figures when `seen_ms` of the `left_ms` that are left have been attended and the rest missed."""
    return judged(
        done.scheduled_ms + left_ms,
        done.seen_ms + seen_ms,
        done.not_seen_ms + left_ms - seen_ms,
        done.attended_ms + seen_ms,
        done.counted_ms + left_ms,
        rule,
    )
