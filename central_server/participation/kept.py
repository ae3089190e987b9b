"""What was read of the sessions that are asked for: kept while somebody asks, let go when nobody does any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

IDLE_MS: Final = 15 * 60_000
"""By server time. A session of forty rooms takes some 20 MB after two hours: a server that kept those of the whole day
would grow all day (`run.py bench soak`)."""


class Asked(Protocol):
    """One session's."""

    asked_at: int
    """Server time, ms, when it was asked for last."""


T = TypeVar("T", bound=Asked)


class Kept(Generic[T]):
    """One of each session. For all threads. make: reads a session anew; most: sessions kept at a time."""

    def __init__(self, make: Callable[[str], T], most: int) -> None:
        self._make = make
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, T] = {}

    def of(self, session: str) -> T:
        """A session's (which may not exist: what is made says so when it is asked)."""
        with self._lock:
            latest = max((one.asked_at for one in self._kept.values()), default=0)
            found = self._kept.pop(session, None)
            if found is None:
                found = self._make(session)
                found.asked_at = latest
            self._kept = {name: one for name, one in self._kept.items() if latest - one.asked_at <= IDLE_MS}
            self._kept[session] = found
            if len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
            return found
