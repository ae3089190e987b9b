"""Incremental totals against the batch computation: whatever comes, in whatever order, they are exactly equal."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.corrections.effect import Holds, Made, pairs, segments_of
from models.islands import PointTotals
from models.participation import FAR, Participation, Rule, participation, scheduled
from models.spans import Spans, intersect, spans, subtract, total

WHO = ("a", "b")
people = st.sampled_from("aaaab")
moments = st.integers(-5, 45)
breaks = st.builds(lambda start, length: (start, start + length), moments, st.integers(0, 6))
schedules = st.builds(scheduled, st.integers(-5, 10), st.integers(10, 50), st.lists(breaks, max_size=3))
rules = st.builds(
    Rule,
    gap_tolerance_s=st.sampled_from([0, 4, 5, 10, 15, 30]),
    share_needed=st.sampled_from([0.0, 0.5, 0.8, 1.0]),
    not_observed=st.sampled_from(["excused", "present_if_around", "nothing"]),
    not_observed_up_to=st.sampled_from([0.0, 0.2, 1.0]),
    before_check_in_counts=st.booleans(),
)
untils = st.one_of(st.just(FAR), st.integers(-5, 55))
UNIT = 5000
"""Moments are in steps of five seconds here, so that many gaps are exactly as long as a tolerance."""


class Watch(NamedTuple):
    start: int
    end: int


class See(NamedTuple):
    who: str
    start: int
    end: int


class CheckIn(NamedTuple):
    who: str
    at: int


class Vouch(NamedTuple):
    who: str
    start: int
    end: int


class Unobserve(NamedTuple):
    who: str
    start: int
    end: int


class Correct(NamedTuple):
    who: str
    start: int
    end: int
    adds: bool


Arrival = Watch | See | CheckIn | Vouch | Unobserve | Correct


def see(who: str, start: int, length: int) -> See:
    return See(who, start, start + length)


def watch(start: int, length: int) -> Watch:
    return Watch(start, start + length)


check_ins = st.builds(CheckIn, people, moments)
sees = st.one_of(*[st.builds(see, people, moments, st.integers(-1, length)) for length in (3, 3, 30)])
watches = st.one_of(*[st.builds(watch, moments, st.integers(-1, length)) for length in (5, 60)])
vouches = st.builds(lambda who, start, length: Vouch(who, start, start + length), people, moments, st.integers(-1, 8))
unobserved = st.builds(
    lambda who, start, length: Unobserve(who, start, start + length), people, moments, st.integers(-1, 20)
)
corrections = st.builds(
    lambda who, start, length, adds: Correct(who, start, start + length, adds),
    people, moments, st.integers(-1, 15), st.booleans(),
)  # fmt: skip
arrivals = st.lists(st.one_of(sees, sees, sees, watches, check_ins), min_size=8, max_size=30)
beside_the_camera = st.lists(
    st.one_of(sees, sees, watches, watches, check_ins, vouches, vouches, unobserved, unobserved),
    min_size=8, max_size=30,
)  # fmt: skip
corrected_too = st.lists(
    st.one_of(sees, sees, watches, watches, vouches, unobserved, corrections, corrections), min_size=8, max_size=30
)
any_arrivals = st.one_of(arrivals, beside_the_camera)
odd = st.integers(0, 999)


@dataclass
class Batch:
    """The records themselves, kept for the batch computation."""

    watched: list[tuple[int, int]] = field(default_factory=list)
    seen: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {who: [] for who in WHO})
    checked_in: dict[str, int] = field(default_factory=dict)
    vouched: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {who: [] for who in WHO})
    unobserved: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {who: [] for who in WHO})

    corrected: dict[str, list[Correct]] = field(default_factory=lambda: {who: [] for who in WHO})

    def said(self, who: str) -> tuple[Spans, Spans]:
        """Moment by moment, what was said of it last: added, taken away."""
        last: dict[int, bool] = {}
        for one in self.corrected[who]:
            last |= dict.fromkeys(range(one.start, one.end), one.adds)
        added, taken = (
            spans([(at * UNIT, (at + 1) * UNIT) for at, adds in last.items() if adds is wanted])
            for wanted in (True, False)
        )
        return added, taken

    def of(self, who: str, schedule: Spans, rule: Rule) -> Participation:
        at, vouched, unobserved = self.checked_in.get(who), self.vouched[who], self.unobserved[who]
        return participation(schedule, self.seen[who], self.watched, rule, at, vouched, unobserved, *self.said(who))


def take(point: PointTotals, batch: Batch, arrival: Arrival) -> None:
    match arrival:
        case See(who, start, end):
            point.see(who, start * UNIT, end * UNIT)
            batch.seen[who].append((start * UNIT, end * UNIT))
        case CheckIn(who, at):
            point.check_in(who, at * UNIT)
            batch.checked_in[who] = min(at * UNIT, batch.checked_in.get(who, FAR))
        case Vouch(who, start, end):
            point.vouch(who, start * UNIT, end * UNIT)
            batch.vouched[who].append((start * UNIT, end * UNIT))
        case Unobserve(who, start, end):
            point.unobserve(who, start * UNIT, end * UNIT)
            batch.unobserved[who].append((start * UNIT, end * UNIT))
        case Correct(who=who):
            batch.corrected[who].append(arrival)
            made = [
                Holds(
                    Made(str(at), "s", "added" if one.adds else "taken", "single", "other", False, None, None, at),
                    at,
                    None,
                )
                for at, one in enumerate(batch.corrected[who])
            ]
            parts = {str(at): [(who, one.start * UNIT, one.end * UNIT)] for at, one in enumerate(batch.corrected[who])}
            added, taken = pairs(segments_of(made, parts).get(who, ()))
            point.correct(who, spans(added), spans(taken))
        case Watch(start, end):
            point.watch(start * UNIT, end * UNIT)
            batch.watched.append((start * UNIT, end * UNIT))


def stretched(schedule: Spans) -> Spans:
    return schedule * UNIT


def cut(schedule: Spans, until: int) -> Spans:
    """The schedule up to a moment, made without models.spans' own cutting."""
    rows = [(start, min(end, until)) for start, end in schedule.tolist() if start < until]
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def assert_equal(point: PointTotals, batch: Batch, schedule: Spans, rule: Rule, until: int = FAR) -> None:
    for who in WHO:
        wanted, got = batch.of(who, cut(schedule, until), rule), point.of(who, until)
        assert point.totals(who, until) == got.totals == wanted.totals
        for name in ("scheduled", "seen", "not_seen", "not_observed"):
            assert getattr(got, name).tolist() == getattr(wanted, name).tolist(), name


