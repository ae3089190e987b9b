"""When a connection is given up, and how soon the next is tried."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_agent.backoff import Backoff
from bridge_agent.streaming.watchdog import (
    CONNECT_S,
    GOOD_S,
    HANDSHAKE_S,
    PAUSES_S,
    SILENT_S,
    STUCK_S,
    Signs,
    Why,
    pause,
    verdict,
)

UP = Signs(answered_at=0.0, state="connected", connected_at=1.0, sent_at=2.0, report_at=10.0)


@pytest.mark.parametrize(
    ("signs", "now", "why"),
    [
        (Signs(0.0, "connecting"), CONNECT_S - 0.1, None),
        (Signs(0.0, "connecting"), CONNECT_S, "never_connected"),
        (Signs(0.0, "connecting", has_way=True), HANDSHAKE_S - 0.1, None),
        (Signs(0.0, "connecting", has_way=True), HANDSHAKE_S, "never_connected"),
        (Signs(0.0, "failed"), 0.1, "ice_failed"),
        (replace(UP, state="failed"), 10.1, "ice_failed"),
        (replace(UP, state="closed"), 10.1, "closed"),
        (UP, 10.0 + SILENT_S - 0.1, None),
        (UP, 10.0 + SILENT_S, "no_reports"),
        (replace(UP, report_at=None), 2.0 + SILENT_S - 0.1, None),
        (replace(UP, report_at=None), 2.0 + SILENT_S, "no_reports"),
        (replace(UP, report_at=None, sent_at=None), 1000.0, None),  # the camera has given nothing yet
        (replace(UP, waiting_since=8.0), 8.0 + STUCK_S - 0.1, None),
        (replace(UP, waiting_since=8.0), 8.0 + STUCK_S, "stuck"),
        (replace(UP, waiting_since=-9.0), 1.0 + STUCK_S - 0.1, None),  # before it stood nothing could be sent
    ],
)
def test_a_connection_is_given_up_for_one_reason(signs: Signs, now: float, why: Why | None) -> None:
    assert verdict(signs, now) == why


@given(st.lists(st.floats(0, 60), max_size=30), st.floats(0, 1), st.floats(0, 1000))
def test_pauses_stay_so_short_that_ten_seconds_suffice(lasted: list[float], spread: float, asked: float) -> None:
    backoff = Backoff(PAUSES_S, GOOD_S)
    for one in lasted:
        usual = backoff.ended(one)
        assert 0 < pause(usual, spread) <= PAUSES_S[-1]
        # A line that returns in the worst moment: a try just begun, a pause, a try, and a second to connect.
        assert pause(usual, spread, asked) + CONNECT_S + 1 < 10


def test_a_server_that_asks_to_wait_is_obeyed_up_to_the_longest_pause() -> None:
    assert pause(0.3, 1.0, 1.5) == 1.5
    assert pause(0.3, 1.0, 600.0) == PAUSES_S[-1]


def test_pauses_grow_and_a_connection_that_lasted_makes_them_short_again() -> None:
    backoff = Backoff(PAUSES_S, GOOD_S)
    assert [backoff.ended(1.0) for _ in range(4)] == [*PAUSES_S, PAUSES_S[-1]]
    assert backoff.ended(GOOD_S) == PAUSES_S[0]
