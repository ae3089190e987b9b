from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.participation import Marks, Rule, marks, participation, scheduled
from models.spans import intersect, spans, subtract, total

S = 1000
WHOLE = [(0, 3600 * S)]
HOUR = scheduled(0, 3600 * S)
HOUR_S = scheduled(0, 3600)
pairs = st.lists(st.tuples(st.integers(-100, 4000), st.integers(-100, 4000)), max_size=10)
rules = st.builds(
    Rule,
    gap_tolerance_s=st.integers(0, 300),
    not_observed=st.sampled_from(["excused", "present_if_around", "nothing"]),
    before_check_in_counts=st.booleans(),
)


@given(pairs, pairs, pairs, rules, st.none() | st.integers(0, 3600))
def test_scheduled_is_always_seen_plus_not_seen_plus_not_observed(
    breaks: list[tuple[int, int]],
    presence: list[tuple[int, int]],
    coverage: list[tuple[int, int]],
    rule: Rule,
    at: int | None,
) -> None:
    result = participation(scheduled(0, 3600, breaks), presence, coverage, rule, at)
    parts = (result.seen, result.not_seen, result.not_observed)
    assert result.scheduled_ms == sum(map(total, parts))
    assert not any(len(intersect(a, b)) for a in parts for b in parts if a is not b)
    assert result.share is None or 0 <= result.share <= 1


@given(pairs, pairs, pairs, pairs, rules, st.none() | st.integers(0, 3600))
def test_what_is_known_without_the_camera_divides_the_schedule_too_and_seen_wins(
    presence: list[tuple[int, int]],
    coverage: list[tuple[int, int]],
    vouched: list[tuple[int, int]],
    unobserved: list[tuple[int, int]],
    rules: Rule,
    at: int | None,
) -> None:
    result = participation(HOUR_S, presence, coverage, rules, at, vouched, unobserved)
    parts = (result.seen, result.not_seen, result.not_observed)
    assert result.scheduled_ms == sum(map(total, parts))
    assert not any(len(intersect(a, b)) for a in parts for b in parts if a is not b)
    if rules.before_check_in_counts:
        known = spans([*presence, *vouched])
        assert not len(subtract(intersect(HOUR_S, known), result.seen))
        blind = subtract(spans(unobserved), known)
        assert not len(intersect(result.not_seen, blind)) and not len(intersect(result.seen, blind))


@given(pairs, pairs, pairs)
def test_an_unobserved_time_is_never_an_absence_and_takes_no_seen_time_away(
    presence: list[tuple[int, int]], coverage: list[tuple[int, int]], unobserved: list[tuple[int, int]]
) -> None:
    rule = Rule(gap_tolerance_s=0)
    before = participation(HOUR_S, presence, coverage, rule)
    after = participation(HOUR_S, presence, coverage, rule, unobserved=unobserved)
    assert after.seen_ms == before.seen_ms and after.not_seen_ms <= before.not_seen_ms


def test_minutes_known_by_card_and_minutes_that_nobody_confirmed() -> None:
    """Card at 0, a spot check answered at 1200 s, none after; for a minute the camera saw the learner."""
    result = participation(
        HOUR, [(2400 * S, 2460 * S)], WHOLE, Rule(), 0, [(0, 0), (0, 1200 * S)], [(1200 * S, 3600 * S)]
    )
    assert (result.seen_ms, result.not_seen_ms, result.not_observed_ms) == (1260 * S, 0, 2340 * S)


def test_vouched_minutes_of_a_dark_room_are_seen() -> None:
    result = participation(HOUR, [], [(0, 600 * S)], Rule(), 0, [(0, 1800 * S)])
    assert (result.seen_ms, result.not_seen_ms, result.not_observed_ms) == (1800 * S, 0, 1800 * S)


@given(pairs, pairs)
def test_a_fault_is_never_an_absence(presence: list[tuple[int, int]], coverage: list[tuple[int, int]]) -> None:
    result = participation(scheduled(0, 3600), presence, coverage, Rule())
    assert not len(subtract(result.not_seen, spans(coverage)))


@given(pairs, pairs, pairs)
def test_more_presence_never_takes_seen_time_away(
    presence: list[tuple[int, int]], more: list[tuple[int, int]], coverage: list[tuple[int, int]]
) -> None:
    less = participation(scheduled(0, 3600), presence, coverage, Rule())
    now = participation(scheduled(0, 3600), presence + more, coverage, Rule())
    assert now.seen_ms >= less.seen_ms


@given(st.permutations([(0, 100), (150, 900), (850, 1000), (2000, 3600)]))
def test_the_order_of_arrival_changes_nothing(presence: list[tuple[int, int]]) -> None:
    assert participation(scheduled(0, 3600), presence, [(0, 3600)], Rule(gap_tolerance_s=0)).seen_ms == 100 + 850 + 1600


def test_breaks_are_not_scheduled_and_count_for_nobody() -> None:
    result = participation(scheduled(0, 100 * S, [(40 * S, 60 * S)]), [(0, 100 * S)], [(0, 100 * S)], Rule())
    assert (result.seen_ms, result.scheduled_ms, result.share) == (80 * S, 80 * S, 1.0)


