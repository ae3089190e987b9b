from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_server.accounts.limiting import (
    FORGET_MS,
    LONGEST_PAUSE_MS,
    Counted,
    Counter,
    of_address,
    of_browser,
    of_device,
    of_login,
    one_more,
    pause_ms,
)
from tests.central_server.running import MINUTE, START


def test_pauses_grow_and_end() -> None:
    assert [pause_ms(n, 5) // 1000 for n in range(4, 13)] == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert pause_ms(10**9, 5) == LONGEST_PAUSE_MS


@given(st.lists(st.integers(0, FORGET_MS * 2), max_size=60))
def test_nobody_is_locked_out_for_ever(waits: list[int]) -> None:
    counted, now = Counted(), 0
    for wait in waits:
        now += wait
        counted = one_more(counted, of_login("lan"), now)
        assert counted.until - now <= LONGEST_PAUSE_MS
        assert wait < FORGET_MS or counted.failures == 1


@pytest.mark.parametrize("place", [of_device("d-1"), of_address("10.0.0.1")])
def test_a_few_mistakes_on_each_of_many_days_cost_a_place_no_pause_and_many_on_one_day_do(place: Counter) -> None:
    counted = Counted()
    for days in range(30):
        for n in range(3):
            now = START + days * FORGET_MS + n * MINUTE
            counted = one_more(counted, place, now)
            assert counted.until == now, days
    for _ in range(20):
        now += MINUTE
        counted = one_more(counted, place, now)
    assert counted.until > now


def test_a_household_counts_as_one_address_and_keys_name_nobody() -> None:
    assert of_address("2001:db8:1:2:3::4") == of_address("2001:db8:1:2:ffff::1") != of_address("2001:db8:1:3::4")
    assert of_address("::ffff:10.0.0.1") == of_address("10.0.0.1") != of_address("10.0.0.2")
    assert of_address("not an address").key == "address:not an address"
    assert "lan" not in of_login("lan").key and "mark" not in of_browser("mark").key
