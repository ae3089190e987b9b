"""Work that goes on beside requests, in a thread of its own, for as long as the server runs."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

_log = logging.getLogger(__name__)


class Background(ABC):
    """A thread that works turn by turn for as long as the context lasts: `with Eraser(…):`.

    A turn that fails, by whatever error, is told in the log, and the next one comes all the same: what erases faces
    must not end in silence because of one damaged row.
    """

    def __init__(self, name: str, pause_s: float, first_s: float = 0.0) -> None:
        """pause_s: until the next turn after one that failed; first_s: until the first."""
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
            except Exception as error:  # the supervisor of all work beside requests
                _log.error("background_failed work=%r reason=%s at=%s", self._thread.name, *_told(error))
                pause = self._pause_s

    @abstractmethod
    def _turn(self) -> float | None:
        """Do one turn's work; seconds until the next, None: there is no more to do."""


def _told(error: Exception) -> tuple[str, str]:
    """What an error is and where it was raised: its message may name people, and is left out."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return type(error).__name__, where
