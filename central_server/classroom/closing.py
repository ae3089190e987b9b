"""Classes that are over and that nobody has open any more are closed on record: the floor, the hands, the screen."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Engine, text

from central_server.background import Background
from central_server.classroom.floor import By, Floor, Records, Spoken, close
from central_server.classroom.keeping import doing, read_floor
from central_server.classroom.plan import CLOSES_AFTER_MS
from central_server.database import Writer

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


def close_over(engine: Engine, writer: Writer, since: int, now: int) -> int:
    """Close the classes whose classrooms closed after `since` (server time, ms) and are over now; how many were open.

    What was spoken in a turn that still ran is not known any more: its record says that it was measured from now on.
    Raises DiemdanhError or SQLAlchemyError.
    """

    def decide(session: str) -> Callable[[Floor], Records]:
        return lambda floor: close(floor, By(session, now), Spoken(0, now))

    over = CLOSES_AFTER_MS + PATIENCE_MS
    with engine.connect() as connection:
        ended = connection.execute(_ENDED, {"since": since - over, "until": now - over}).scalars().all()
        left = [session for session in ended if decide(session)(read_floor(connection, session))]
    for session in left:
        writer.submit(doing(session, decide(session))).result()
        _log.info("classroom_closed session=%s", session)
    return len(left)


class Closer(Background):
    """A thread that closes what is over: when the server starts, and then every minute."""

    def __init__(self, engine: Engine, writer: Writer, now: Callable[[], int], look_s: float = LOOK_S) -> None:
        super().__init__("closing classrooms", look_s)
        self._engine, self._writer, self._now = engine, writer, now
        self._look_back_ms = FIRST_LOOK_MS

    def _turn(self) -> float:
        now = self._now()
        close_over(self._engine, self._writer, now - self._look_back_ms, now)
        self._look_back_ms = LOOK_BACK_MS
        return self._pause_s
