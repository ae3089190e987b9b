"""How far the setup of this PC has come: its steps, what each came to and when.

`setup.json` in the data folder is written whole after each step, so a restart goes on at the first that isn't green.
Whether this PC has joined is not in it: the identity says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

from bridge_agent.data_folder import write_private

Step = Literal["join", "camera", "sound", "speaker", "network", "calibration", "consent"]
STEPS: Final[tuple[Step, ...]] = get_args(Step)
Light = Literal["good", "attention", "bad"]
"""`attention`: the class can be held all the same, if the technician says so."""
ELSEWHERE: Final = "elsewhere"
"""The figure `way` of the sound of a room that has another system."""


class Sentence(msgspec.Struct, frozen=True):
    """One thing that was found, in both languages."""

    light: Light
    vi: str
    en: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What a step came to."""

    light: Light
    at: int
    """This PC's wall clock, ms since 1970 UTC."""
    said: tuple[Sentence, ...]
    figures: dict[str, float | str | None] = {}
    """What was measured."""
    accepted: bool = False
    """It is not all good, and the technician goes on."""

    @property
    def passed(self) -> bool:
        """The next step may come."""
        return self.light == "good" or (self.light == "attention" and self.accepted)


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """All results. guided: the steps come one after the other, until all have passed once."""

    guided: bool = False
    results: dict[Step, Result] = {}

    def passed(self, step: Step, joined: bool) -> bool:
        """Whether a step is green."""
        if step == "join":
            return joined
        result = self.results.get(step)
        return result is not None and result.passed

    @property
    def sound_elsewhere(self) -> bool:
        """The room's sound does not go by this PC."""
        return "sound" in self.results and self.results["sound"].figures.get("way") == ELSEWHERE

    def first_open(self, joined: bool) -> Step | None:
        """The first step that is not green; None: all are."""
        return next((step for step in STEPS if not self.passed(step, joined)), None)

    def may_open(self, step: Step, joined: bool) -> bool:
        """Whether a step may be worked at: while it is guided, when all before it are green."""
        if not joined:
            return step == "join"
        first = self.first_open(joined)
        return not self.guided or first is None or STEPS.index(step) <= STEPS.index(first)

    def after(self, step: Step) -> Step | None:
        """The step that comes next; None: it is the last."""
        index = STEPS.index(step) + 1
        return STEPS[index] if index < len(STEPS) else None

    def with_result(self, step: Step, result: Result, *, outdates: Mapping[Step, bool] | None = None) -> Progress:
        """With what a step came to. outdates: steps whose results mean nothing any more."""
        gone = {name for name, so in (outdates or {}).items() if so}
        kept = {name: one for name, one in self.results.items() if name not in gone}
        return self._with({**kept, step: result})

    def without(self, step: Step) -> Progress:
        """Without what a step came to: it is made anew."""
        return Progress(guided=self.guided, results={name: one for name, one in self.results.items() if name != step})

    def accepting(self, step: Step) -> Progress:
        """The technician goes on though a step is not all good. What is bad can't be accepted."""
        result = self.results.get(step)
        if result is None or result.light != "attention":
            return self
        return self._with({**self.results, step: msgspec.structs.replace(result, accepted=True)})

    def _with(self, results: dict[Step, Result]) -> Progress:
        new = Progress(guided=self.guided, results=results)
        return Progress(guided=self.guided and new.first_open(joined=True) is not None, results=results)


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """Where it is kept."""

    path: Path

    def read(self) -> Progress:
        """What is kept. A file that is damaged is as none: the steps are made again, which harms nothing."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Progress)
        except (OSError, msgspec.MsgspecError):
            return Progress()

    def write(self, progress: Progress) -> None:
        """Keep it. Raises DataFolderError."""
        write_private(self.path, msgspec.json.encode(progress))
