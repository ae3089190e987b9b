"""What is being recorded, and its way into the log: the session that runs, those that are over, and a crash's rest.

The log is written here and by the courier's acknowledgements alone. What can't be written (the disk is full) waits in
memory under an alarm, and the next try takes it along.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.spot_checks import SpotChecks
from bridge_agent.entries import after_crash
from bridge_agent.health.day import Kept
from bridge_agent.journal import Journal
from bridge_agent.log import Log
from bridge_agent.plan import Plan
from bridge_agent.server_clock import ServerClock
from bridge_agent.session import Recording, write_seal
from models.records import CheckIn, Coverage


class Recordings:
    """The recordings of one agent. `hurry`: something was sealed, which the server should have soon."""

    def __init__(
        self,
        log: Log,
        clock: ServerClock,
        alarms: Alarms,
        journal: Journal,
        hurry: Callable[[], None],
        checks: Callable[[Sequence[str]], SpotChecks],
    ) -> None:
        self.current: Recording | None = None
        self.kept: dict[str, Kept] = {}
        """What was recorded of the sessions that this run of the agent sealed."""
        self._log = log
        self._clock = clock
        self._alarms = alarms
        self._journal = journal
        self._hurry = hurry
        self._checks = checks
        self._closing: list[Recording] = []
        """Sessions that are over and not yet sealed."""
        self._put_off: list[Recording] = []
        """Sessions that were moved to a later time while they ran: to be written, not sealed."""
        self._session_clock: int | None = None
        """Server time minus boot-time clock when the session that runs was begun."""
        self._recovered = False

    def now(self) -> int:
        """Server wall time, ms. While a session runs unmeasured, a wall clock that somebody sets does not end it."""
        sample = self._clock.sample()
        if sample.offset is None and self._session_clock is not None:
            return self._session_clock + sample.boot
        return sample.server_time(sample.boot)

    def begin(self, session: str) -> Recording:
        """Record a session from now on; an earlier run's part of it goes on."""
        self._session_clock = self.now() - self._clock.clocks.boot()
        earlier, saved = self._log.of_session(session), self._log.left_open(session)
        recording = Recording(session, earlier, self._clock.sample, saved, self._checks)
        self.current = recording
        return recording

    def end(self, recording: Recording, *, moved: bool) -> None:
        """The session is over, or was moved to a later time; watching has stopped."""
        boot = self._clock.clocks.boot()
        if moved:
            recording.put_off(boot)
            self._put_off.append(recording)
        else:
            recording.over(boot)
            self._closing.append(recording)
        self.current = self._session_clock = None
        self.close_what_is_over()

    def flush(self) -> None:
        """Make durable what has been recorded."""
        for recording in (*self._closing, self.current):
            if recording is not None and recording.unsaved:
                self.write(functools.partial(recording.flush, self._log))
        self._put_off = [
            one for one in self._put_off if one.unsaved and not self.write(functools.partial(one.flush, self._log))
        ]

    def close_what_is_over(self) -> None:
        """Seal what has been recorded to its end; with a full disk it waits here, and the next session is recorded."""
        for recording in list(self._closing):
            if self.write(functools.partial(recording.close, self._log)):
                self._closing.remove(recording)
                self.kept[recording.session] = _kept(self._log, recording.session)
                self._hurry()
                self._journal.say(
                    "session_over",
                    f"Buổi học {recording.session} đã kết thúc và niêm phong.",
                    f"Session {recording.session} is over and sealed.",
                    session=recording.session,
                )

    def seal_what_is_over(self, plan: Plan, now: int) -> None:
        """Seal the sessions that ended while this agent did not run."""
        if not plan.known:
            return
        closing = {recording.session for recording in self._closing}
        for session in self._log.unsealed():
            planned = plan.of(session)
            is_over = session not in closing and (planned is None or planned.end <= now)
            if is_over and self.write(functools.partial(write_seal, self._log, session, self._clock.sample)):
                self.kept[session] = _kept(self._log, session)

    def write(self, work: Callable[[], object]) -> bool:
        """Write into the log; when that fails (False) an alarm stands until it succeeds.

        First of all what a crash left open is closed: it must not be overwritten, even if the disk was full till now.
        """

        def all_of_it() -> None:
            self._recover()
            work()

        return self._alarms.tried("log", all_of_it)

    def _recover(self) -> None:
        if self._recovered:
            return
        count = self._log.recover(after_crash)
        self._recovered = True
        if count:
            self._journal.say(
                "recovered",
                f"Lần chạy trước dừng đột ngột; đã ghi lại {count} khoảng còn mở.",
                f"The last run ended unexpectedly; its {count} open intervals are recorded.",
                records=count,
            )


def _kept(log: Log, session: str) -> Kept:
    """What the log holds of a session that was just sealed."""
    records = log.of_session(session)
    watched = sum(one.end - one.start for one in records if isinstance(one, Coverage))
    came = {one.learner for one in records if isinstance(one, CheckIn)}
    return Kept(log.last_seq, len(records), len(came), watched)
