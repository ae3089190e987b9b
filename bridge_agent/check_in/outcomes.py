"""What tries at the desk came to: the last one is shown, and a doubt waits for its second factor."""

from __future__ import annotations

from typing import Literal

from bridge_agent.check_in.desk import Outcome
from bridge_agent.check_in.expected import Expected, Surroundings
from bridge_agent.hours import hour
from bridge_agent.recognition.events import InDoubt
from models.records import CheckInMethod, Flag
from models.wire import RosterLearner

DOUBT_MS = 60_000
"""Who is asked for a card or PIN stands there and has it at hand."""

Kind = Literal["admitted", "again", "doubt", "refused", "enrolled"]


class Outcomes:
    """Counts and keeps what tries came to."""

    def __init__(self, around: Surroundings, expected: Expected) -> None:
        self.last: Outcome | None = None
        self._around = around
        self._expected = expected
        self._doubt: InDoubt | None = None

    def came_to(
        self,
        kind: Kind,
        vi: str,
        en: str,
        learner: RosterLearner | None = None,
        method: CheckInMethod | None = None,
        flags: tuple[Flag, ...] = (),
    ) -> Outcome:
        """A try came to this."""
        number = self.last.number + 1 if self.last else 1
        shown = self._expected.row(learner) if learner else None
        self.last = Outcome(number, self._around.now(), kind, shown, method, vi, en, flags)
        return self.last

    def checked_in(
        self, learner: RosterLearner, method: CheckInMethod, *, new: bool, flags: tuple[Flag, ...] = ()
    ) -> Outcome:
        """A learner checked in; `new`: had not before."""
        self._around.wrote()
        name = learner.name
        if new:
            return self.came_to("admitted", f"Đã điểm danh: {name}.", f"Checked in: {name}.", learner, method, flags)
        recording = self._around.recording()
        first = recording.attendance.admitted.get(learner.id) if recording else None
        at = hour(first.at if first else self._around.now())
        vi, en = f"{name} đã điểm danh lúc {at}.", f"{name} checked in at {at}."
        return self.came_to("again", vi, en, learner, method, flags)

    def in_doubt(self, doubt: InDoubt) -> None:
        """A face was not enough: a card or PIN settles it."""
        self._doubt = doubt
        learner = self._expected.find(doubt.learner) if doubt.learner else None
        self.came_to("doubt", doubt.vi, doubt.en, learner, None, doubt.flags)

    def settled(self, learner: str) -> tuple[tuple[Flag, ...], bool]:
        """The flags of a check-in by card or PIN: those of the doubt that it settles; and whether the camera, which had
        a good look at this learner, did not recognise him or her."""
        doubt = self._doubt
        if doubt is None or doubt.learner not in (None, learner) or self._around.boot - doubt.at > DOUBT_MS:
            return (), False
        self._doubt = None
        return tuple(dict.fromkeys((*doubt.flags, "second_factor"))), doubt.why == "unknown"

    def forget_doubt(self) -> None:
        """Somebody else stands there."""
        self._doubt = None
