"""Work that goes on beside requests, in a thread of its own, for as long as the server runs."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Self

from central_server.clock import wall_clock
from central_server.errors import UnavailableError
from central_server.works import Works, told

_log = logging.getLogger(__name__)


class Background(ABC):
    """A thread that works turn by turn for as long as the context lasts: `with Eraser(…):`.

    A turn that fails, by whatever error, is told in the log and to `works`, and the next one comes all the same: what
    erases faces must not end in silence because of one damaged row.
    """

    def __init__(self, name: str, pause_s: float, first_s: float = 0.0, works: Works | None = None) -> None:
        """pause_s: until the next turn after one that failed; first_s: until the first."""
        self.name = name
        self._works = works or Works(wall_clock)
        self._pause_s = pause_s
        self._first_s = first_s
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        pause: float | None = self._first_s
        while pause is not None and not self._end.wait(pause):
            try:
                pause = self._turn()
                self._works.well(self.name)
            except Exception as error:  # the supervisor of all work beside requests
                self._failed(error)
                pause = self._pause_s

    def _tried(self, thing: str, work: Callable[[], object]) -> bool:
        """Do one of the things that a turn is made of, unless it failed lately; whether it was done.

        Its failure is its own: it is told, and the turn goes on to the next. thing: its id.
        """
        if not self._works.due(self.name, thing):
            return False
        try:
            work()
        except UnavailableError:
            raise  # the database: all the others would fail, too
        except Exception as error:  # as in _run
            self._failed(error, thing)
            return False
        self._works.well(self.name, thing)
        return True

    def _failed(self, error: Exception, thing: str = "") -> None:
        kind, place = told(error)
        what = f" thing={thing}" if thing else ""
        _log.error("background_failed work=%r%s reason=%s at=%s", self.name, what, kind, place)
        self._works.failed(self.name, kind, place, thing)

    @abstractmethod
    def _turn(self) -> float | None:
        """Do one turn's work; seconds until the next, None: there is no more to do."""
