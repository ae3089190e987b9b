"""When a publisher is asked for a key frame: viewers' wishes become one. Pure; times are seconds of a steady clock."""

from __future__ import annotations

AGAIN_S = 0.3
"""A key frame that was asked for and did not come is asked for again after this long: the request may be lost."""
REST_S = 1.0
"""After a key frame no other is asked for during this long because a viewer missed something: a key frame is ten times
as large as another picture, and one viewer's bad line must not cost all the others theirs."""


class KeyFrames:
    """The wishes for one stream."""

    def __init__(self) -> None:
        self._wanted_at: float | None = None
        self._asked = self._came = float("-inf")

    def want(self, now: float, *, rest: float = REST_S) -> None:
        """A viewer wants one, `rest` seconds after the last at the earliest (0: at once, as it has no picture yet)."""
        at = max(now, self._came + rest)
        self._wanted_at = at if self._wanted_at is None else min(self._wanted_at, at)

    def ask(self, now: float) -> bool:
        """Whether the publisher is to be asked now."""
        if self._wanted_at is None or now < self._wanted_at or now < self._asked + AGAIN_S:
            return False
        self._asked = now
        return True

    def came(self, now: float) -> None:
        """A key frame began."""
        self._wanted_at, self._came = None, now
