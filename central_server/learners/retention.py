"""Erasing face templates whose term has ended: so many days after the learner's last session, once a day."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from central_server.background import Background
from central_server.courses.changes import Changes, changing
from central_server.database import Job, Writer
from central_server.learners.erasing import erase
from central_server.learners.tables import FaceTemplate
from models.errors import DiemdanhError

DAY_MS = 24 * 3_600_000
LOOK_S = 600.0
"""How often the thread looks whether a day has gone by: its own clock may stand still while the PC sleeps."""
AT_ONCE = 200
"""Learners whose templates one job erases: bridge points wait for no more."""

_log = logging.getLogger(__name__)
_EXPIRED = text(
    "SELECT DISTINCT t.learner FROM face_template AS t WHERE t.made_at < :before"
    " AND NOT EXISTS (SELECT 1 FROM enrolment AS e JOIN session AS s ON s.course = e.course"
    '  WHERE e.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
    " AND NOT EXISTS (SELECT 1 FROM guest AS g JOIN session AS s ON s.id = g.session"
    '  WHERE g.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
    " ORDER BY t.learner LIMIT :most"
).bindparams(bindparam("before"), bindparam("most"))


def erase_expired(days: int, now: int) -> Job[int]:
    """The job that erases templates that are older than so many days, of learners whose last session ended before too.

    Of at most AT_ONCE learners; how many templates those were, 0 when none is left. now: server time, ms.
    """

    def work(changes: Changes) -> int:
        before = now - days * DAY_MS
        learners = [row[0] for row in changes.db.execute(_EXPIRED, {"before": before, "most": AT_ONCE})]
        query = select(FaceTemplate).where(col(FaceTemplate.learner).in_(learners), FaceTemplate.made_at < before)
        return erase(changes, changes.db.exec(query).all())

    return changing(work, now)


class Eraser(Background):
    """A thread that erases what has expired: when the server starts, and then every day."""

    def __init__(self, writer: Writer, days: int, now: Callable[[], int], look_s: float = LOOK_S) -> None:
        super().__init__("erasing")
        self._writer = writer
        self._days = days
        self._now = now
        self._look_s = look_s

    def _run(self) -> None:
        done: int | None = None
        while True:
            now = self._now()
            if done is None or abs(now - done) >= DAY_MS:
                done = now if self._all(now) else done
            if self._end.wait(self._look_s):
                return

    def _all(self, now: int) -> bool:
        """Erase everything that has expired; False when the database could not be written, to be tried again."""
        try:
            while not self._end.is_set():
                count = self._writer.submit(erase_expired(self._days, now)).result()
                if not count:
                    return True
                _log.info("templates_erased count=%d after_days=%d", count, self._days)
        except DiemdanhError as error:
            _log.warning("erasing_failed reason=%s", type(error).__name__)
        return False
