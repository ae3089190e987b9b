"""What receipts say of the time a record was made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.brackets import SLACK_MS, Bracket, LogOrder, Misfit
from models.presence import CUT_MS

MINUTE = 60_000
NINE = 9 * 60 * MINUTE


def walked(records: list[tuple[int, int, int]]) -> list[Misfit | None]:
    """The misfit of each record (start, end, received)."""
    order = LogOrder()
    return [order.place(end, received).misfit(start, end) for start, end, received in records]


@pytest.mark.parametrize(
    ("start", "end", "misfit"),
    [
        (NINE - 9 * MINUTE, NINE, None),  # the interval that was open when the batch before went
        (NINE - SLACK_MS, NINE - SLACK_MS, None), (NINE - SLACK_MS - 1, NINE - SLACK_MS - 1, "backdated"),
        (NINE - SLACK_MS - CUT_MS, NINE + MINUTE, None), (NINE - SLACK_MS - CUT_MS - 1, NINE + MINUTE, "backdated"),
        (NINE, NINE + 5 * MINUTE + SLACK_MS, None), (NINE, NINE + 5 * MINUTE + SLACK_MS + 1, "ahead"),
    ],
)  # fmt: skip
def test_a_record_fits_between_the_receipts_around_it(start: int, end: int, misfit: Misfit | None) -> None:
    assert Bracket(NINE, NINE + 5 * MINUTE).misfit(start, end) == misfit


def test_what_was_put_in_behind_later_records_shows_and_moves_nothing_for_those_after_it() -> None:
    told = [
        (NINE - MINUTE, NINE, NINE),
        (NINE - 90 * MINUTE, NINE - 80 * MINUTE, NINE + MINUTE),
        (NINE - 70 * MINUTE, NINE - 60 * MINUTE, NINE + 2 * MINUTE),
        (NINE, NINE + MINUTE, NINE + 2 * MINUTE),
    ]
    assert walked(told) == [None, "backdated", "backdated", None]


def test_within_one_batch_the_order_says_nothing() -> None:
    assert walked([(NINE - MINUTE, NINE, NINE), (NINE - 90 * MINUTE, NINE - 85 * MINUTE, NINE)]) == [None, None]


def test_a_record_of_the_future_does_not_make_honest_ones_look_backdated() -> None:
    assert walked([(NINE, NINE + 60 * MINUTE, NINE), (NINE, NINE + MINUTE, NINE + MINUTE)]) == ["ahead", None]


@given(st.data())
def test_an_agent_that_was_offline_for_any_time_never_shows(data: st.DataObject) -> None:
    """Intervals close in order, at most CUT_MS long, up to 20 s late; batches go when the line allows, in order."""
    steps = st.lists(st.tuples(st.integers(0, 3_600_000), st.integers(0, CUT_MS), st.integers(0, 20_000)), max_size=30)
    made, records = 0, list[tuple[int, int, int]]()
    for pause, length, late in data.draw(steps):
        made += pause
        records.append((made - late - length, made - late, made))
    received, told = 0, list[tuple[int, int, int]]()
    while records:
        count = data.draw(st.integers(1, len(records)))
        received = max(received, records[count - 1][2]) + data.draw(st.integers(1, 7 * 86_400_000))
        told += [(start, end, received) for start, end, _ in records[:count]]
        records = records[count:]
    assert set(walked(told)) <= {None}
