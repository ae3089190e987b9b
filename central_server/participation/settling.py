"""Settling: computing the figures of sessions that are over and keeping them (settled.py), ahead of who asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlmodel import Session

from central_server.background import Background
from central_server.database import Writer
from central_server.participation.queries import Damaged
from central_server.participation.settled import Part, compute, keep, settled
from central_server.works import Works

PAUSE_S = 5.0
"""Between two courses; longer after one that took long, so that settling takes a tenth of a core at most."""
RESTS = 9
AT_ONCE = 50
"""Bridge points between two pauses: the server's end waits for no more."""
AFTER_MS = 15 * 60_000
"""So long after its end a session is settled without being asked for: late batches have mostly come."""
QUIET_MS = 60_000
"""A log that grew within this time goes on growing, for a backlog comes in: what is settled now is stale at once."""

_NEXT = text("SELECT min(id) FROM course WHERE id > :course")
_OVER = text('SELECT id FROM session WHERE course = :course AND "end" <= :until AND NOT cancelled AND NOT field_visit')
_GROWING = text(
    "SELECT DISTINCT h.device FROM log_head h"
    " JOIN signed_head s ON s.device = h.device AND s.log = h.log AND s.seq = h.seq WHERE s.received_at > :since"
)


@dataclass(frozen=True, slots=True)
class Over:
    """Sessions that are over."""

    parts: Mapping[str, Mapping[str, Part]]
    """By session and learner."""
    elsewhere: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By session and bridge point, who was recorded there without sitting there."""
    damaged: tuple[Damaged, ...] = ()
    """Records that can't be read: what they told is left out."""


class Settling:
    """Gives the figures of what is over, and keeps those that had to be computed."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    def figures(self, db: Session, course: str, sessions: frozenset[str]) -> Over:
        """Everybody's parts in these sessions of a course, all over."""
        found: dict[str, dict[str, Part]] = {session: {} for session in sessions}
        elsewhere: dict[str, dict[str, tuple[str, ...]]] = {session: {} for session in sessions}
        if not sessions:
            return Over(found, elsewhere)
        kept = settled(db, course, sessions)
        for (session, point), parts in kept.parts.items():
            found[session].update(parts)
            elsewhere[session][point] = kept.elsewhere[session, point]
        computed = [compute(db, basis) for basis in kept.missing]
        for one in computed:
            found[one.basis.session].update(one.parts)
            elsewhere[one.basis.session][one.basis.bridge_point] = one.elsewhere
        if computed:
            self._writer.submit(keep(computed))  # not waited for: without it the next one computes again
        return Over(found, elsewhere, tuple(bad for one in computed for bad in one.damaged))

    def settle(self, course: str, now: int) -> bool:
        """Settle some of what of a course ended some time before `now` (ms); whether that was all that can be now.

        Bridge points whose records are just coming in wait. Raises UnavailableError.
        """
        with Session(self._engine) as db:
            over = frozenset(db.execute(_OVER, {"course": course, "until": now - AFTER_MS}).scalars())
            missing = settled(db, course, over).missing if over else ()
            if missing:
                growing = frozenset(db.execute(_GROWING, {"since": now - QUIET_MS}).scalars())
                missing = [basis for basis in missing if growing.isdisjoint(basis.devices)]
            computed = [compute(db, basis) for basis in missing[:AT_ONCE]]
        if computed:
            self._writer.submit(keep(computed)).result()
        return len(missing) <= AT_ONCE

    def next(self, course: str) -> str | None:
        """The course after that one (ids)."""
        with Session(self._engine) as db:
            found: str | None = db.execute(_NEXT, {"course": course}).scalar_one()
            return found


class Settler(Background):
    """A thread that goes round the courses for as long as the context lasts."""

    def __init__(
        self, settling: Settling, now: Callable[[], int], pause_s: float = PAUSE_S, works: Works | None = None
    ) -> None:
        super().__init__("settling", pause_s, first_s=pause_s, works=works)
        self._settling = settling
        self._now = now
        self._course = ""
        """The id after which to go on."""
        self._seen: set[str] = set()
        """The courses of this round."""

    def _turn(self) -> float:
        """Settle the next course. Behind the last one it begins again; one that fails does not hold up the others."""
        began, after = time.monotonic(), self._course
        course = self._settling.next(after)
        self._course = course or ""
        done: list[bool] = []
        if course is None:
            self._works.keep_only(self.name, self._seen)  # a course that is gone fails no more
            self._seen = set()
        else:
            self._seen.add(course)
            now = self._now()
            self._tried(course, lambda: done.append(self._settling.settle(course, now)))
        if done == [False]:
            self._course = after
        return max(self._pause_s, RESTS * (time.monotonic() - began))
