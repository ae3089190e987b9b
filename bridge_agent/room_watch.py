"""Recognition of one session, or of the desk alone: whom it looks for, what it is told, and when it may not run."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from pathlib import Path

from bridge_agent import supervisor
from bridge_agent.alarms import Alarms
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


class RoomWatch:
    """Keeps recognition running. `watch`: as supervisor.watch. `profile`: what may be watched with, at a server time."""

    def __init__(
        self,
        settings: Settings,
        watch: supervisor.Watch,
        gallery: GalleryStore,
        alarms: Alarms,
        journal: Journal,
        profile: Callable[[], ProfileState],
    ) -> None:
        self.commands = supervisor.Commands()
        self.ready: Ready | None = None
        """What the process that runs said of itself."""
        self.profile = profile
        self._settings = settings
        self._watch = watch
        self._gallery = gallery
        self._alarms = alarms
        self._journal = journal
        self._told: tuple[HeldTemplate, ...] = ()
        """The gallery that the process has been told."""
        self._version = -1

    def tell(self, command: Command) -> None:
        """Tell the process, if it runs."""
        self.commands.send(command)

    def blind(self) -> tuple[str, str] | None:
        """Why the camera is not used, in both languages; None when it may be."""
        state = self.profile()
        if not state.refused:
            return None
        vi = "Chưa hiệu chỉnh camera: hãy chạy calibrate camera và calibrate faces, hoặc cho phép without_profile."
        en = "The camera is not calibrated: run calibrate camera and calibrate faces, or allow without_profile."
        return f"{vi} Thẻ và PIN vẫn dùng được.", f"{en} Cards and PINs still work."

    def assignment(self, learners: tuple[RosterLearner, ...]) -> Assignment | None:
        """What a process would watch, and for whom; None while it may not or can't, under an alarm that says why."""
        if why := self.blind():
            self._alarms.set("profile", *why)
            return None
        self._alarms.clear("profile")
        settings = self._settings
        roster: dict[str, str] = {}
        folder = self._portraits()
        if folder is not None:
            try:
                matched = match(portrait_names(folder), learners, {one.learner for one in self._held(learners)})
            except AgentError as error:
                self._alarms.set("portraits", error.vi, error.en)
                if not self._held(learners):
                    return None
                folder = None
            else:
                roster = matched.roster
                if matched.problems:
                    vi = " ".join(problem.vi for problem in matched.problems)
                    self._alarms.set("portraits", vi, " ".join(problem.en for problem in matched.problems))
                else:
                    self._alarms.clear("portraits")
        sweep_ms = round(settings.config.sweep_seconds * 1000)
        return Assignment(settings.source, folder, roster, sweep_ms, settings.config.faces)

    async def run(self, assignment: Assignment, listener: supervisor.Listener) -> None:
        """Keep a process on the assignment until cancelled."""
        watch = functools.partial(self._watch, assignment, listener, self._journal)
        try:
            await supervisor.keep("recognition", watch, self._journal)
        finally:
            self.lost()

    def began(self, ready: Ready) -> None:
        """The process is ready."""
        self.ready, self._told, self._version = ready, (), -1

    def lost(self) -> None:
        """The process is gone."""
        self.ready = None

    def bring_gallery(self, learners: tuple[RosterLearner, ...]) -> frozenset[str] | None:
        """Tell the process of these learners' templates if they changed; whom the camera knows then, None: as before."""
        if self.ready is None or self._version == self._gallery.version:
            return None
        self._version = self._gallery.version
        held = self._held(learners)
        fitting = tuple(one for one in held if one.encoder == self.ready.encoder)
        if len(fitting) < len(held):
            self._alarms.set(
                "encoder",
                f"{len(held) - len(fitting)} mẫu khuôn mặt do bộ mã hóa khác tạo, nên camera không nhận ra những người "
                "này. Hãy lấy mẫu lại, hoặc dùng thẻ hay PIN.",
                f"{len(held) - len(fitting)} templates come from another encoder: the camera does not know these "
                "learners. Enrol them again, or use cards or PINs.",
            )
        else:
            self._alarms.clear("encoder")
        if fitting != self._told:
            self._told = fitting
            self.tell(SetGallery(fitting))
        return frozenset(self.ready.learners) | {one.learner for one in fitting}

    def _held(self, learners: tuple[RosterLearner, ...]) -> tuple[HeldTemplate, ...]:
        return self._gallery.templates(learner.id for learner in learners)

    def _portraits(self) -> Path | None:
        """The folder of portraits, None when there is none and none was asked for."""
        return self._settings.portraits


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is gone."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
