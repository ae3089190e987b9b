"""The camera as a desk: one person after the other checks in, or one learner is enrolled. Frames in, events out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2

from bridge_agent.capture.frame import Picture
from bridge_agent.recognition import desk_words
from bridge_agent.recognition.advice import Advice
from bridge_agent.recognition.before import Look, look
from bridge_agent.recognition.checking_in import CheckingIn
from bridge_agent.recognition.commands import OpenDesk
from bridge_agent.recognition.enrolling import Enrolling
from bridge_agent.recognition.events import CheckedIn, DeskLook, Event, InDoubt, Preview
from models.faces.engine import FaceEngine
from models.faces.liveness import Random
from models.faces.match import Gallery

LOOK_MS: Final = 125
"""Between two looks: a turn of half a second shows in four of them."""
_SHOWN_MS: Final = 4_000
"""For so long an outcome stands, or until the person left."""
_LEFT_MS: Final = 800
_QUALITY: Final = 70


class Desk:
    """One opened desk. `random` draws the challenges: secrets.SystemRandom in the product.

    raised: learners of whom a higher score than the encoder's strict one is asked, for somebody is like them.
    """

    def __init__(
        self,
        engine: FaceEngine,
        gallery: Gallery,
        opened: OpenDesk,
        random: Random,
        raised: Mapping[str, float] | None = None,
    ) -> None:
        self._engine, self._gallery, self._opened, self._random = engine, gallery, opened, random
        self._raised = raised or {}
        self._try: CheckingIn | Enrolling = self._new()
        self._done_at: int | None = None
        self._seen_at = 0
        self._words = desk_words.KNOWN

    def set_gallery(self, gallery: Gallery) -> None:
        """Match among these from the next try on."""
        self._gallery = gallery

    def frame(self, at: int, picture: Picture) -> list[Event]:
        """Look at the BGR `picture` taken at `at` (ms)."""
        seen = look(at, picture, self._engine.detector)
        events: list[Event] = [Preview(at, jpeg(seen.small))]
        if self._done_at is None:
            events += self._try.look(seen)
            if not self._try.over:
                return events
            self._done_at = self._seen_at = at
            self._words = _outcome(events[-1])
        return [*events, *self._wait(seen, self._done_at)]

    def _wait(self, seen: Look, since: int) -> list[Event]:
        """Show what it came to, until the person left; an enrolment ends here, until the desk is opened again."""
        if seen.faces:
            self._seen_at = seen.at
        over = seen.at - since >= _SHOWN_MS or seen.at - self._seen_at >= _LEFT_MS
        if over and self._opened.purpose == "check_in":
            self._try, self._done_at = self._new(), None
        return [DeskLook(seen.at, "done", self._words.vi, self._words.en, seen.box)]

    def _new(self) -> CheckingIn | Enrolling:
        if self._opened.purpose == "enrol" and self._opened.learner is not None:
            return Enrolling(self._engine, self._gallery, self._opened.learner, keep=self._opened.keep)
        return CheckingIn(self._engine, self._gallery, self._random, self._raised)


def _outcome(event: Event) -> Advice:
    match event:
        case InDoubt():
            return Advice(event.vi, event.en)
        case CheckedIn():
            return desk_words.KNOWN
    return desk_words.ENROLLED


def jpeg(small: Picture) -> bytes:
    """A BGR picture as a JPEG for a page."""
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return bytes(data.tobytes())
