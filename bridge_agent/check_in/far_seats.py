"""Learners who may sit where the room's camera can tell nobody from others: for them it says nothing, not "not seen".

Three ways lead there. A learner's track was lost at such a seat (`lose`). Recognition died while a learner's name
stood on the track alone (`looked`, then `unwatched`). And a learner who was confirmed on the spot, by the desk or a
spot check, has not been sighted since, while the room holds somebody whom the camera can't name: that may be this
learner (`came`). Who was confirmed and is not in a room where everybody in view can be told has left: not seen.

All end with a sighting, or with a spot check that was missed. Pure; times are ms of the boot-time clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from bridge_agent.check_in.vouching import UnobservedInterval
from bridge_agent.recognition.events import Sweep

HIDDEN_MS: Final = 60_000
"""So long before and after a look with a nameless face it counts as being there: heads are bowed, and small faces are
not found in every look. So long, too, may the walk from the desk to a seat take."""


class Came(msgspec.Struct, frozen=True):
    """A learner was confirmed at `at`; `by_face`: so well that the camera names him or her wherever it can."""

    at: int
    by_face: bool


class FarState(msgspec.Struct):
    """Everything of FarSeats that is saved durably."""

    lost: dict[str, int] = {}
    """Since when nothing is known, by learner."""
    waiting: list[str] = []
    """Lost again as soon as the room is watched again: nobody is named anew in such a seat."""
    followed: list[str] = []
    """Whose name stands on a track alone."""
    came: dict[str, Came] = {}
    """Confirmed on the spot and not sighted since."""
    supposed: list[str] = []
    """Of `lost`: those who are only while a nameless face is in view."""

    @property
    def empty(self) -> bool:
        """Nothing would be lost."""
        return not (self.lost or self.waiting or self.followed or self.came)


class FarSeats:
    """See the module. `blind`: the calibration saw people in places where it could tell none, so somebody may sit there
    though no face is found.
    """

    def __init__(self, state: FarState | None = None) -> None:
        self.state = state or FarState()
        self.blind = False
        self._from: int | None = None
        """Since when the room is watched."""
        self._nameless: int | None = None
        """When a face was last in view that has no name and gets none."""
        self._strange: int | None = None
        """When one was that matches nobody."""

    def hides(self, learner: str) -> bool:
        """The camera's word says nothing of this learner now."""
        return learner in self.state.lost or learner in self.state.waiting

    def lose(self, learner: str, at: int) -> None:
        """The track was lost at `at`."""
        self.state.lost.setdefault(learner, at)
        self._sure(learner)

    def came(self, learner: str, at: int, *, by_face: bool) -> None:
        """The learner was confirmed on the spot at `at`."""
        self.state.came[learner] = Came(at, by_face)

    def rebooted(self, at: int) -> None:
        """The PC was started anew, and its new clock says `at`. What was lost ended with the old one (`unwatched`); who
        came then counts as having come now: a time of the old clock may lie far ahead on this one."""
        self.state.came = {learner: Came(at, came.by_face) for learner, came in self.state.came.items()}

    def sighted(self, learner: str, at: int) -> list[UnobservedInterval]:
        """The learner was seen at `at`; a sighting that comes late, from before the loss, ends nothing."""
        state = self.state
        if learner in state.waiting:
            state.waiting.remove(learner)
        if (came := state.came.get(learner)) is not None and at > came.at:
            del state.came[learner]
        since = state.lost.get(learner)
        return [] if since is None or at <= since else self._end(learner, at)

    def missed(self, learner: str, asked: int) -> list[UnobservedInterval]:
        """The learner was asked at `asked` and did not confirm: from then on not seen is not seen, as of anybody."""
        self.state.came.pop(learner, None)
        if learner in self.state.waiting:
            self.state.waiting.remove(learner)
        return self._end(learner, asked)

    def looked(self, sweep: Sweep, known: Collection[str]) -> list[UnobservedInterval]:
        """A look at the watched room. known: whom the camera looks for."""
        state, at = self.state, sweep.at
        state.followed = list(sweep.followed)
        self._from = at if self._from is None else self._from
        self._nameless = at if sweep.nameless else self._nameless
        self._strange = at if sweep.unknown else self._strange
        closed: list[UnobservedInterval] = []
        for learner, came in state.came.items():
            if learner not in known:
                continue
            if not self._may_be_there(came, at):
                closed += self._end(learner, at) if learner in state.supposed else []
            elif learner not in state.lost and at - came.at >= HIDDEN_MS:  # a walk from the desk to a near seat is none
                state.lost[learner] = max(min(came.at, at), at - HIDDEN_MS, self._from)
                state.supposed.append(learner)
        return closed

    def watched(self, at: int) -> None:
        """The room is watched at `at`."""
        for learner in self.state.waiting:
            self.state.lost.setdefault(learner, at)
        self.state.waiting = []

    def tell(self, at: int, asked: Mapping[str, int]) -> list[UnobservedInterval]:
        """Coverage is written up to `at`: so is what of it was not observed, lest it be taken for absence by who has no
        more of the log. asked: when learners were asked who may turn out not to have been there."""
        closed: list[UnobservedInterval] = []
        for learner, since in self.state.lost.items():
            until = min(at, asked.get(learner, at))
            closed += _unobserved(learner, since, until)
            self.state.lost[learner] = max(since, until)
        return closed

    def unwatched(self, at: int, *, died: bool = False) -> list[UnobservedInterval]:
        """Coverage ended at `at`: from there on nobody is observed. died: with the agent, and what the looks had told
        with it; so of whose face was matched a moment before, nobody can say any more who was in view."""
        state = self.state
        closed = [i for learner, since in state.lost.items() for i in _unobserved(learner, since, at)]
        for learner, came in state.came.items():
            on_the_way = came.by_face and at - came.at <= HIDDEN_MS and learner not in state.lost
            if on_the_way and (died or self._may_be_there(came, at)):
                closed += _unobserved(learner, came.at, at)
        state.waiting = sorted({*state.waiting, *(state.lost.keys() - {*state.supposed}), *state.followed})
        state.lost, state.followed, state.supposed = {}, [], []
        self._from = self._nameless = self._strange = None
        return closed

    def close(self, at: int) -> list[UnobservedInterval]:
        """The session is over."""
        closed = self.unwatched(at)
        self.state = FarState()
        return closed

    def _may_be_there(self, came: Came, at: int) -> bool:
        strange = not came.by_face and self._recent(self._strange, at)
        return self.blind or strange or self._recent(self._nameless, at)

    def _sure(self, learner: str) -> None:
        if learner in self.state.supposed:
            self.state.supposed.remove(learner)

    def _recent(self, seen: int | None, at: int) -> bool:
        return seen is not None and at - seen <= HIDDEN_MS

    def _end(self, learner: str, at: int) -> list[UnobservedInterval]:
        self._sure(learner)
        since = self.state.lost.pop(learner, None)
        return [] if since is None else _unobserved(learner, since, at)


def _unobserved(learner: str, start: int, end: int) -> list[UnobservedInterval]:
    return [UnobservedInterval(learner, start, end, "far_seat")] if end > start else []
