"""What has ended, until the server has the record of it: the live status tells of it so long. Pure."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Untold(Generic[T]):
    """Things that have ended, each with a seq: who has the log up to there has its record (None: there is none yet)."""

    def __init__(self) -> None:
        self._some: list[tuple[int | None, T]] = []

    def add(self, *some: T) -> None:
        """These have just ended."""
        self._some += [(None, one) for one in some]

    def written(self, seq: int) -> None:
        """The log has everybody's record, the last one at `seq`."""
        self._some = [(seq if placed is None else placed, one) for placed, one in self._some]

    def left(self, held: int) -> list[T]:
        """What the server can't know of, which has the log up to the seq `held`. The rest is forgotten."""
        self._some = [(placed, one) for placed, one in self._some if placed is None or placed > held]
        return [one for _, one in self._some]

    def clear(self) -> None:
        """Nothing of it is to be told any more."""
        self._some = []
