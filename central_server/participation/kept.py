"""What was read of the sessions that are asked for: kept while somebody asks, let go when nobody does any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

IDLE_MS: Final = 15 * 60_000
"""By server time. A session of forty rooms takes some 20 MB after two hours: a server that kept those of the whole day
would grow all day (`run.py bench soak`)."""

T = TypeVar("T")
Asked = Callable[[int], None]
"""Called whenever one is asked, with the server time, ms: whoever is not for IDLE_MS is let go."""


def by_nobody(_: int) -> None:
    """For one that nobody keeps."""


class Kept(Generic[T]):
    """One of each session. For all threads. make: reads a session anew; most: sessions kept at a time."""

    def __init__(self, make: Callable[[str, Asked], T], most: int) -> None:
        self._make = make
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, T] = {}
        self._asked_at: dict[str, int] = {}
        """Of those that are kept and were asked."""

    def of(self, session: str) -> T:
        """A session's (which may not exist: what is made says so when it is asked)."""

        def asked(now: int) -> None:
            self._asked(session, now)

        with self._lock:
            found = self._kept.pop(session, None) or self._make(session, asked)
            self._kept[session] = found
            if len(self._kept) > self._most:
                self._drop(next(iter(self._kept)))
            return found

    def _asked(self, session: str, now: int) -> None:
        with self._lock:
            if session in self._kept:
                self._asked_at[session] = now
            for other in [other for other, at in self._asked_at.items() if now - at > IDLE_MS]:
                self._drop(other)

    def _drop(self, session: str) -> None:
        self._kept.pop(session, None)
        self._asked_at.pop(session, None)
