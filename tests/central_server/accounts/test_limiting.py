from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from central_server.accounts.limiting import (
    FORGET_MS,
    LONGEST_PAUSE_MS,
    Counted,
    of_address,
    of_browser,
    of_login,
    one_more,
    pause_ms,
)


def test_pauses_grow_and_end() -> None:
    assert [pause_ms(n, 5) // 1000 for n in range(4, 13)] == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert pause_ms(10**9, 5) == LONGEST_PAUSE_MS


@given(st.lists(st.integers(0, FORGET_MS * 2), max_size=60))
def test_nobody_is_locked_out_for_ever(waits: list[int]) -> None:
    counted, now = Counted(), 0
    for wait in waits:
        now += wait
        counted = one_more(counted, 5, now)
        assert counted.until - now <= LONGEST_PAUSE_MS
        assert wait < FORGET_MS or counted.failures == 1


def test_a_household_counts_as_one_address_and_keys_name_nobody() -> None:
    assert of_address("2001:db8:1:2:3::4") == of_address("2001:db8:1:2:ffff::1") != of_address("2001:db8:1:3::4")
    assert of_address("::ffff:10.0.0.1") == of_address("10.0.0.1") != of_address("10.0.0.2")
    assert of_address("not an address").key == "address:not an address"
    assert "lan" not in of_login("lan").key and "mark" not in of_browser("mark").key
