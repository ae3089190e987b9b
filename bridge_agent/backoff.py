"""How long to wait before what failed is tried again. Pure."""

from __future__ import annotations

from collections.abc import Sequence


class Backoff:
    """Pauses that grow with each failure in a row. good_s: what lasted so long had no fault of its own."""

    def __init__(self, pauses_s: Sequence[float], good_s: float) -> None:
        self._pauses_s, self._good_s = pauses_s, good_s
        self._failures = 0

    def ended(self, lasted_s: float) -> float:
        """It ended or failed after so long: the seconds to wait now."""
        self._failures = 1 if lasted_s >= self._good_s else self._failures + 1
        return self._pauses_s[min(self._failures, len(self._pauses_s)) - 1]
