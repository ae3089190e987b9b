"""Erasing face templates, PINs, cards and portraits whose term has ended, daily.

So many days after the learner's last session; portraits at the term that the course and the learner set.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import bindparam, text
from sqlmodel import select

from central_server.background import Background
from central_server.courses.changes import Changes, changing
from central_server.courses.periods import DAY_MS
from central_server.database import Job, Writer
from central_server.learners.erasing import erase
from central_server.learners.kept_portraits import erase_portraits_of, expired_portraits
from central_server.learners.means import take_card, take_pin
from central_server.learners.tables import FaceTemplate, LearnerMeans
from central_server.works import Works

LOOK_S = 600.0
"""How often the thread looks whether a day has gone by: its own clock may stand still while the PC sleeps."""

_log = logging.getLogger(__name__)
_EXPIRED, _MEANS_EXPIRED = (
    text(
        f"SELECT DISTINCT t.learner FROM {old}"  # noqa: S608 - of the two constants below
        " AND NOT EXISTS (SELECT 1 FROM enrolment AS e JOIN session AS s ON s.course = e.course"
        '  WHERE e.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
        " AND NOT EXISTS (SELECT 1 FROM guest AS g JOIN session AS s ON s.id = g.session"
        '  WHERE g.learner = t.learner AND s."end" >= :before AND NOT s.cancelled)'
        " AND :learner IN ('', t.learner)"
    ).bindparams(bindparam("before"), bindparam("learner"))
    for old in (
        "face_template AS t WHERE t.made_at < :before",
        "learner_means AS t WHERE (t.pin_made_at < :before OR t.card_set_at < :before)",
    )
)


@dataclass(frozen=True, slots=True)
class Expired:
    """A learner whose template, PIN or card came to its term; or whose portraits in a course did."""

    learner: str
    course: str = ""
    """Of the portraits; empty: all the others."""


def expired(days: int, now: int) -> Job[list[Expired]]:
    """The job that finds of whom something is to be erased: templates, PINs and cards that are older than so many days,
    of learners whose last session ended before too, and portraits at their own term. now: server time, ms.
    """  # fmt: skip

    def work(changes: Changes) -> list[Expired]:
        return _expired(changes, days, "")

    return changing(work, now)


def _expired(changes: Changes, days: int, of: str) -> list[Expired]:
    """of: a learner; empty: all."""
    wanted = {"before": changes.now - days * DAY_MS, "learner": of}
    learners = {row[0] for query in (_EXPIRED, _MEANS_EXPIRED) for row in changes.db.execute(query, wanted)}
    portraits = [Expired(learner, course) for course, learner in expired_portraits(changes, of)]
    return [*(Expired(learner) for learner in sorted(learners)), *portraits]


def erase_expired(one: Expired, days: int, now: int) -> Job[int]:
    """The job that erases what `expired` found of one learner; how many things those were."""

    def work(changes: Changes) -> int:
        if one not in _expired(changes, days, one.learner):
            return 0  # a session was added meanwhile
        if one.course:
            return erase_portraits_of(changes, one.course, one.learner)
        before = now - days * DAY_MS
        query = select(FaceTemplate).where(FaceTemplate.learner == one.learner, FaceTemplate.made_at < before)
        return erase(changes, changes.db.exec(query).all()) + _erase_means(changes, one.learner, before)

    return changing(work, now)


def _erase_means(changes: Changes, learner: str, before: int) -> int:
    means, count = changes.db.get(LearnerMeans, learner), 0
    if means is None:
        return 0
    if means.pin_made_at is not None and means.pin_made_at < before:
        count += take_pin(changes, learner)
    if means.card_set_at is not None and means.card_set_at < before:
        count += take_card(changes, learner)
    return count


class Eraser(Background):
    """A thread that erases what has expired: when the server starts, and then every day.

    Learner by learner: one whose rows are damaged is told of and tried again, and the others are erased.
    """

    def __init__(
        self,
        writer: Writer,
        days: int,
        now: Callable[[], int],
        look_s: float = LOOK_S,
        works: Works | None = None,
    ) -> None:
        super().__init__("erasing", look_s, works=works)
        self._writer = writer
        self._days = days
        self._now = now
        self._done: int | None = None

    def _turn(self) -> float:
        now = self._now()
        if self._done is None or abs(now - self._done) >= DAY_MS or self._works.things(self.name):
            found = self._writer.submit(expired(self._days, now)).result()
            self._works.keep_only(self.name, {_thing(one) for one in found})
            count = 0
            for one in found:
                if self._end.is_set():
                    return self._pause_s
                count += self._tried(_thing(one), functools.partial(self._erase, one, now))
            self._done = now
            if count:
                _log.info("expired_erased count=%d after_days=%d", count, self._days)
        return self._pause_s

    def _erase(self, one: Expired, now: int) -> None:
        self._writer.submit(erase_expired(one, self._days, now)).result()


def _thing(one: Expired) -> str:
    return f"{one.learner} {one.course}".strip()
