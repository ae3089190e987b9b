"""One try to check in: look straight, be matched among today's learners, then the challenge. Pure but the engine."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from bridge_agent.recognition import desk_words
from bridge_agent.recognition.advice import NO_FACE, STRAIGHT_PLEASE, Advice
from bridge_agent.recognition.before import Look, Person, overlap
from bridge_agent.recognition.events import CheckedIn, DeskLook, Event, InDoubt
from bridge_agent.recognition.surroundings import Surroundings
from models.faces.engine import FaceEngine
from models.faces.liveness import STRAIGHT, Asked, Challenge, Failed, Random, Seen, draw
from models.faces.match import Gallery, average, scores
from models.faces.pose import Pose, Relief, narrowing
from models.records import Flag

Floats = NDArray[np.float32]
Doubt = Literal["unknown", "lookalike", "challenge", "changed"]

WIDTH_PX: Final = 100
"""The narrowest face at the desk: about an arm's length before a usual webcam."""
_SQUARE: Final = 12.0
"""Degrees by which a face may seem turned while it looks straight: people's noses differ (measured: at most 8)."""
_GOOD: Final = 4
"""Looks that are averaged to match somebody."""
_TRIES: Final = 12
"""Good looks after which somebody is unknown."""
_SAME: Final = {"cosine": 0.35, "distance": 0.88}
"""Cosine to the first looks under which a later one is another face, by the encoder's metric. Simulated heads turned by
40 degrees keep 0.48 with Intel's encoder."""


@dataclass(frozen=True, slots=True)
class _Matched:
    """Whom the straight looks matched, and what the later ones are compared with."""

    learner: str
    row: int
    vector: Floats
    straight: Pose
    yaw: float
    relief: Relief
    challenge: Challenge


