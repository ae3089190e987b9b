"""When a connection is given up, and how soon the next is tried."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.streaming.watchdog import (
    CONNECT_S,
    GOOD_S,
    PAUSES_S,
    SILENT_S,
    STUCK_S,
    Backoff,
    Signs,
    Why,
    verdict,
)

UP = Signs(answered_at=0.0, state="connected", connected_at=1.0, report_at=10.0, given_at=10.0, taken_at=10.0)


@pytest.mark.parametrize(
    ("signs", "now", "why"),
    [
        (Signs(0.0, "connecting"), CONNECT_S - 0.1, None),
        (Signs(0.0, "connecting"), CONNECT_S, "never_connected"),
        (Signs(0.0, "failed"), 0.1, "ice_failed"),
        (replace(UP, state="failed"), 10.1, "ice_failed"),
        (replace(UP, state="closed"), 10.1, "closed"),
        (UP, 10.0 + SILENT_S - 0.1, None),
        (UP, 10.0 + SILENT_S, "no_reports"),
        (replace(UP, report_at=None), 1.0 + SILENT_S - 0.1, None),
        (replace(UP, report_at=None), 1.0 + SILENT_S, "no_reports"),
        (replace(UP, given_at=10.0 + STUCK_S), 11.0, "stuck"),
        (replace(UP, given_at=None, taken_at=None), 11.0, None),  # no camera: the line is well
    ],
)
def test_a_connection_is_given_up_for_one_reason(signs: Signs, now: float, why: Why | None) -> None:
    assert verdict(signs, now) == why


@given(st.lists(st.floats(0, 60), max_size=30), st.floats(0, 1), st.floats(0, 1000))
def test_pauses_stay_so_short_that_ten_seconds_suffice(lasted: list[float], spread: float, asked: float) -> None:
    backoff = Backoff()
    for one in lasted:
        backoff.ended(one)
        assert 0 < backoff.pause(spread) <= PAUSES_S[-1]
        # A line that returns in the worst moment: a try just begun, a pause, a try, and a second to connect.
        assert backoff.pause(spread, asked) + CONNECT_S + 1 < 10


def test_pauses_grow_and_a_connection_that_lasted_makes_them_short_again() -> None:
    backoff = Backoff()
    pauses = []
    for _ in range(4):
        backoff.ended(1.0)
        pauses.append(backoff.pause(1.0))
    assert pauses == [*PAUSES_S, PAUSES_S[-1]]
    backoff.ended(GOOD_S)
    assert backoff.pause(1.0) == PAUSES_S[0]
