"""Totals of a sensitive detail point at nobody."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from central_server.learners.sensitive import SMALLEST, totals


def test_small_groups_are_pooled_with_the_smallest_shown_one() -> None:
    values = ["Kinh"] * 20 + ["Tày"] * 6 + ["Nùng"] * 2
    found = totals(values, 30)
    assert (found.groups, found.others, found.unknown) == ((("Kinh", 20),), 8, 2)
    assert totals(["Kinh"] * 20 + ["Tày"] * 3 + ["Nùng"] * 2, 25).groups == (("Kinh", 20),)
    assert totals(["kinh", "KINH", "Kinh "] * 2, 6).groups == (("kinh", 6),)


@given(st.lists(st.sampled_from(["Kinh", "Tày", "Thái", "Hoa", "Khmer", "Nùng"])))
def test_no_number_tells_of_fewer_than_five(values: list[str]) -> None:
    found = totals(values, len(values))
    assert sum(count for _, count in found.groups) + found.others == len(values)
    assert all(count >= SMALLEST for _, count in found.groups)
    assert found.others == 0 or found.others >= SMALLEST or not found.groups