@settings(deadline=None)
@given(schedules, rules, any_arrivals, untils)
def test_after_every_record_the_totals_are_those_of_the_batch(
    plan: Spans, rule: Rule, some: list[Arrival], until: int
) -> None:
    schedule = stretched(plan)
    point, batch = PointTotals(schedule, rule), Batch()
    for arrival in some:
        take(point, batch, arrival)
        assert_equal(point, batch, schedule, rule)
    assert_equal(point, batch, schedule, rule, until if until == FAR else until * UNIT)


@settings(deadline=None)
@given(schedules, rules, corrected_too, untils)
def test_corrections_come_in_between_and_the_later_one_says_what_is_so(
    plan: Spans, rule: Rule, some: list[Arrival], until: int
) -> None:
    schedule = stretched(plan)
    point, batch = PointTotals(schedule, rule), Batch()
    for arrival in some:
        take(point, batch, arrival)
        assert_equal(point, batch, schedule, rule)
    assert_equal(point, batch, schedule, rule, until if until == FAR else until * UNIT)
    for who in WHO:
        one, (added, taken) = point.of(who), batch.said(who)
        parts = (one.seen, one.not_seen, one.not_observed)
        assert sum(total(part) for part in parts) == total(schedule)
        assert not len(intersect(one.seen, taken)) and not len(intersect(one.not_seen, added))
        assert not len(intersect(one.not_observed, added))
        uncorrected = participation(
            schedule, batch.seen[who], batch.watched, rule, batch.checked_in.get(who), batch.vouched[who],
            batch.unobserved[who],
        )  # fmt: skip
        assert not len(subtract(intersect(uncorrected.not_observed, taken), one.not_observed))  # never an absence


little = st.builds(see, st.just("a"), st.integers(0, 40), st.integers(1, 2))
bridging = st.builds(Rule, gap_tolerance_s=st.sampled_from([5, 10, 15, 30]))
dark = st.builds(lambda start, length: (start, start + length), st.integers(-2, 40), st.integers(1, 4))


