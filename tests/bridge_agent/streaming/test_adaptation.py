"""The adaptation as a state machine, against generated lines and a simulated one."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_agent.streaming.adaptation import (
    HEAVY,
    HOLD_S,
    LONGEST_HOLD_S,
    PROVEN_S,
    REPORTS,
    REST_S,
    Adaptation,
    Report,
    ladder,
)

reports = st.lists(
    st.tuples(
        st.floats(0.3, 3),
        st.floats(0, 1),
        st.one_of(st.none(), st.floats(0, 3)),
        st.floats(0, 1),
    ),
    max_size=200,
)


@given(st.integers(100, 20_000), st.integers(3, 30))
def test_each_step_asks_no_more_of_the_line_and_none_asks_nothing(kbit_s: int, fps: int) -> None:
    steps = ladder(kbit_s, fps)
    assert (steps[0].kbit_s, steps[0].fps) == (kbit_s, fps)
    for before, after in pairwise(steps):
        assert 0 < after.kbit_s <= before.kbit_s
        assert 0 < after.fps <= before.fps


@given(reports)
def test_it_moves_one_step_at_a_time_stays_on_the_ladder_and_rests_after_each(
    told: list[tuple[float, float, float | None, float]],
) -> None:
    line, at, stepped = Adaptation(1200, 15), 0.0, float("-inf")
    for pause, lost, trip, jitter in told:
        at += pause
        before = line.place
        changed = line.report(Report(at, lost, trip, jitter))
        assert changed == (line.place != before)
        assert abs(line.place - before) <= 1
        assert 0 <= line.place < len(line.steps)
        if changed:
            assert at - stepped >= REST_S
            stepped = at


@given(st.lists(st.floats(0, 0.09), max_size=100))
def test_what_retransmission_mends_never_lowers_the_rate(losses: list[float]) -> None:
    line = Adaptation(1200, 15)
    assert not any(line.report(Report(float(at), lost, 0.05)) for at, lost in enumerate(losses))
    assert line.place == 0


@given(st.integers(0, 4), st.floats(0.1, 1))
def test_a_bad_line_goes_down_at_once_and_a_good_one_up_only_after_a_while(place: int, lost: float) -> None:
    line = Adaptation(1200, 15)
    line.place = place
    bad = [line.report(Report(100.0 + at, lost)) for at in range(REPORTS)]
    assert bad == [False] * (REPORTS - 1) + [place < len(line.steps) - 1]
    worst, at = line.place, 110.0
    while not line.report(Report(at, 0.0)):
        at += 1
        assert at < 110 + 2 * HOLD_S
    assert at - 110 >= HOLD_S
    assert line.place == worst - 1


def test_a_queue_that_builds_up_is_noticed_before_anything_is_lost() -> None:
    line = Adaptation(1200, 15)
    for at in range(20):
        assert not line.report(Report(float(at), 0.0, 0.2))  # a long line is no bad one
    assert not line.report(Report(20.0, 0.0, 0.5))
    assert line.report(Report(21.0, 0.0, 0.6))


@settings(deadline=None, max_examples=30)  # half an hour of reports each
@given(st.integers(110, 1100))
def test_on_a_line_that_carries_so_much_it_settles_there_and_tries_more_ever_more_rarely(carries: int) -> None:
    line, downs, places = Adaptation(1200, 15), list[int](), list[int]()
    for at in range(1800):
        sent = line.step.kbit_s
        lost = max(0.0, 1 - carries / sent)
        before = line.place
        line.report(Report(float(at), lost, 0.05 if sent <= carries else 0.5))
        if line.place > before:
            downs.append(at)
        places.append(line.place)
    # What loses less than HEAVY is borne.
    fits = [place for place, step in enumerate(line.steps) if 1 - carries / step.kbit_s < HEAVY]
    assert places[900:].count([*fits, len(line.steps) - 1][0]) > 0.9 * 900, "neither above what it bears nor below"
    late = [at for at in downs if at > 900]
    assert len(late) <= 900 / (LONGEST_HOLD_S / 2), "failed tries become rare"


def test_a_try_that_lasted_makes_the_next_one_as_soon_as_ever() -> None:
    line, at = Adaptation(1200, 15), 0.0

    def tell(lost: float, seconds: float) -> float:
        """The seconds until the step changed."""
        nonlocal at
        end = at + seconds
        began = at
        while at < end:
            at += 1.0
            if line.report(Report(at, lost)):
                return at - began
        return seconds

    tell(0.5, 10)
    tell(0.5, 10)
    first = tell(0.0, 60)
    tell(0.5, 10)  # the try failed
    second = tell(0.0, 60)
    assert second > first * 1.5
    tell(0.0, 5)
    assert line.place == 1
    tell(0.03, PROVEN_S + 5)  # good enough to stay, not to go up
    tell(0.5, 10)
    assert tell(0.0, 60) < second


def test_a_lost_line_begins_a_step_lower() -> None:
    line = Adaptation(1200, 15)
    assert line.lost_line(5.0)
    assert line.place == 1
