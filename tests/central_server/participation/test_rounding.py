from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from central_server.participation.rounding import rounded


@given(st.lists(st.integers(0, 20_000_000), min_size=1, max_size=5), st.sampled_from([6_000, 60_000]))
def test_what_is_shown_adds_up_and_no_part_is_a_unit_off(parts: list[int], unit: int) -> None:
    out = rounded(parts, unit)
    assert sum(out) == sum(parts) // unit
    assert all(abs(shown * unit - part) < unit for shown, part in zip(out, parts, strict=True))
    assert all(shown == part // unit for shown, part in zip(out, parts, strict=True) if part % unit == 0)


def test_three_parts_of_one_whole() -> None:
    assert rounded((65 * 60_000 + 40_000, 65 * 60_000 + 30_000, 63 * 60_000 + 50_000), 60_000) == [66, 65, 64]
