from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.recognition.pace import LATE_MS, SLOWEST_MS, SweepPace


def test_a_quick_pc_looks_as_often_as_asked() -> None:
    pace = SweepPace(1000)
    assert [pace.looked(700, 100) for _ in range(20)] == [1000] * 20


def test_one_slow_look_changes_nothing() -> None:
    pace = SweepPace(1000)
    assert [pace.looked(took, 0) for took in (900, 300, 900, 300)] == [1000] * 4


def test_a_slow_pc_looks_less_often_step_by_step_until_a_look_takes_its_share() -> None:
    pace = SweepPace(1000)
    assert [pace.looked(1400, 0) for _ in range(8)] == [1000, 1500, 1500, 2250, 2250, 2250, 2250, 2250]


def test_frames_that_come_late_count_as_slowness() -> None:
    pace = SweepPace(1000)
    assert [pace.looked(100, LATE_MS + 1) for _ in range(4)] == [1000, 1500, 1500, 2250]


def test_it_comes_back_step_by_step_when_there_is_time_again() -> None:
    pace = SweepPace(1000)
    for _ in range(4):
        pace.looked(2000, 0)
    assert pace.interval == 2250
    assert [pace.looked(400, 0) for _ in range(13)] == [2250] * 5 + [1500] * 6 + [1000] * 2


@pytest.mark.parametrize("asked", [200, 1000, 5000])
def test_it_never_exceeds_the_slowest_unless_asked_to(asked: int) -> None:
    pace = SweepPace(asked)
    for _ in range(100):
        pace.looked(60_000, 9_000)
    assert pace.interval == max(asked, SLOWEST_MS)
    for _ in range(200):
        pace.looked(1, 0)
    assert pace.interval == asked


def test_who_looks_aside_once_is_verified_again_within_ten_seconds_on_the_slowest_pc() -> None:
    assert 2 * SLOWEST_MS <= 9_000


@given(st.sampled_from((200, 1000, 3000)), st.lists(st.tuples(st.floats(0, 20_000), st.floats(-50, 9000))))
def test_whatever_happens_it_stays_between_what_was_asked_and_the_slowest(
    asked: int, looks: list[tuple[float, float]]
) -> None:
    pace = SweepPace(asked)
    for took, late in looks:
        before = pace.interval
        now = pace.looked(took, late)
        assert asked <= now <= SLOWEST_MS
        assert before / 1.51 <= now <= before * 1.51
        assert not (now > before and took < 0.5 * before and late <= LATE_MS)


@given(st.sampled_from((500, 1000)), st.floats(1, 3100))
def test_at_a_steady_load_it_settles_where_a_look_takes_its_share_and_does_not_swing(asked: int, took: float) -> None:
    pace = SweepPace(asked)
    settled = [pace.looked(took, 0) for _ in range(80)][40:]
    assert len(set(settled)) == 1
    assert took <= 0.7 * settled[0]
