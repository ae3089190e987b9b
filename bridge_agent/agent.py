"""The agent: one process that keeps the plan, records the session that runs, and syncs; everything that writes is here.

    contact   asks the server for its time and for today's sessions; works from what it said last when it is away
    sessions  watches the session whose time it is, then seals it
    saving    makes what is still open durable, every 2 s
    syncing   sends what waits in the log
    telling   sends the live status, every 2 s and when something changed

Each loop is kept running by the supervisor. Nothing that fails stops the recording: faults become alarms.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from bridge_agent import key_rotation, supervisor
from bridge_agent.alarms import Alarms
from bridge_agent.config import Settings
from bridge_agent.courier import Courier
from bridge_agent.entries import after_crash
from bridge_agent.errors import AgentError, IdentityError, RetryableError, ServerAwayError
from bridge_agent.eyes import Assignment
from bridge_agent.identity import Identity
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.log import Log
from bridge_agent.plan import Plan
from bridge_agent.recognition.events import Event, Ready
from bridge_agent.roster import match, portrait_names
from bridge_agent.server import Server
from bridge_agent.server_clock import ServerClock
from bridge_agent.session import Recording, write_seal
from models.records import CoverageEnd
from models.wire import SessionPlan

SAVE_S = 2.0
"""What a crash costs at most, beside the restart. One small fsync: even a slow disk does it in 30 ms."""
TICK_S = 0.5
LAST_SYNC_S = 1.2
SOONEST_STATUS_S = 0.5
LONGEST_STATUS_S = 15.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of; bridge_agent.cli puts it together."""

    settings: Settings
    identity: Identity
    keys: KeyStore
    log: Log
    server: Server
    clock: ServerClock
    journal: Journal
    watch: supervisor.Watch
    """Keeps recognition running."""
    damaged: tuple[Path, ...] = ()
    """Files that were set aside from the log's place."""


