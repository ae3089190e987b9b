"""The forecast against every way in which the rest of a course can go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.forecast import forecast
from models.participation import Rule, Totals, add_up, participation, scheduled, totals_of

MINUTE = 60_000
LENGTH = 6
"""Minutes of a session: few, so that all that can happen in one can be played through."""
rules = st.builds(
    Rule,
    gap_tolerance_s=st.just(0),
    share_needed=st.sampled_from([0.0, 0.3, 0.5, 0.8, 0.9, 1.0]),
    not_observed=st.sampled_from(["excused", "present_if_around", "nothing"]),
    not_observed_up_to=st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]),
)
minutes = st.lists(st.sampled_from("sand"), max_size=3 * LENGTH)
"""What each minute was: s seen, a not seen, n not observed, d seen in the dark."""


def spans_of(told: str, which: str) -> list[tuple[int, int]]:
    return [(at * MINUTE, (at + 1) * MINUTE) for at, one in enumerate(told) if one in which]


def played(told: str, rule: Rule) -> Totals:
    """The totals of a session whose minutes were as told."""
    schedule = scheduled(0, len(told) * MINUTE)
    return participation(schedule, spans_of(told, "sd"), spans_of(told, "sa"), rule).totals


def completions(left: int) -> list[str]:
    """What can become of `left` minutes, in any numbers: seen, missed, not observed."""
    seen_first = [
        "s" * seen + "n" * dark + "a" * (left - seen - dark)
        for seen in range(left + 1)
        for dark in range(left - seen + 1)
    ]
    between = [
        "a" * gone + "s" + "n" * dark + "s" * (left - gone - dark - 1)
        for gone in range(left)
        for dark in range(left - gone)
    ]
    return seen_first + between


@settings(deadline=None, max_examples=150)
@given(minutes, st.integers(0, LENGTH), rules)
def test_too_late_is_said_exactly_when_no_completion_reaches_the_share(told: list[str], left: int, rule: Rule) -> None:
    done = add_up([played("".join(told[at : at + LENGTH]), rule) for at in range(0, len(told), LENGTH)], rule)
    got = forecast(done, left * MINUTE, rule)
    ends = [add_up([done, played(rest, rule)], rule) for rest in completions(left)]
    reached = any(one.verdict == "completed" for one in ends)
    assert reached == (got.outlook in ("enough", "possible"))
    if got.outlook == "enough":
        assert all(one.verdict != "not_completed" for one in ends)
    if got.outlook == "undecided":
        assert not any(one.verdict == "completed" for one in ends)
    shares = [one.share for one in ends if one.share is not None]
    if got.best is not None and shares:
        assert max(shares) <= got.best


@settings(deadline=None)
@given(minutes, st.integers(0, 10 * LENGTH * MINUTE), rules)
def test_what_is_needed_is_enough_and_a_millisecond_less_is_not(told: list[str], left: int, rule: Rule) -> None:
    done = played("".join(told), rule)
    got = forecast(done, left, rule)

    def end(seen: int) -> Totals:
        rest = totals_of(left, seen, left - seen, 0, rule)
        return add_up([done, rest], rule)

    assert (got.needed_ms is None) == (got.outlook in ("too_late", "undecided"))
    if got.needed_ms is not None:
        assert end(got.needed_ms).verdict == "completed"
        assert got.needed_ms == 0 or end(got.needed_ms - 1).verdict != "completed"


def totals(rule: Rule, scheduled_h: float, seen_h: float, not_seen_h: float) -> Totals:
    hour = 3_600_000
    return totals_of(int(scheduled_h * hour), int(seen_h * hour), int(not_seen_h * hour), 0, rule)


def test_hours_as_a_class_manager_reckons_them() -> None:
    rule = Rule(share_needed=0.8)
    got = forecast(totals(rule, 10, 6, 4), 10 * 3_600_000, rule)
    assert (got.outlook, got.best, got.worst) == ("possible", 0.8, 0.3)
    assert (got.needed_ms, got.spare_ms) == (10 * 3_600_000, 0)
    assert forecast(totals(rule, 10, 5, 5), 10 * 3_600_000, rule).outlook == "too_late"
    assert forecast(totals(rule, 18, 18, 0), 2 * 3_600_000, rule).outlook == "enough"


def test_too_much_that_nobody_observed_is_for_a_person() -> None:
    rule = Rule(not_observed_up_to=0.2)
    assert forecast(totals(rule, 10, 5, 0), 2 * 3_600_000, rule).outlook == "undecided"
    assert forecast(totals(rule, 10, 5, 0), 40 * 3_600_000, rule).outlook == "possible", "more time makes it less"


def test_excused_time_makes_the_whole_smaller_and_is_never_attended() -> None:
    rule = Rule(share_needed=0.8)
    course = add_up([totals(rule, 4, 3, 0), totals(rule, 4, 4, 0)], rule)
    assert (course.seen_ms, course.share) == (7 * 3_600_000, 1.0)
    assert course.not_observed_ms == 3_600_000


def test_a_course_weighs_its_sessions_by_their_length() -> None:
    rule = Rule()
    assert add_up([totals(rule, 1, 0, 1), totals(rule, 9, 9, 0)], rule).share == 0.9


def test_a_course_without_sessions_is_undecided() -> None:
    assert forecast(add_up([], Rule()), 0, Rule()).outlook == "undecided"
