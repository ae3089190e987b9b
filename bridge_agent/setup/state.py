"""What the wizard has come to, as it is kept and shown: results, why a step came to nothing, and that there is news."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from bridge_agent.config import Settings
from bridge_agent.errors import RetryableError
from bridge_agent.setup.progress import Light, Progress, ProgressFile, Result, Sentence, Step

Figures = dict[str, float | str | None]


class SetupError(RetryableError):
    """What was asked for can't be done now; the sentence says why and what to do."""


class Changes:
    """A number that grows whenever the pages have something new to show."""

    def __init__(self) -> None:
        self.version = 0
        self._event = asyncio.Event()

    def touch(self) -> None:
        """There is something new."""
        self.version += 1
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, version: int, timeout_s: float) -> None:
        """Until the number is another, or so many seconds."""
        event = self._event
        if self.version == version:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await event.wait()


class SetupState:
    """The state of one wizard. `wall`: this PC's clock, ms."""

    def __init__(self, settings: Settings, wall: Callable[[], int]) -> None:
        self._file, self._wall = ProgressFile(settings.folder.setup), wall
        self.progress = self._file.read()
        self.changes = Changes()
        self.failed: dict[Step, tuple[str, str]] = {}
        """Why the last try of a step came to nothing."""

    def keep(self, progress: Progress) -> None:
        """From now on, and after a restart. Raises DataFolderError, and nothing is changed."""
        self._file.write(progress)
        self.progress = progress
        self.changes.touch()

    def came_to(
        self,
        step: Step,
        light: Light,
        said: tuple[Sentence, ...],
        figures: Figures,
        outdates: Mapping[Step, bool] | None = None,
    ) -> None:
        """A step came to this. outdates: as Progress.with_result has it. Raises DataFolderError."""
        result = Result(light=light, at=self._wall(), said=said, figures=figures)
        self.keep(self.progress.with_result(step, result, outdates=outdates))

    def passed(self, step: Step, vi: str, en: str, figures: Figures) -> None:
        """A step is green, in one sentence. Raises DataFolderError."""
        self.came_to(step, "good", (Sentence("good", vi, en),), figures)
