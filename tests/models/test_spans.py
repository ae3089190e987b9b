import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.spans import Spans, intersect, spans, subtract, total

pairs = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def ticks(a: Spans) -> set[int]:
    return {t for start, end in a.tolist() for t in range(start, end)}


def raw_ticks(rows: list[tuple[int, int]]) -> set[int]:
    return {t for start, end in rows for t in range(start, end)}


@given(pairs)
def test_spans_hold_the_same_time_sorted_disjoint_and_never_touching(rows: list[tuple[int, int]]) -> None:
    made = spans(rows)
    assert ticks(made) == raw_ticks(rows)
    assert (made[:, 0] < made[:, 1]).all()
    assert (made[1:, 0] > made[:-1, 1]).all()
    assert total(made) == len(raw_ticks(rows))


@given(pairs, pairs)
def test_intersect_and_subtract_are_those_of_sets_of_moments(
    a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    assert ticks(intersect(spans(a), spans(b))) == raw_ticks(a) & raw_ticks(b)
    assert ticks(subtract(spans(a), spans(b))) == raw_ticks(a) - raw_ticks(b)


def test_no_spans_at_all_are_an_empty_table_of_two_columns() -> None:
    assert spans([]).shape == (0, 2)
    assert intersect(spans([]), spans([(1, 2)])).shape == (0, 2)
    assert subtract(spans([(1, 2)]), spans([])).tolist() == [[1, 2]]
    assert spans([]).dtype == np.int64