def test_a_gap_within_the_tolerance_is_bridged_and_a_longer_one_is_not() -> None:
    rule = Rule(gap_tolerance_s=60)
    assert participation(HOUR, [(0, 600 * S), (660 * S, 3600 * S)], WHOLE, rule).not_seen_ms == 0
    assert participation(HOUR, [(0, 600 * S), (661 * S, 3600 * S)], WHOLE, rule).not_seen_ms == 61 * S


def test_a_dark_minute_is_neither_presence_nor_absence_nor_a_gap_of_the_learner() -> None:
    dark = [(0, 600 * S), (720 * S, 3600 * S)]
    result = participation(HOUR, [(0, 598 * S), (723 * S, 3600 * S)], dark, Rule(gap_tolerance_s=15))
    assert (result.not_seen_ms, result.not_observed_ms, result.seen_ms) == (0, 120 * S, 3480 * S)


@pytest.mark.parametrize(
    ("kind", "share"),
    [("excused", 1.0), ("present_if_around", 1.0), ("nothing", 3240 / 3600)],
)
def test_unobserved_time_counts_as_the_course_says(kind: Any, share: float) -> None:
    result = participation(
        HOUR, [(0, 1800 * S), (2160 * S, 3600 * S)], [(0, 1800 * S), (2160 * S, 3600 * S)], Rule(not_observed=kind)
    )
    assert result.share == pytest.approx(share)
    assert result.seen_ms == 3240 * S, "unobserved time is never added to seen time"


def test_present_if_around_asks_for_the_learner_on_both_sides() -> None:
    rule = Rule(not_observed="present_if_around", not_observed_up_to=0.5)
    result = participation(HOUR, [(0, 1800 * S)], [(0, 1800 * S), (2160 * S, 3600 * S)], rule)
    assert result.share == pytest.approx(0.5)


def test_too_much_unobserved_time_leaves_the_verdict_to_a_person() -> None:
    result = participation(HOUR, [(0, 2000 * S)], [(0, 2000 * S)], Rule(not_observed_up_to=0.2))
    assert (result.share, result.verdict) == (1.0, "undecided")


def test_nothing_observed_at_all_is_undecided_and_not_absent() -> None:
    result = participation(HOUR, [], [], Rule())
    assert (result.share, result.verdict, result.not_seen_ms) == (None, "undecided", 0)


def test_a_learner_below_the_needed_share_has_not_completed() -> None:
    rule = Rule(share_needed=0.8)
    assert participation(HOUR, [(0, 2879 * S)], WHOLE, rule).verdict == "not_completed"
    assert participation(HOUR, [(0, 2880 * S)], WHOLE, rule).verdict == "completed"


def test_time_before_the_check_in_counts_only_where_the_rule_says_so() -> None:
    presence = [(0, 3600 * S)]
    assert participation(HOUR, presence, WHOLE, Rule(), 900 * S).seen_ms == 3600 * S
    strict = Rule(before_check_in_counts=False)
    assert participation(HOUR, presence, WHOLE, strict, 900 * S).seen_ms == 2700 * S
    assert participation(HOUR, presence, WHOLE, strict, None).seen_ms == 0


def test_the_part_of_a_running_session_that_has_passed_can_be_computed() -> None:
    assert total(scheduled(0, 100, [(40, 60)], until=50)) == 40
    assert total(scheduled(0, 100, until=-5)) == 0


@pytest.mark.parametrize(
    ("presence", "marked"),
    [
        ([(0, 3600 * S)], (None, None)),
        ([(299 * S, 3600 * S)], (None, None)),
        ([(300 * S, 3301 * S)], (5, None)),
        ([(700 * S, 3000 * S)], (11, 10)),
        ([], (None, None)),
    ],
)
def test_late_and_early_are_marks_from_the_rules_limits_on(
    presence: list[tuple[int, int]], marked: tuple[int | None, int | None]
) -> None:
    rule = Rule(late_after_min=5, early_before_min=5)
    part = participation(HOUR, presence, WHOLE, rule)
    assert marks(part, 0, True, rule) == Marks(*marked)
    assert marks(part, 0, False, rule).early_min is None, "who may come back has not left early"
    assert part.seen_ms == sum(end - start for start, end in presence), "a mark changes no presence"


def test_who_comes_out_of_the_dark_is_not_late() -> None:
    part = participation(HOUR, [(1800 * S, 3600 * S)], [(1200 * S, 3600 * S)], Rule())
    assert marks(part, 0, True, Rule()).late_min is None


def test_rules_that_were_stored_before_limits_were_part_of_them_still_hold() -> None:
    stored = b'{"version":1,"gap_tolerance_s":60,"share_needed":0.8,"before_check_in_counts":true,'
    stored += b'"not_observed":"excused","not_observed_up_to":0.2}'
    assert msgspec.json.decode(stored, type=Rule) == Rule()


def test_a_share_of_80_instead_of_0_8_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"share_needed":80}', type=Rule)