class CheckingIn:
    """One try. Feed it every look; it is over when `over` is true."""

    def __init__(self, engine: FaceEngine, gallery: Gallery, random: Random, raised: Mapping[str, float]) -> None:
        """`raised`: as Desk has it."""
        self.over = False
        self._raised = raised
        self._engine, self._gallery, self._random = engine, gallery, random
        self._good: list[tuple[Floats, Person]] = []
        self._tried = 0
        self._last: Person | None = None
        self._matched: _Matched | None = None
        self._scores: list[float] = []
        self._surroundings = Surroundings()

    def look(self, look: Look) -> list[Event]:
        """Take in one look; a DeskLook always comes last, unless the try is over."""
        if self._engine.detector.name != "yunet":
            return [_told(look, desk_words.NO_YUNET)]
        if look.person is not None:
            shrink = look.small.shape[1] / look.picture.shape[1]
            x, y, w, h = (value * shrink for value in look.person.box)
            self._surroundings.look(look.small, (x, y, w, h))
        if self._matched is not None:
            return self._challenged(look, self._matched)
        return self._straight(look)

    def _straight(self, look: Look) -> list[Event]:
        """Gather good looks in a row at one straight face, then see whose it is."""
        person = look.person
        if not look.faces:
            self._start_anew()
            return [nobody(look)]
        if self._last is not None and person is not None and overlap(person.box, self._last.box) < 0.2:
            self._start_anew()  # somebody else stepped up
        self._last = person
        wrong = look.advice(WIDTH_PX)
        if person is None or (wrong is None and abs(person.pose.yaw) > _SQUARE):
            wrong = STRAIGHT_PLEASE
        if wrong is not None or person is None:
            self._good.clear()
            return [_told(look, wrong or desk_words.LOOK)]
        vector = self._engine.encode(look.picture, [person.face])[0]
        self._good = [*self._good[1 - _GOOD :], (vector, person)]
        self._tried += 1
        return self._whose(look) if len(self._good) == _GOOD else [_told(look, desk_words.LOOK)]

    def _whose(self, look: Look) -> list[Event]:
        encoder = self._engine.encoder
        vector = average(np.stack([vector for vector, _ in self._good]), encoder.metric)
        alike = scores(self._gallery, vector[None])[0] if self._gallery.learners else np.zeros(0, np.float32)
        best = int(alike.argmax()) if len(alike) else -1
        if best < 0 or alike[best] < encoder.strict_threshold:
            if self._tried < _TRIES:
                return [_told(look, desk_words.LOOK)]
            resembled = best >= 0 and alike[best] >= encoder.threshold
            return self._doubt(look.at, "unknown", self._gallery.learners[best] if resembled else None)
        learner = self._gallery.learners[best]
        if self._has_double(best, alike) or alike[best] < self._raised.get(learner, -1.0):
            return self._doubt(look.at, "lookalike", learner)
        person = self._good[-1][1]
        self._matched = _Matched(
            learner,
            best,
            vector,
            person.pose,
            statistics.median(each.pose.yaw for _, each in self._good),
            Relief(look.picture, person.face, person.pose),
            Challenge(draw(self._random), look.at, _SAME[encoder.metric]),
        )
        return [_asked(look, self._matched.challenge)]

    def _has_double(self, best: int, alike: Floats) -> bool:
        """The face fits another learner as well, or that learner's template is as like as one person's would be."""
        encoder = self._engine.encoder
        others = np.arange(len(alike)) != best
        near = alike[others] > alike[best] - encoder.margin
        twins = scores(self._gallery, self._gallery.matrix[best : best + 1])[0][others] >= encoder.strict_threshold
        return bool((near | twins).any())

    def _challenged(self, look: Look, matched: _Matched) -> list[Event]:
        challenge, person = matched.challenge, look.person
        if person is None:
            state = challenge.nobody(look.at)
        else:
            vector = self._engine.encode(look.picture, [person.face])[0]
            yaw = person.pose.yaw - matched.yaw
            if abs(yaw) <= STRAIGHT:
                self._scores.append(float(scores(self._gallery, vector[None])[0, matched.row]))
            state = challenge.look(
                Seen(
                    look.at,
                    yaw,
                    narrowing(person.pose, matched.straight),
                    matched.relief.measure(look.picture, person.face, person.pose),
                    _cosine(vector, matched.vector),
                )
            )
        if isinstance(state, Asked):
            return [_asked(look, challenge)]
        if isinstance(state, Failed):
            why: Doubt = "changed" if state.why == "changed" else "challenge"
            return self._doubt(look.at, why, matched.learner, desk_words.FAILED[state.why])
        score = statistics.median(self._scores) if self._scores else -1.0
        if score < self._engine.encoder.strict_threshold:
            return self._doubt(look.at, "changed", matched.learner)
        self.over = True
        return [CheckedIn(matched.learner, look.at, score, self._surroundings.flags)]

    def _doubt(self, at: int, why: Doubt, learner: str | None, said: Advice | None = None) -> list[Event]:
        self.over = True
        flags: tuple[Flag, ...] = self._surroundings.flags
        if why == "lookalike":
            flags = (*flags, "lookalike")
        words = said or _DOUBTS[why]
        return [InDoubt(at, why, learner, words.vi, words.en, flags)]

    def _start_anew(self) -> None:
        self._good.clear()
        self._tried, self._last = 0, None
        self._surroundings = Surroundings()


def nobody(look: Look) -> DeskLook:
    """What is shown while no face is in view: an invitation, or that it is too dark to see one."""
    wrong = look.advice(WIDTH_PX)
    if wrong is not None and wrong != NO_FACE:
        return _told(look, wrong)
    return DeskLook(look.at, "empty", desk_words.EMPTY.vi, desk_words.EMPTY.en)


def _told(look: Look, words: Advice) -> DeskLook:
    return DeskLook(look.at, "advice", words.vi, words.en, look.box)


def _asked(look: Look, challenge: Challenge) -> DeskLook:
    state = challenge.state
    assert isinstance(state, Asked)  # noqa: S101  # only asked while it runs
    words = desk_words.PROMPTS[state.prompt]
    return DeskLook(
        look.at, "challenge", words.vi, words.en, look.box, state.prompt, state.number, state.of, state.until
    )


def _cosine(one: Floats, other: Floats) -> float:
    return float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)


_DOUBTS: Final[dict[Doubt, Advice]] = {
    "unknown": desk_words.UNKNOWN,
    "lookalike": desk_words.LOOKALIKE,
    "challenge": desk_words.FAILED["late"],
    "changed": desk_words.CHANGED,
}
