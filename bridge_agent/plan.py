"""The day's plan: this bridge point's sessions and rosters, as the server last told them, kept for a day without it.

The file holds learners' names: it is readable by this user alone, and it goes when its last session is over.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from bridge_agent.data_folder import write_private
from bridge_agent.errors import DataFolderError
from bridge_agent.health.day import Planned
from models.wire import RosterLearner, SessionPlan, Today

REMEMBERED_MS = 43_200_000
MOMENT_MS = 60_000


def planned(plan: SessionPlan) -> Planned:
    """A session as the page of the day shows it."""
    return Planned(plan.session, plan.course, plan.title, plan.start, plan.end, len(plan.learners))


class Plan:
    """The sessions that are not over. Times are server wall time, ms."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sessions: tuple[SessionPlan, ...] = ()
        self.over: tuple[Planned, ...] = ()
        """Sessions that ended while this agent ran, without their learners' names, for half a day."""
        self._dropped: tuple[SessionPlan, ...] = ()
        """Sessions that the server no longer tells of: because they are over, perhaps a moment early by this clock."""
        self.known = False
        """Whether the server (or the file that keeps what it said) has told anything."""

    def load(self, now: int) -> None:
        """Take what the file keeps; a file that is missing or unreadable says nothing."""
        try:
            today = msgspec.json.decode(self._path.read_bytes(), type=Today)
        except (OSError, msgspec.MsgspecError):
            return
        self._sessions = today.sessions
        self.known = True
        self.forget(now)

    def update(self, today: Today) -> bool:
        """Take what the server says now; True when it is news."""
        news = not self.known or today.sessions != self._sessions
        told = {session.session for session in today.sessions}
        self._dropped += tuple(session for session in self._sessions if session.session not in told)
        self._sessions, self.known = today.sessions, True
        if news:
            self._keep()
        return news

    def forget(self, now: int) -> None:
        """Let go of sessions that are over, and of the file with the last of them."""
        left = tuple(session for session in self._sessions if session.end > now)
        ended = [planned(one).over(None, 0) for one in (*self._dropped, *self._sessions) if one.end <= now]
        self.over = tuple(one for one in (*self.over, *ended) if now - one.end < REMEMBERED_MS)
        self._dropped = tuple(one for one in self._dropped if now < one.end <= now + MOMENT_MS)
        if left != self._sessions:
            self._sessions = left
            self._keep()

    @property
    def sessions(self) -> tuple[SessionPlan, ...]:
        """All of them."""
        return self._sessions

    def of(self, session: str) -> SessionPlan | None:
        """The plan of one session; None when it is over or unknown."""
        return next((plan for plan in self._sessions if plan.session == session), None)

    def learner(self, learner: str) -> RosterLearner | None:
        """Somebody whom a session expects, by id."""
        return next((one for plan in self._sessions for one in plan.learners if one.id == learner), None)

    def current(self, now: int, before_ms: int) -> SessionPlan | None:
        """The session to watch now: the earliest that has not ended and begins within `before_ms`."""
        running = [plan for plan in self._sessions if plan.start - before_ms <= now < plan.end]
        return min(running, key=lambda plan: plan.start, default=None)

    def soonest(self, now: int) -> SessionPlan | None:
        """The session that runs or comes next."""
        return min((plan for plan in self._sessions if plan.end > now), key=lambda plan: plan.start, default=None)

    def still(self, session: str, now: int, before_ms: int) -> SessionPlan | None:
        """The plan of a session that is watched; None when it is over, cancelled, or was moved away from now."""
        plan = self.of(session)
        return plan if plan is not None and plan.start - before_ms <= now < plan.end else None

    def _keep(self) -> None:
        # A full disk is the log's alarm; without the file the agent only needs the server after its next start.
        with contextlib.suppress(DataFolderError, OSError):
            if self._sessions:
                write_private(self._path, msgspec.json.encode(Today(sessions=self._sessions)))
            else:
                self._path.unlink(missing_ok=True)
