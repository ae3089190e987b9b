"""What confirmations say of the time between them, for learners whom the camera does not know. Pure; time is passed in.

A confirmation is a check-in by card or PIN, an answered spot check, or the word of whoever is on duty. From one to the
next, not more than VOUCH_MS of lessons later, the learner is vouched for. Time that no later confirmation closes is
unobserved, up to a spot check that was missed: from that one on until the next confirmation nothing is written, so the
learner is not seen, as the room is watched. All times are ms of the boot-time clock.

Nothing is written of the time since the last confirmation while one may still come. Once none can, the log is told at
once, and then every CUT_MS, as of presence. But whenever coverage is written, the log is told of all that is open
(`tell`): who has only so much of it, should the PC never come back, must not take the learner for absent. The
confirmation that comes afterwards counts all the same: vouched goes before unobserved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from models.presence import CUT_MS
from models.records import Vouch

VOUCH_MS = 45 * 60_000
"""A lesson (tiết): who is confirmed at both of its ends sat through it, as far as any roll call tells."""


@dataclass(frozen=True, slots=True)
class VouchedInterval:
    """The learner was confirmed at `start` and, in this way, at `end`."""

    learner: str
    start: int
    end: int
    method: Vouch
    witness: str


@dataclass(frozen=True, slots=True)
class UnobservedInterval:
    """Whether the learner was there from `start` to `end` can't be known."""

    learner: str
    start: int
    end: int
    why: Literal["far_seat", "no_face"]


Closed = VouchedInterval | UnobservedInterval


class Unwritten(msgspec.Struct):
    """A learner's time of which nothing is written yet."""

    since: int
    confirmed: bool
    """The next confirmation makes it vouched; otherwise it is unobserved already."""
    told: int = 0
    """Up to here the log was told that nothing is known."""

    @property
    def untold(self) -> int:
        """From when on nothing was told."""
        return max(self.since, self.told)


class VouchState(msgspec.Struct):
    """Everything of a Voucher that is not yet an interval: what is saved durably."""

    to: int = 0
    """The last moment that it was told of."""
    unwritten: dict[str, Unwritten] = {}
    """By learner."""
    waiting: list[str] = []
    """Learners who were vouched for when the PC's boot-time clock ended, or their session was moved: unobserved from
    the next moment on."""


class Voucher:
    """Turns confirmations into intervals. Every method returns the intervals that it closed.

    breaks: spans of the boot-time clock that count towards no limit: nobody is asked in them.
    """

    def __init__(
        self,
        state: VouchState | None = None,
        vouch_ms: int = VOUCH_MS,
        cut_ms: int = CUT_MS,
        breaks: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.state = state or VouchState()
        self.breaks = breaks
        self._vouch_ms = vouch_ms
        self._cut_ms = cut_ms

    def vouched(self, learner: str) -> bool:
        """The last confirmation still holds: one that comes now makes the time since then vouched."""
        known = self.state.unwritten.get(learner)
        return known is not None and known.confirmed

    def unconfirmed(self, learner: str) -> bool:
        """The last confirmation is too long ago, and no spot check was missed since: nothing is known."""
        known = self.state.unwritten.get(learner)
        return (known is not None and not known.confirmed) or learner in self.state.waiting

    def ago(self, learner: str, at: int) -> int:
        """How long before `at` the last confirmation that still holds was, outside breaks; with none: too long."""
        known = self.state.unwritten.get(learner)
        return self._vouch_ms if known is None or not known.confirmed else self._lessons(known.since, at)

    def confirm(self, learner: str, at: int, method: Vouch, witness: str) -> list[Closed]:
        """The learner was confirmed at `at`: closes the time since the last confirmation and begins anew."""
        closed: list[Closed] = list(self.tick(at))  # a limit that was passed a moment ago is passed
        known = self.state.unwritten.get(learner)
        if known is not None and known.confirmed and at > known.since:
            closed.append(VouchedInterval(learner, known.since, at, method, witness))
        elif known is not None:
            closed += _unobserved(learner, known.untold, at)
        self.state.unwritten[learner] = Unwritten(max(at, known.since) if known is not None else at, True)
        return closed

    def begin(self, learner: str, at: int) -> None:
        """The learner was there at `at`, and is known by confirmations from then on."""
        self.state.unwritten.setdefault(learner, Unwritten(at, True))

    def forget(self, learner: str) -> None:
        """Something else says of this learner's time what is to be said."""
        self.state.unwritten.pop(learner, None)
        if learner in self.state.waiting:
            self.state.waiting.remove(learner)

    def missed(self, learner: str, asked: int) -> list[UnobservedInterval]:
        """The learner was asked at `asked` and did not confirm in time: from then on nothing is written."""
        return self.release(learner, asked)

    def release(self, learner: str, at: int) -> list[UnobservedInterval]:
        """Confirmations say no more of this learner from `at` on: the camera knows him or her now."""
        known = self.state.unwritten.pop(learner, None)
        if learner in self.state.waiting:
            self.state.waiting.remove(learner)
        return [] if known is None else _unobserved(learner, known.untold, at)

    def tell(self, at: int, asked: Mapping[str, int]) -> list[UnobservedInterval]:
        """Coverage is written up to `at`. asked: when learners were asked who may turn out not to have been there."""
        closed: list[UnobservedInterval] = []
        for learner, known in self.state.unwritten.items():
            until = min(at, asked.get(learner, at))
            closed += _unobserved(learner, known.untold, until)
            known.told = max(known.told, until)
        return closed

    def tick(self, at: int) -> list[UnobservedInterval]:
        """Time passes: what no confirmation can close any more is told."""
        state = self.state
        state.to = max(state.to, at)
        for learner in state.waiting:
            state.unwritten.setdefault(learner, Unwritten(at, False))
        state.waiting.clear()
        closed: list[UnobservedInterval] = []
        for learner, known in state.unwritten.items():
            if known.confirmed and self._lessons(known.since, at) > self._vouch_ms:
                known.confirmed = False
            if not known.confirmed and at - known.untold >= self._cut_ms:
                closed += _unobserved(learner, known.untold, at)
                known.told = at
        return closed

    def pause(self, at: int) -> list[UnobservedInterval]:
        """The clock, or the watch over this session, ends here and may go on later."""
        state = self.state
        closed = [i for learner, known in state.unwritten.items() for i in _unobserved(learner, known.untold, at)]
        state.waiting = sorted({*state.waiting, *state.unwritten})
        state.unwritten = {}
        state.to = 0  # what goes on may be on another clock
        return closed

    def close(self, at: int) -> list[UnobservedInterval]:
        """The session is over."""
        closed = self.pause(at)
        self.state = VouchState()
        return closed

    def _lessons(self, start: int, end: int) -> int:
        """Milliseconds from `start` to `end` outside breaks."""
        return end - start - sum(max(0, min(end, b) - max(start, a)) for a, b in self.breaks)


def _unobserved(learner: str, start: int, end: int) -> list[UnobservedInterval]:
    return [UnobservedInterval(learner, start, end, "no_face")] if end > start else []
