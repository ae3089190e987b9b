import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.rates import beta_quantile, bounds, incomplete_beta, rate, trials_for


@pytest.mark.parametrize(
    ("x", "a", "b", "wanted"),
    [
        (0.5, 1, 1, 0.5),
        (0.3, 2, 3, 0.3483),  # 1 - sum of binomial(4, k) 0.3^k 0.7^(4-k), k < 2
        (0.2, 5, 5, 0.0195814400),
        (0.01, 3, 998, 0.99735),  # Poisson-like: about 1 - e^-10 (1 + 10 + 50)
    ],
)
def test_the_incomplete_beta_function_has_its_known_values(x: float, a: float, b: float, wanted: float) -> None:
    assert incomplete_beta(x, a, b) == pytest.approx(wanted, rel=1e-3)


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_the_binomial_tail(a: int, b: int, x: float) -> None:
    n = a + b - 1
    tail = math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert incomplete_beta(x, a, b) == pytest.approx(tail, rel=1e-9, abs=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.3, 5000), st.floats(0.3, 5000))
def test_a_quantile_has_its_share_below(share: float, a: float, b: float) -> None:
    x = beta_quantile(share, a, b)
    assert incomplete_beta(x, a, b) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [
        (1, 10, 0.00253, 0.44502),  # the tables of Clopper and Pearson, 95 %
        (5, 10, 0.18709, 0.81291),
        (10, 100, 0.04900, 0.17622),
        (3, 1000, 0.00062, 0.00874),
    ],
)
def test_bounds_are_those_of_the_tables(errors: int, trials: int, low: float, high: float) -> None:
    assert bounds(errors, trials) == pytest.approx((low, high), abs=1e-4)


def test_no_error_in_600_trials_does_not_allow_to_claim_a_thousandth() -> None:
    assert bounds(0, 600) == pytest.approx((0.0, 0.00498), abs=1e-5)
    assert trials_for(0.001) == 2995 and bounds(0, 2995)[1] <= 0.001 < bounds(0, 2994)[1]


def test_nothing_tried_is_nothing_known() -> None:
    unknown = rate(0, 0, 0)
    assert (unknown.value, unknown.low, unknown.high) == (0.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="2 errors in 1 trials"):
        rate(2, 1, 1)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n))))
def test_bounds_hold_the_share_and_more_errors_never_lower_them(case: tuple[float, int]) -> None:
    errors, trials = case
    low, high = bounds(errors, trials)
    assert 0 <= low <= errors / trials + 1e-9 and errors / trials - 1e-9 <= high <= 1
    if errors + 1 <= trials:
        assert bounds(errors + 1, trials)[1] >= high - 1e-9
