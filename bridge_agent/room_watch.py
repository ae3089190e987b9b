"""Recognition of one session, or of the desk alone: whom it looks for, what it is told, and when it may not run."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bridge_agent import supervisor
from bridge_agent.alarms import Alarms
from bridge_agent.capture.outlet import StreamOut
from bridge_agent.capture.source import CameraPin
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.config import Settings
from bridge_agent.errors import AgentError
from bridge_agent.eyes import Assignment
from bridge_agent.journal import Journal
from bridge_agent.profile_state import ProfileState
from bridge_agent.recognition.commands import Command, HeldTemplate, SetGallery
from bridge_agent.recognition.events import Ready
from bridge_agent.roster import match, portrait_names
from models.wire import RosterLearner

PINNED_ON = ("linux", "win32")
"""Systems that tell cameras by name."""


class RoomWatch:
    """Keeps recognition running. `watch`: as supervisor.watch. `profile`: with which profile that would be now.
    `stream`: where capture sends the room's stream.
    """

    def __init__(
        self,
        settings: Settings,
        watch: supervisor.Watch,
        gallery: GalleryStore,
        alarms: Alarms,
        journal: Journal,
        profile: Callable[[], ProfileState],
        stream: StreamOut | None = None,
    ) -> None:
        self.commands = supervisor.Commands()
        self.profile = profile
        self._stream = stream
        self._settings = settings
        self._watch = watch
        self._gallery = gallery
        self._alarms = alarms
        self._journal = journal
        self._anew: asyncio.Event | None = None
        """While a process is kept running: whether a new one was asked for."""
        self.starts = 0
        """How many processes were ready."""
        self._ready: Ready | None = None
        """What the process that runs said of itself."""
        self._told: tuple[HeldTemplate, ...] = ()
        """The templates that it was given."""
        self._pictured: frozenset[str] = frozenset()
        """Whom it knows by a portrait."""
        self._version = -1
        self._doubles: frozenset[str] = frozenset()
        """Whom the camera alone can't tell from another: for them confirmations count."""

    def tell(self, command: Command) -> None:
        """Tell the process, if it runs."""
        self.commands.send(command)

    def blind(self) -> tuple[str, str] | None:
        """Why the camera may not be used, in both languages; None when it may."""
        state = self.profile()
        if not state.refused:
            return None
        vi, en = state.why
        return (
            f"Chưa nhận diện khuôn mặt được. {vi} Hoặc cho phép: without_profile = true. Thẻ và mã PIN vẫn dùng được.",
            f"No recognition yet. {en} Or allow it: without_profile = true. Cards and PINs still work.",
        )

    def assignment(self, learners: Sequence[RosterLearner]) -> Assignment | None:
        """What a process would watch, and for whom; None while it may not, under an alarm that says why."""
        if why := self.blind():
            self._alarms.set("profile", *why)
            return None
        self._alarms.clear("profile")
        settings, held = self._settings, self._held(learners)
        roster = self._portraits(learners, frozenset(one.learner for one in held))
        if roster is None and not held:
            return None
        sweep_ms = round(settings.config.sweep_seconds * 1000)
        return Assignment(
            settings.source, settings.portraits, roster or {}, sweep_ms, settings.config.faces, held,
            self.profile().zones,
            self._pin(), self.profile().threshold, self.profile().raised, self._stream,
        )  # fmt: skip

    def another_camera(self, assignment: Assignment | None) -> bool:
        """Another camera was chosen since this assignment was made."""
        named = self._settings.pin.name
        return assignment is not None and (
            assignment.source != self._settings.source or (bool(named) and assignment.pin.name != named)
        )

    def _pin(self) -> CameraPin:
        """The camera that the settings name, or else the one that the profile measured."""
        pin = self._settings.pin
        return pin if pin.name or sys.platform not in PINNED_ON else replace(pin, name=self.profile().camera)

    def _portraits(self, learners: Sequence[RosterLearner], templates: frozenset[str]) -> dict[str, str] | None:
        """Learner id by portrait name; None where the portraits that were asked for are not there."""
        if self._settings.without_portraits:
            return {}
        try:
            matched = match(portrait_names(self._settings.portraits), learners, templates)
        except AgentError as error:
            self._alarms.set("portraits", error.vi, error.en)
            return None
        if matched.problems:
            vi = " ".join(problem.vi for problem in matched.problems)
            self._alarms.set("portraits", vi, " ".join(problem.en for problem in matched.problems))
        else:
            self._alarms.clear("portraits")
        return matched.roster

    async def run(self, assignment: Assignment, listener: supervisor.Listener) -> None:
        """Keep a process on the assignment until cancelled; a new one whenever `restart` asks for it."""
        watch = functools.partial(self._watch, assignment, listener, self._journal)
        while await self._until_restart(watch, assignment):
            self._journal.note("recognition_restarted")

    async def _until_restart(self, watch: Callable[[], Awaitable[None]], assignment: Assignment) -> bool:
        """Keep a process running; True when it was asked to be started anew."""
        self._told, self._anew = assignment.templates, asyncio.Event()
        kept = asyncio.create_task(supervisor.keep("recognition", watch, self._journal))
        asked = asyncio.create_task(self._anew.wait())
        try:
            await asyncio.wait((kept, asked), return_when=asyncio.FIRST_COMPLETED)
            return asked.done()
        finally:
            asked.cancel()
            await end(kept)
            self._ready = self._anew = None

    def restart(self) -> bool:
        """End recognition, and with it the camera, and start both anew; False when neither runs."""
        if self._anew is None:
            return False
        self._anew.set()
        return True

    def began(self, ready: Ready, assignment: Assignment) -> None:
        """A process is ready: it was given the assignment's templates, and nothing since."""
        self._ready, self._told, self._version = ready, assignment.templates, -1
        self.starts += 1
        self._doubles = frozenset(ready.doubles)
        self._pictured = frozenset(ready.learners) - {one.learner for one in assignment.templates}

    def doubles(self, learners: Sequence[str]) -> None:
        """Recognition told whom it can't tell apart."""
        self._doubles, self._version = frozenset(learners), -1

    def lost(self) -> None:
        """The process is gone."""
        self._ready = None

    def bring_gallery(self, learners: Sequence[RosterLearner]) -> frozenset[str] | None:
        """Tell the process these learners' templates if they changed; whom the camera knows then, None: as before."""
        if self._ready is None or self._version == self._gallery.version:
            return None
        self._version = self._gallery.version
        held = self._held(learners)
        if held != self._told:
            self._told = held
            self.tell(SetGallery(held))
        encoder = self._ready.encoder
        return (self._pictured | {one.learner for one in held if one.encoder == encoder}) - self._doubles

    def _held(self, learners: Sequence[RosterLearner]) -> tuple[HeldTemplate, ...]:
        return self._gallery.templates(learner.id for learner in learners)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is gone."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