class Agent:
    """One agent. Call `run` once."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._log = parts.log
        self._journal = parts.journal
        self._clock = parts.clock
        self._alarms = Alarms(parts.journal)
        self._plan = Plan(parts.settings.folder.plan)
        config = parts.settings.config
        every_ms = round(config.sync_seconds * 1000)
        self._courier = Courier(
            parts.log, parts.server, parts.identity, every_ms, self._alarms, parts.journal, list(parts.damaged)
        )
        self._recording: Recording | None = None
        self._closing: list[Recording] = []
        """Sessions that are over and not yet sealed."""
        self._put_off: list[Recording] = []
        """Sessions that were moved to a later time while they ran: to be written, not sealed."""
        self._before_ms = round(config.watch_before_minutes * 60_000)
        self._session_clock: int | None = None
        """Server time minus boot-time clock when the session that runs was begun."""
        self._recovered = False
        self._changed = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then close what is open, try one last sync, and return within some 2 s."""
        self._start()
        loops: dict[str, Callable[[], Awaitable[None]]] = {
            "contact": self._contact,
            "sessions": self._sessions,
            "saving": self._saving,
            "syncing": self._syncing,
            "telling": self._telling,
        }
        tasks = [asyncio.create_task(supervisor.keep(name, loop, self._journal)) for name, loop in loops.items()]
        try:
            await stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._flush()
            await self._last_words()
            self._journal.note("stopped", last_seq=self._log.last_seq, waiting=self._log.waiting)

    def _start(self) -> None:
        """Close what a crash left open, and take the plan that is kept on disk."""
        member = self._parts.identity.membership
        self._journal.say(
            "started",
            f"Điểm cầu {member.bridge_point_name}, máy chủ {self._parts.server.url}.",
            f"Bridge point {member.bridge_point_name}, server {self._parts.server.url}.",
            device=member.device,
            log=self._log.id,
            last_seq=self._log.last_seq,
            waiting=self._log.waiting,
        )
        if damage := self._log.damage:
            self._alarms.set(
                "log_damaged",
                f"Tệp nhật ký bị hỏng, đã được giữ nguyên tại {damage.kept_at}; hệ thống ghi tiếp vào nhật ký mới. "
                "Hãy báo quản trị hệ thống.",
                f"The log file was damaged; it is kept whole at {damage.kept_at}, and a new log was begun. "
                "Tell the administrator.",
            )
        elif files := self._courier.damaged:
            self._alarms.set(
                "log_damaged",
                f"Phần còn nguyên của nhật ký hỏng {files[0]} đang được gửi về máy chủ. Hãy báo quản trị hệ thống.",
                f"What is intact of the damaged log {files[0]} is being sent to the server. Tell the administrator.",
            )
        self._write(lambda: None)
        self._plan.load(self._now())

    def _now(self) -> int:
        """Server wall time, ms. While a session runs unmeasured, a wall clock that somebody sets does not end it."""
        sample = self._clock.sample()
        if sample.offset is None and self._session_clock is not None:
            return self._session_clock + sample.boot
        return sample.server_time(sample.boot)

    # The plan

    async def _contact(self) -> None:
        away = False
        while True:
            try:
                await self._parts.server.measure_clock()
                today = await self._parts.server.today()
            except ServerAwayError as error:
                self._alarms.set("server", error.vi, error.en)
                away = True
            except AgentError as error:
                self._alarms.set("contact", error.vi, error.en)
                if isinstance(error, IdentityError):
                    await self._mend_key()
            else:
                self._alarms.clear("server")
                self._alarms.clear("contact")
                if away or self._courier.away:
                    self._courier.server_is_back()  # it may wait up to a minute by now
                away = False
                if self._plan.update(today):
                    self._journal.note("plan", sessions=len(today.sessions))
                await self._renew_key()
            await asyncio.sleep(self._parts.settings.config.plan_seconds)

    async def _mend_key(self) -> None:
        """The server does not know this PC by its key."""
        parts = self._parts
        with contextlib.suppress(AgentError):  # the next contact tries again
            if await key_rotation.mend(parts.settings.folder, parts.keys, parts.identity, parts.server):
                self._courier.hurry()
                self._journal.note("key_mended", expires_at=parts.identity.membership.key_expires_at)

    async def _renew_key(self) -> None:
        parts = self._parts
        if not key_rotation.is_due(parts.identity.membership, self._now()):
            return
        try:
            await key_rotation.rotate(parts.settings.folder, parts.keys, parts.identity, parts.server)
        except ServerAwayError:
            return  # the server's own alarm tells it; the next contact tries again
        except AgentError as error:
            self._alarms.set("key", error.vi, error.en)
            return
        self._alarms.clear("key")
        self._courier.hurry()  # an expired key has kept it waiting
        self._journal.note("key_rotated", expires_at=parts.identity.membership.key_expires_at)

    # The session

    async def _sessions(self) -> None:
        while True:
            now = self._now()
            self._plan.forget(now)
            plan = self._plan.current(now, self._before_ms)
            self._close_what_is_over()
            self._seal_what_is_over(now)
            if plan is None:
                await asyncio.sleep(TICK_S)
            else:
                await self._record(plan)

    async def _record(self, plan: SessionPlan) -> None:
        """Record one session until it is over, cancelled or moved away from now."""
        recording = Recording(plan.session, self._log.of_session(plan.session), self._clock.sample)
        self._recording = recording
        self._session_clock = self._now() - self._clock.clocks.boot()
        self._journal.say(
            "session", f"Bắt đầu theo dõi: {plan.title}.", f"Watching: {plan.title}.", session=plan.session
        )
        try:
            while now_plan := self._plan.still(plan.session, self._now(), self._before_ms):
                await self._watch_until_changed(now_plan, recording)
        finally:
            recording.stop("stopped")
            self._flush()
            for name in ("recognition", "portraits"):
                self._alarms.clear(name)
        later = self._plan.of(plan.session)
        moved = later is not None and self._now() < later.end
        self._recording = self._session_clock = None
        (self._put_off if moved else self._closing).append(recording)
        self._close_what_is_over()

    def _close_what_is_over(self) -> None:
        """Seal what has been recorded to its end; with a full disk it waits here, and the next session is recorded."""
        for recording in list(self._closing):
            if self._write(functools.partial(recording.close, self._log)):
                self._closing.remove(recording)
                self._courier.hurry()
                self._journal.say(
                    "session_over",
                    f"Buổi học {recording.session} đã kết thúc và niêm phong.",
                    f"Session {recording.session} is over and sealed.",
                    session=recording.session,
                )

    async def _watch_until_changed(self, plan: SessionPlan, recording: Recording) -> None:
        """Watch until the session is over or whom to look for has changed."""
        assignment = self._assignment(plan)
        watching: asyncio.Task[None] | None = None
        if assignment is not None:
            listener = supervisor.Listener(self._heard, self._lost, self._fault)
            watch = functools.partial(self._parts.watch, assignment, listener, self._journal)
            watching = asyncio.create_task(supervisor.keep("recognition", watch, self._journal))
        try:
            while known := self._plan.still(plan.session, self._now(), self._before_ms):
                if known.learners != plan.learners:
                    break
                await asyncio.sleep(TICK_S)
                if assignment is None and self._assignment(plan) is not None:
                    break
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    def _assignment(self, plan: SessionPlan) -> Assignment | None:
        settings = self._parts.settings
        try:
            names = portrait_names(settings.portraits)
        except AgentError as error:
            self._alarms.set("portraits", error.vi, error.en)
            return None
        matched = match(names, plan.learners)
        if matched.problems:
            vi = " ".join(problem.vi for problem in matched.problems)
            self._alarms.set("portraits", vi, " ".join(problem.en for problem in matched.problems))
        else:
            self._alarms.clear("portraits")
        sweep_ms = round(settings.config.sweep_seconds * 1000)
        return Assignment(
            settings.source, settings.portraits, matched.roster, sweep_ms, settings.config.faces, pin=settings.pin
        )

    def _heard(self, event: Event) -> None:
        recording = self._recording
        if recording is None:
            return
        if recording.take(event):
            self._changed.set()
            self._flush()
        self._alarms.troubles(recording.troubles)
        if isinstance(event, Ready):
            self._journal.say(
                "ready",
                f"Đang theo dõi {len(event.learners)} học viên ({event.detector}, {event.encoder}).",
                f"Looking for {len(event.learners)} learners ({event.detector}, {event.encoder}).",
                learners=len(event.learners),
                detector=event.detector,
                encoder=event.encoder,
            )

    def _lost(self, ended_by: CoverageEnd) -> None:
        if self._recording is not None:
            self._recording.stop(ended_by)
            self._alarms.troubles({})
            self._flush()
            self._changed.set()

    def _fault(self, vi: str, en: str) -> None:
        if vi:
            self._alarms.set("recognition", vi, en)
        else:
            self._alarms.clear("recognition")

    # The log

    async def _saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_S)
            self._flush()
            self._alarms.clock(self._clock.sample())

    def _flush(self) -> None:
        """Make durable what has been recorded."""
        for recording in (*self._closing, *self._put_off, self._recording):
            if recording is not None and recording.unsaved:
                self._write(functools.partial(recording.flush, self._log))
        self._put_off = [recording for recording in self._put_off if recording.unsaved]

    def _write(self, work: Callable[[], object]) -> bool:
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

    def _seal_what_is_over(self, now: int) -> None:
        """Seal the sessions that ended while this agent did not run."""
        if not self._plan.known:
            return
        closing = {recording.session for recording in self._closing}
        for session in self._log.unsealed():
            plan = self._plan.of(session)
            if session not in closing and (plan is None or plan.end <= now):
                self._write(functools.partial(write_seal, self._log, session, self._clock.sample))

    # The server

    async def _syncing(self) -> None:
        while True:
            sent = await self._courier.once(self._clock.clocks.boot())
            await asyncio.sleep(0 if sent else TICK_S)

    async def _last_words(self) -> None:
        """One last sync and status: a second at most, for the person at the PC waits."""
        self._courier.hurry()
        with contextlib.suppress(TimeoutError, AgentError):
            async with asyncio.timeout(LAST_SYNC_S):
                while await self._courier.once(self._clock.clocks.boot()):
                    pass
                if self._recording is not None:
                    await self._tell(self._recording)

    async def _telling(self) -> None:
        usual = self._parts.settings.config.status_seconds
        wait, told = usual, self._recording
        while True:
            # A session that has just ended is told of once more: that nobody watches.
            recording = self._recording or told
            if recording is not None:
                try:
                    await self._tell(recording)
                    wait, told = usual, self._recording
                except RetryableError:
                    wait = min(wait * 2, LONGEST_STATUS_S)
                except AgentError as error:
                    self._alarms.set("contact", error.vi, error.en)
                    wait = LONGEST_STATUS_S
            await asyncio.sleep(SOONEST_STATUS_S)
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, wait - SOONEST_STATUS_S)):
                    await self._changed.wait()

    async def _tell(self, recording: Recording) -> None:
        await self._parts.server.send_status(recording.status(self._courier.waiting, self._alarms.for_manager()))
