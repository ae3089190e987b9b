"""Classes that are over and that nobody has open any more are closed on record: the floor, the hands, the screen."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from sqlalchemy import Engine, text

from central_server.background import Background
from central_server.classroom.floor import By, Floor, Records, Spoken, close
from central_server.classroom.keeping import doing, read_floor
from central_server.classroom.plan import CLOSES_AFTER_MS
from central_server.database import Writer
from central_server.works import Works

LOOK_S = 60.0
PATIENCE_MS = 60_000
"""So long after a classroom has closed: by then whoever has it open has closed it, knowing what was spoken."""
FIRST_LOOK_MS = 30 * 86_400_000
"""How far back a server looks when it starts: it was not away for longer, or then nobody minds a hand."""

LOOK_BACK_MS = 86_400_000
"""How far back it looks from then on: a class whose end somebody moves to before the last look is closed, too."""

_log = logging.getLogger(__name__)
_ENDED = text(
    "SELECT DISTINCT session.id FROM session JOIN classroom_act ON classroom_act.session = session.id"
    ' WHERE session."end" > :since AND session."end" <= :until ORDER BY session.id'
)


def over(engine: Engine, since: int, now: int) -> list[str]:
    """The sessions with a classroom that closed after `since` (server time, ms) and is over now. Raises
    SQLAlchemyError.
    """  # fmt: skip
    late = CLOSES_AFTER_MS + PATIENCE_MS
    with engine.connect() as connection:
        return list(connection.execute(_ENDED, {"since": since - late, "until": now - late}).scalars())


def close_over(engine: Engine, writer: Writer, session: str, now: int) -> bool:
    """Close a session's classroom that is over; whether it was open.

    What was spoken in a turn that still ran is not known any more: its record says that it was measured from now on.
    Raises DiemdanhError or SQLAlchemyError.
    """

    def decide(floor: Floor) -> Records:
        return close(floor, By(session, now), Spoken(0, now))

    with engine.connect() as connection:
        left = bool(decide(read_floor(connection, session)))
    if left:
        writer.submit(doing(session, decide)).result()
        _log.info("classroom_closed session=%s", session)
    return left


class Closer(Background):
    """A thread that closes what is over: when the server starts, and then every minute."""

    def __init__(
        self,
        engine: Engine,
        writer: Writer,
        now: Callable[[], int],
        look_s: float = LOOK_S,
        works: Works | None = None,
    ) -> None:
        super().__init__("closing classrooms", look_s, works=works)
        self._engine, self._writer, self._now = engine, writer, now
        self._look_back_ms = FIRST_LOOK_MS

    def _turn(self) -> float:
        now = self._now()
        ended = over(self._engine, now - self._look_back_ms, now)
        # One that can't be closed is tried again for as long as the server runs, and holds up no other.
        for session in sorted({*ended, *self._works.things(self.name)}):
            self._tried(session, functools.partial(close_over, self._engine, self._writer, session, now))
        self._look_back_ms = LOOK_BACK_MS
        return self._pause_s
