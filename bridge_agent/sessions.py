"""The loop that watches the session whose time it is, then seals it; between sessions it serves the desk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.at_desk import AtDesk
from bridge_agent.eyes import Assignment
from bridge_agent.journal import Journal
from bridge_agent.plan import Plan
from bridge_agent.recognition.events import CaptureLost, Doubles, Event, Ready, Trouble
from bridge_agent.recordings import Recordings
from bridge_agent.room_watch import RoomWatch, end
from bridge_agent.server_clock import ServerClock
from bridge_agent.session import Recording
from bridge_agent.supervisor import Listener, turns
from models.language import counted
from models.records import CoverageEnd
from models.wire import RosterLearner, SessionPlan

TICK_S = 0.5
CAMERA_BACK_MS = 10_000
"""So long the page tells that the camera was lost and is back: somebody may look away for a moment."""


class Sessions:
    """Begins, watches and ends sessions. `changed`: something happened that the server should hear of soon."""

    def __init__(
        self,
        plan: Plan,
        recordings: Recordings,
        room: RoomWatch,
        desk: AtDesk,
        clock: ServerClock,
        alarms: Alarms,
        journal: Journal,
        before_ms: int,
        changed: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._recordings = recordings
        self._room = room
        self._desk = desk
        self._clock = clock
        self._alarms = alarms
        self._journal = journal
        self._before_ms = before_ms
        self._changed = changed
        self._back_until = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            turns()
            now = self._recordings.now()
            self._plan.forget(now)
            plan = self._plan.current(now, self._before_ms)
            self._recordings.close_what_is_over()
            self._recordings.seal_what_is_over(self._plan, now)
            self._desk.tick()
            if plan is not None:
                await self._record(plan)
            elif (coming := self._plan.soonest(now)) is not None and self._desk.wants_camera:
                await self._serve_desk(coming)
            else:
                await asyncio.sleep(TICK_S)

    async def _record(self, plan: SessionPlan) -> None:
        """Record one session until it is over, cancelled or moved away from now."""
        recording = self._recordings.begin(plan.session)
        self._desk.session_began(recording)
        self._journal.say(
            "session", f"Bắt đầu theo dõi: {plan.title}.", f"Watching: {plan.title}.", session=plan.session
        )
        try:
            while now_plan := self._plan.still(plan.session, self._recordings.now(), self._before_ms):
                recording.roster = len(now_plan.learners)
                await self._watch_until_changed(now_plan, recording)
        finally:
            recording.stop("stopped")
            self._recordings.flush()
            for name in ("recognition", "portraits", "profile", "camera_back"):
                self._alarms.clear(name)
        later = self._plan.of(plan.session)
        moved = later is not None and self._recordings.now() < later.end
        self._recordings.end(recording, moved=moved)
        self._desk.tick()

    async def _watch_until_changed(self, plan: SessionPlan, recording: Recording) -> None:
        """Watch until the session is over or whom to look for has changed."""
        assignment = self._room.assignment(plan.learners)
        watching: asyncio.Task[None] | None = None
        if assignment is not None:
            watching = asyncio.create_task(self._room.run(assignment, self._listener(assignment, plan.learners)))
        try:
            while known := self._plan.still(plan.session, self._recordings.now(), self._before_ms):
                if known.learners != plan.learners or self._room.another_camera(assignment):
                    break
                turns()
                self._tick(known, recording)
                await asyncio.sleep(TICK_S)
                if assignment is None and self._room.assignment(plan.learners) is not None:
                    break
        finally:
            if watching is not None:
                await end(watching)

    async def _serve_desk(self, plan: SessionPlan) -> None:
        """No session is near, but somebody stands at the desk: look for the next one's learners until it is closed."""
        assignment = self._room.assignment(plan.learners)
        if assignment is None:
            self._desk.close()
            return
        assignment = replace(assignment, stream=None)  # there is no session whose stream it could be
        watching = asyncio.create_task(self._room.run(assignment, self._listener(assignment, plan.learners)))
        try:
            while self._desk.wants_camera and self._plan.current(self._recordings.now(), self._before_ms) is None:
                turns()
                if self._room.another_camera(assignment):
                    break
                self._desk.tick()
                self._room.bring_gallery(plan.learners)
                await asyncio.sleep(TICK_S)
        finally:
            await end(watching)
            self._alarms.clear("recognition")

    def _tick(self, plan: SessionPlan, recording: Recording) -> None:
        """Time passes in a session, half a second at a time."""
        self._desk.tick()
        clock = self._clock.sample()
        if clock.boot >= self._back_until:
            self._alarms.clear("camera_back")
        ahead = clock.server_time(clock.boot) - clock.boot
        # Before the session it is as in a break: nobody is asked, and no limit comes nearer.
        breaks = [(start - ahead, until - ahead) for start, until in ((0, plan.start), *plan.breaks)]
        if recording.tick(clock.boot, breaks, plan.end - ahead, self._desk.attended):
            self.wrote()
        self._bring_gallery(plan.learners)

    def _bring_gallery(self, learners: tuple[RosterLearner, ...]) -> None:
        known = self._room.bring_gallery(learners)
        recording = self._recordings.current
        if known is not None and recording is not None:
            recording.attendance.knows(known)

    def wrote(self) -> None:
        """Something was recorded that should neither be lost nor wait."""
        self._recordings.flush()
        self._changed()

    def _listener(self, assignment: Assignment, learners: tuple[RosterLearner, ...]) -> Listener:
        def heard(event: Event) -> None:
            self._heard(event, assignment, learners)

        return Listener(heard, self._lost, self._fault, self._room.commands)

    def _heard(self, event: Event, assignment: Assignment, learners: tuple[RosterLearner, ...]) -> None:
        recording = self._recordings.current
        if recording is not None and recording.take(event):
            self.wrote()
        if recording is not None:
            self._alarms.troubles(recording.troubles)
        if isinstance(event, Ready):
            self._room.began(event, assignment)
            self._ready(event, learners, recording)
        if isinstance(event, CaptureLost):
            self._journal.lost("camera", event.lost_by)  # recognition opens it again
        if isinstance(event, Trouble) and event.name == "camera_gone" and event.passed:
            self._camera_back()
        if isinstance(event, Doubles):
            self._room.doubles(event.learners)
        self._desk.heard(event)

    def _camera_back(self) -> None:
        self._back_until = self._clock.sample().boot + CAMERA_BACK_MS
        self._alarms.set(
            "camera_back",
            "Camera vừa mất hình và đã có hình lại; quãng mất hình không tính cho ai. Nếu việc này lặp lại, hãy kiểm "
            "tra dây cắm và nguồn của camera.",
            "The camera was just lost and is back; the break counts for nobody. If it happens again, check its cable "
            "and power.",
        )

    def _ready(self, event: Ready, learners: tuple[RosterLearner, ...], recording: Recording | None) -> None:
        if recording is not None:
            state = self._room.profile()
            threshold = event.strict_threshold if state.threshold is None else state.threshold
            recording.profile_used(state.profile, state.state, event.encoder, threshold)
            recording.attendance.far.blind = state.blind_seats
            self.wrote()
        self._bring_gallery(learners)
        self._desk.reopen()
        self._journal.say(
            "ready",
            f"Đang theo dõi {len(event.learners)} học viên ({event.detector}, {event.encoder}).",
            f"Looking for {counted(len(event.learners), 'learner')} ({event.detector}, {event.encoder}).",
            learners=len(event.learners),
            detector=event.detector,
            encoder=event.encoder,
        )

    def _lost(self, ended_by: CoverageEnd) -> None:
        self._room.lost()
        if (recording := self._recordings.current) is not None:
            recording.stop(ended_by)
            self._alarms.troubles({})
            self.wrote()

    def _fault(self, vi: str, en: str) -> None:
        if vi:
            self._alarms.set("recognition", vi, en)
        else:
            self._alarms.clear("recognition")
