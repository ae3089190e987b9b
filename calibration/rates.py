"""Error rates in the terms of ISO/IEC 19795-1, with exact confidence bounds.

FMR, FNMR: of comparisons of two different people (of one person) the share that (does not) reach the threshold.
FPIR: of strangers before a class's gallery, the share for whom some learner's template reaches the threshold.
FNIR: of learners before their class's gallery, the share who are not named: their own template does not reach the
threshold, or another learner's is more alike.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

CONFIDENCE: Final = 0.95


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`errors` in `trials` (errors may be a mean over ways to draw the classes, hence no whole number), the share that
    this is, and the bounds between which the true share lies with 95 % confidence (Clopper and Pearson, two-sided; with
    no error at all the upper one is the one-sided "rule of three", 3 / trials).

    Without a trial the value is 0 and the bounds are 0 and 1: nothing is known.
    """

    errors: float
    trials: int
    persons: int
    """The people whom the trials rest on."""
    value: float
    low: float
    high: float


def rate(errors: float, trials: int, persons: int) -> Rate:
    """The rate of so many errors in so many trials of so many people. Raises ValueError when it can't be one."""
    low, high = bounds(errors, trials)
    return Rate(errors, trials, persons, errors / trials if trials else 0.0, low, high)


def bounds(errors: float, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact bounds of a share (C. Clopper, E. Pearson, Biometrika 26, 1934); one-sided where one side is certain.

    Raises ValueError unless 0 <= errors <= trials.
    """
    if not 0 <= errors <= trials:
        raise ValueError(f"{errors} errors in {trials} trials")
    if not trials:
        return 0.0, 1.0
    if errors == 0:
        return 0.0, 1 - (1 - confidence) ** (1 / trials)
    if errors == trials:
        return (1 - confidence) ** (1 / trials), 1.0
    tail = (1 - confidence) / 2
    # With a mean of under one error the lower bound of the formula is no bound at all; 0 is the honest one.
    low = beta_quantile(tail, errors, trials - errors + 1) if errors >= 1 else 0.0
    high = beta_quantile(1 - tail, errors + 1, trials - errors) if trials - errors >= 1e-9 else 1.0
    return low, high


def trials_for(share: float, confidence: float = CONFIDENCE) -> int:
    """How many trials without any error it takes to claim that the true share is at most `share` (0 to 1)."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-share))


def beta_quantile(share: float, a: float, b: float) -> float:
    """The x at which the beta distribution (a, b > 0) has `share` of its mass below; to about 1e-12."""
    low, high = 0.0, 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if incomplete_beta(middle, a, b) < share:
            low = middle
        else:
            high = middle
        if high - low <= 1e-13 * high:
            break
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b): NIST DLMF 8.17.22, its continued fraction by Lentz."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirrored function converges fast
        return 1 - incomplete_beta(1 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / a * _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    tiny = 1e-300
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1), tiny)
    whole = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d, tiny)
            c = _not_zero(1 + term / c, tiny)
            step = c * d
            whole *= step
        if abs(step - 1) < 1e-15:
            break
    return whole


def _not_zero(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny
