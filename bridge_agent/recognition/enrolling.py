"""Portraits of one learner at the desk and the template they make. Pure but for the engine.

Kept as vectors only, unless the learner agreed that portraits are kept.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from bridge_agent.recognition import desk_words
from bridge_agent.recognition.advice import WIDTH_PX, Advice
from bridge_agent.recognition.before import Look, Person
from bridge_agent.recognition.checking_in import nobody
from bridge_agent.recognition.events import DeskLook, Event, PortraitTaken, Prompt, TemplateMade
from models.faces.engine import FaceEngine
from models.faces.match import Gallery, Template, average, gallery, scores
from models.faces.portraits import face_jpeg
from models.wire import PORTRAIT_BYTES

Floats = NDArray[np.float32]

_POSES: Final[tuple[Prompt, ...]] = ("look", "left", "right")
"""The portraits differ: straight, and a little to each side, as people sit in class."""
_BETWEEN_MS: Final = 1_200
_STRAIGHT, _SLIGHT, _MOST = 12.0, 6.0, 25.0
"""Degrees of yaw: up to which a face is straight; from straight, the least and the most that is a little aside."""


class Enrolling:
    """Takes portraits of `learner`. Feed it every look; it is over when `over` is true."""

    def __init__(self, engine: FaceEngine, known: Gallery, learner: str, *, keep: bool = False) -> None:
        """`known`: all templates at hand, to name whoever is as like as one person. keep: the portraits, too."""
        self.over = False
        self._engine, self._known, self._learner = engine, known, learner
        self._keep = keep
        self._vectors: list[Floats] = []
        self._pictures: list[bytes] = []
        self._taken_at: int | None = None
        self._straight = 0.0
        """Yaw of the first portrait: noses differ, and looking aside is from there."""

    def look(self, look: Look) -> list[Event]:
        """Take in one look; a DeskLook always comes last, unless enrolling is over."""
        if not look.faces:
            return [nobody(look)]
        if self._taken_at is not None and look.at - self._taken_at < _BETWEEN_MS:
            return [self._says(look, desk_words.taken(len(self._vectors), len(_POSES)))]
        prompt = _POSES[len(self._vectors)]
        wrong = look.advice(WIDTH_PX, turned=True)
        if wrong is not None or look.person is None:
            return [self._says(look, wrong or desk_words.slightly(prompt))]
        if not self._posed(look.person, prompt):
            return [self._says(look, desk_words.slightly(prompt))]
        vector = self._engine.encode(look.picture, [look.person.face])[0]
        if self._vectors and self._alike(vector) < self._engine.encoder.threshold:
            # Two people's portraits never make one template.
            self._vectors.clear()
            self._pictures.clear()
            return [self._says(look, _ANOTHER)]
        if not self._vectors:
            self._straight = look.person.pose.yaw
        self._vectors.append(vector)
        if self._keep and (jpeg := face_jpeg(look.picture, look.person.face, PORTRAIT_BYTES)):
            self._pictures.append(jpeg)
        self._taken_at = look.at
        done = PortraitTaken(self._learner, len(self._vectors), len(_POSES))
        if len(self._vectors) < len(_POSES):
            return [done, self._says(look, desk_words.taken(len(self._vectors), len(_POSES)))]
        self.over = True
        return [done, self._template(look.at)]

    def _alike(self, vector: Floats) -> float:
        encoder = self._engine.encoder
        so_far = Template(self._learner, average(np.stack(self._vectors), encoder.metric), encoder.name, 1)
        return float(scores(gallery([so_far], encoder.name, encoder.metric), vector[None])[0, 0])

    def _template(self, at: int) -> TemplateMade:
        encoder = self._engine.encoder
        vector = average(np.stack(self._vectors), encoder.metric)
        alike = scores(self._known, vector[None])[0] if self._known.learners else np.zeros(0, np.float32)
        like = [
            (learner, float(score))
            for learner, score in zip(self._known.learners, alike, strict=True)
            if learner != self._learner and score >= encoder.threshold
        ]
        made = np.asarray(vector, "<f4").tobytes()
        taken, pictures = len(self._vectors), tuple(self._pictures)
        self._vectors.clear()
        self._pictures.clear()
        like.sort(key=lambda one: -one[1])
        return TemplateMade(self._learner, at, made, encoder.name, taken, tuple(like), pictures)

    def _posed(self, person: Person, prompt: Prompt) -> bool:
        yaw = person.pose.yaw
        if prompt == "look":
            return abs(yaw) <= _STRAIGHT
        aside = yaw - self._straight
        return _SLIGHT <= (aside if prompt == "left" else -aside) <= _MOST

    def _says(self, look: Look, words: Advice) -> DeskLook:
        step = min(len(self._vectors), len(_POSES) - 1)
        return DeskLook(look.at, "portraits", words.vi, words.en, look.box, _POSES[step], step + 1, len(_POSES))


_ANOTHER: Final = Advice(
    "Các ảnh không phải của cùng một người; bắt đầu lại.", "The pictures are not of one person; starting again."
)
