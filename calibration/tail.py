"""How seldom two different people are very alike: the upper tail of impostor scores, told from a limited number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SHARE: Final = 0.001
_LEAST: Final = 60
_WIDEST: Final = 0.05
_SHAPE: Final = -0.05
"""Heavier than a normal distribution's tail, which from its upper twentieth to 1 in 30,000 looks like -0.07, and
lighter than an exponential one (0). To fit it, too, would need more scores than a half has."""
_USUAL: Final = 0.42
"""The mean excess over the start as a part of the scores' standard deviation: above the 99th percentile 0.45 for
Intel's encoder and 0.38 for dlib's, of 7,080 pairs of the London set's 60 people (calibration/background.toml)."""
_BELIEF: Final = 20
"""As many pairs of people as that figure counts for."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Of all impostor scores the share `share` lies above `start`; `scale`: of the distribution beyond it."""

    start: float
    share: float
    scale: float

    def threshold(self, fmr: float) -> float:
        """From which score on two people are taken for one as seldom as `fmr` (0 to 1)."""
        return self.start + self.scale * max(0.0, math.expm1(_SHAPE * math.log(self.share / fmr)) / _SHAPE)


def tail(scores: NDArray[np.floating], pairs: float) -> Tail:
    """The tail of these impostor scores (n,), n at least 2, which come from so many different pairs of people.

    Beyond a high start the excess over it is taken to fall off as a generalised Pareto distribution of shape _SHAPE
    (peaks over threshold; J. Pickands, Annals of Statistics 3(1), 1975). The start has a thousandth of the scores above
    it, or as many as 60 pairs of people need, but never more than a twentieth. Few pairs lean on what is usual for
    encoders.
    """
    share = min(_WIDEST, max(_SHARE, _LEAST / pairs))
    points = min(len(scores) - 1, max(1, round(share * len(scores))))
    top = np.partition(scores, -points - 1)[-points - 1 :]
    start = float(top.min())
    mean = float((top - start).sum()) / points
    seen = share * pairs
    excess = (seen * mean + _BELIEF * _USUAL * float(scores.std())) / (seen + _BELIEF)
    return Tail(start, points / len(scores), max(excess * (1 - _SHAPE), 1e-6))
