"""Erasing face templates, PINs, cards and portraits whose term has ended, daily.

So many days after the learner's last session; portraits at the term that the course and the learner set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from central_server.background import Background
from central_server.courses.changes import Changes, changing
from central_server.courses.periods import DAY_MS
from central_server.database import Job, Writer
from central_server.learners.erasing import erase
from central_server.learners.kept_portraits import erase_expired_portraits
from central_server.learners.means import take_card, take_pin
from central_server.learners.tables import FaceTemplate, LearnerMeans

LOOK_S = 600.0
"""How often the thread looks whether a day has gone by: its own clock may stand still while the PC sleeps."""
AT_ONCE = 200
"""Learners whose templates one job erases: bridge points wait for no more."""

_log = logging.getLogger(__name__)
_EXPIRED, _MEANS_EXPIRED = (
    text(
        f"SELECT DISTINCT t.learner FROM {old}"  # noqa: S608 - of the two constants below
        " AND NOT EXISTS (SELECT 1 FROM enrolment AS e JOIN session AS s ON s.course = e.course"
        '  WHERE e.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
        " AND NOT EXISTS (SELECT 1 FROM guest AS g JOIN session AS s ON s.id = g.session"
        '  WHERE g.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
        " ORDER BY t.learner LIMIT :most"
    ).bindparams(bindparam("before"), bindparam("most"))
    for old in (
        "face_template AS t WHERE t.made_at < :before",
        "learner_means AS t WHERE (t.pin_made_at < :before OR t.card_set_at < :before)",
    )
)


def erase_expired(days: int, now: int) -> Job[int]:
    """The job that erases templates, PINs and cards that are older than so many days, of learners whose last session
    ended before too; and portraits that came to their own term.

    Of at most AT_ONCE learners; how many things those were, 0 when none is left. now: server time, ms.
    """

    def work(changes: Changes) -> int:
        before = now - days * DAY_MS
        learners = [row[0] for row in changes.db.execute(_EXPIRED, {"before": before, "most": AT_ONCE})]
        query = select(FaceTemplate).where(col(FaceTemplate.learner).in_(learners), FaceTemplate.made_at < before)
        gone = erase(changes, changes.db.exec(query).all()) + _erase_means(changes, before)
        return gone + erase_expired_portraits(changes, AT_ONCE)

    return changing(work, now)


def _erase_means(changes: Changes, before: int) -> int:
    count = 0
    for (learner,) in changes.db.execute(_MEANS_EXPIRED, {"before": before, "most": AT_ONCE}).all():
        means = changes.db.get_one(LearnerMeans, learner)
        if means.pin_made_at is not None and means.pin_made_at < before:
            count += take_pin(changes, learner)
        if means.card_set_at is not None and means.card_set_at < before:
            count += take_card(changes, learner)
    return count


class Eraser(Background):
    """A thread that erases what has expired: when the server starts, and then every day."""

    def __init__(self, writer: Writer, days: int, now: Callable[[], int], look_s: float = LOOK_S) -> None:
        super().__init__("erasing", look_s)
        self._writer = writer
        self._days = days
        self._now = now
        self._done: int | None = None

    def _turn(self) -> float:
        now = self._now()
        if self._done is None or abs(now - self._done) >= DAY_MS:
            while not self._end.is_set():
                count = self._writer.submit(erase_expired(self._days, now)).result()
                if not count:
                    self._done = now
                    break
                _log.info("expired_erased count=%d after_days=%d", count, self._days)
        return self._pause_s