@settings(deadline=None, max_examples=200)
@given(st.lists(little, min_size=6, max_size=14), st.lists(dark, max_size=3), bridging, st.integers(0, 14))
def test_many_short_stays_with_gaps_around_the_tolerance(
    stays: list[See], holes: list[tuple[int, int]], rule: Rule, turn: int
) -> None:
    watched = [Watch(start, end) for start, end in subtract(spans([(-5, 45)]), spans(holes)).tolist()]
    schedule = stretched(scheduled(0, 40, [(20, 22)]))
    point, batch = PointTotals(schedule, rule), Batch()
    story: list[Arrival] = [*stays[:turn], *watched, *stays[turn:]]
    for arrival in story:
        take(point, batch, arrival)
        assert point.totals("a") == batch.of("a", schedule, rule).totals


@settings(deadline=None)
@given(schedules, rules, any_arrivals, st.randoms(use_true_random=False))
def test_neither_order_nor_duplicates_change_anything(
    plan: Spans, rule: Rule, some: list[Arrival], random: Random
) -> None:
    schedule = stretched(plan)
    point, batch = PointTotals(schedule, rule), Batch()
    for arrival in some:
        take(point, batch, arrival)
    again = some + some[::2]
    random.shuffle(again)
    other = PointTotals(schedule, rule)
    for arrival in again:
        take(other, Batch(), arrival)
    for who in WHO:
        assert other.totals(who) == point.totals(who)
    assert_equal(other, batch, schedule, rule)


@settings(deadline=None)
@given(schedules, rules, any_arrivals, schedules, rules, any_arrivals)
def test_a_changed_plan_and_rule_count_the_records_of_before_and_after(
    plan: Spans, rule: Rule, some: list[Arrival], new_plan: Spans, new_rule: Rule, more: list[Arrival]
) -> None:
    point, batch = PointTotals(stretched(plan), rule), Batch()
    for arrival in some:
        take(point, batch, arrival)
    point.replan(stretched(new_plan), new_rule)
    assert_equal(point, batch, stretched(new_plan), new_rule)
    for arrival in more:
        take(point, batch, arrival)
    assert_equal(point, batch, stretched(new_plan), new_rule)


@settings(deadline=None)
@given(schedules, rules, any_arrivals, any_arrivals)
def test_a_copy_goes_its_own_way(plan: Spans, rule: Rule, some: list[Arrival], more: list[Arrival]) -> None:
    schedule = stretched(plan)
    point, batch = PointTotals(schedule, rule), Batch()
    for arrival in some:
        take(point, batch, arrival)
    other = copy(point)
    for arrival in more:
        take(other, Batch(), arrival)
    assert_equal(point, batch, schedule, rule)


@settings(deadline=None)
@given(st.lists(st.tuples(odd, odd), max_size=12), st.lists(st.tuples(odd, odd), max_size=6), rules, odd)
def test_milliseconds_count_exactly(
    seen: list[tuple[int, int]], watched: list[tuple[int, int]], rule: Rule, until: int
) -> None:
    base = 1_795_482_000_000
    schedule = scheduled(base + 100, base + 900, [(base + 300, base + 350)])
    point, batch = PointTotals(schedule, rule), Batch()
    for start, end in watched:
        point.watch(base + start, base + end)
        batch.watched.append((base + start, base + end))
    for start, end in seen:
        point.see("a", base + start, base + end)
        batch.seen["a"].append((base + start, base + end))
    assert_equal(point, batch, schedule, rule, base + until)


def test_nothing_recorded_is_not_observed() -> None:
    got = PointTotals(scheduled(0, 1000), Rule()).totals("nobody")
    assert (got.scheduled_ms, got.not_observed_ms, got.verdict) == (1000, 1000, "undecided")


def test_a_stay_that_is_told_later_inside_a_bridged_gap_counts_once() -> None:
    point = PointTotals(scheduled(0, 100_000), Rule())
    point.watch(0, 100_000)
    for start, end in ((0, 10_000), (30_000, 40_000), (15_000, 20_000)):
        point.see("a", start, end)
    assert point.totals("a").seen_ms == 40_000


def test_what_is_said_of_one_learner_changes_nobody_elses_figures() -> None:
    point = PointTotals(scheduled(0, 100_000), Rule())
    point.watch(0, 100_000)
    point.see("b", 10_000, 20_000)
    before = point.totals("b")
    point.vouch("a", 0, 50_000)
    point.unobserve("a", 50_000, 90_000)
    point.see("a", 60_000, 70_000)
    mine = point.totals("a")
    assert (mine.seen_ms, mine.not_seen_ms, mine.not_observed_ms) == (60_000, 10_000, 30_000)
    assert point.totals("b") == before
