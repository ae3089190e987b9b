"""From frames to events: the picture's judge decides what counts, identities say who it was. Pure but for the engine.

While the picture is still, what is seen is held back: it counts when the picture moves again, and is dropped when it
turns out to be frozen. A stale frame is nobody's presence.
"""

from __future__ import annotations

import time
from typing import Final

from bridge_agent.capture.frame import Frame
from bridge_agent.recognition.events import (
    Event,
    SeatLost,
    Sighted,
    Suspicion,
    Sweep,
    Trouble,
    UnknownSeen,
    Unwatched,
    Watched,
)
from bridge_agent.recognition.identity import Identities, Limits, Unknown
from bridge_agent.recognition.life import PictureJudge
from bridge_agent.recognition.pace import GONE_MS, longest_pause
from bridge_agent.recognition.suspicions import Kind, Suspicions
from bridge_agent.recognition.sweep import sweep
from models.faces.encode import Encoder
from models.faces.engine import FaceEngine
from models.faces.match import Gallery
from models.records import WHOLE_PICTURE, CoverageEnd, Zone

_CONTRADICTS_BELOW: Final = {"cosine": 0.20, "distance": 0.12}
"""How far under the encoder's threshold a good look speaks against a name: where impostors lie, and few others."""
_ANOTHER_BELOW: Final = {"cosine": 0.25, "distance": 0.88}
"""Cosine of two looks at one track, a sweep apart, under which they are two people. With dlib's encoder it is a
distance of about 0.65: one person's looks a second apart lie within 0.3."""


def limits(encoder: Encoder) -> Limits:
    """The scores on which names are given and taken with this encoder."""
    threshold, metric = encoder.threshold, encoder.metric
    return Limits(threshold, threshold - _CONTRADICTS_BELOW[metric], _ANOTHER_BELOW[metric])


class Watcher:
    """Watches one source. Feed it each sweep's frame; every method returns the events that follow, in order."""

    def __init__(
        self,
        engine: FaceEngine,
        gallery: Gallery,
        *,
        sensor: bool,
        gone: CoverageEnd = "camera_gone",
        zones: tuple[Zone, ...] = WHOLE_PICTURE,
    ) -> None:
        """`sensor`: the source is a camera of this PC. `gone`: what a pause between frames means. `zones`: where a face
        can be identified.
        """  # fmt: skip
        self._engine, self._gallery, self._gone = engine, gallery, gone
        self._identities = Identities(limits(engine.encoder), zones)
        self._suspicions = Suspicions(engine.encoder.threshold, engine.encoder.margin)
        self._sweep_ms = 0
        self._judge = PictureJudge(sensor)
        self._watching = False
        self._blind: CoverageEnd | None = None
        self._last: int | None = None
        self._faces = 0
        self._held: list[Event] = []

    @property
    def last(self) -> int | None:
        """The newest frame's time."""
        return self._last

    def set_pace(self, sweep_ms: int) -> None:
        """Frames come every `sweep_ms` from now on: sweeps tell it, and tracks outlive a slow pace."""
        self._sweep_ms = sweep_ms
        self._identities.set_pace(sweep_ms)

    def set_gallery(self, gallery: Gallery) -> None:
        """Look for these learners from now on. Tracks go on, but those of learners no longer looked for."""
        self._gallery = gallery
        self._identities.keep_only(gallery.learners)

    def frame(self, frame: Frame) -> list[Event]:
        """Take in the frame of a sweep."""
        events: list[Event] = []
        began = time.perf_counter()
        times = [change.at for change in frame.changes]
        for before, after in zip([self._last, *times], [*times, frame.at], strict=False):
            if before is not None and after - before > GONE_MS:
                events += self.lose(before, self._gone)
        if self._last is not None and frame.at - self._last > longest_pause(self._sweep_ms):
            events += self.lose(self._last, self._gone)  # the camera went on, but nobody looked
        self._last = frame.at
        look = self._judge.look(frame.at, frame.picture, frame.changes, self._faces)
        if look.state in ("dark", "frozen"):
            cause: CoverageEnd = "dark" if look.state == "dark" else "frozen"
            return [*events, *self.lose(look.at, cause), Sweep(frame.at, 0, 0, 0.0)]
        if look.state == "live":
            events += self._resume(look.at)
        found = sweep(frame.at, frame.picture, self._engine, self._gallery)
        outcome = self._identities.sweep(frame.at, found.faces, found.likeness)
        seen: list[Event] = [Watched(frame.at)]
        seen += [Sighted(s.learner, s.at, s.score) for s in outcome.sightings]
        seen += _told(outcome.unknown_over)
        seen += [SeatLost(lost.learner, lost.at) for lost in outcome.lost]
        doubts = self._suspicions.sweep(frame.at, found.faces, found.likeness)
        seen += [Suspicion(doubt.at, doubt.learners, *_DOUBTS[doubt.kind]) for doubt in doubts]
        took = (time.perf_counter() - began) * 1000
        faces, known = len(found.faces), outcome.known_now
        seen.append(
            Sweep(
                frame.at, faces, outcome.unknown_now, took, known, self._sweep_ms, outcome.nameless_now,
                outcome.followed,
            )
        )  # fmt: skip
        if look.state == "still":
            self._held += seen
            return events
        self._faces = len(found.faces)
        return events + seen

    def lose(self, at: int, cause: CoverageEnd) -> list[Event]:
        """The room is not watched from `at` on; said once, until frames are live again."""
        events: list[Event] = []
        if self._watching:
            # Of what was held back, only people unknown and seats lost are told: they carry their own, earlier times.
            unknown, lost = self._identities.clear()
            events += _told(self._cut(unknown, at))
            events += [SeatLost(e.learner, min(e.at, at)) for e in self._held if isinstance(e, SeatLost)]
            events += [SeatLost(seat.learner, min(seat.at, at)) for seat in lost]
            events.append(Unwatched(at, cause))
        if self._blind != cause:
            events += self._trouble(passed=True)
            self._blind = cause
            events += self._trouble(passed=False)
        self._held.clear()
        self._watching = False
        return events

    def stop(self) -> list[Event]:
        """Watching ends here on purpose."""
        if self._last is None or not self._watching:
            return []
        # The end proves nothing about a picture that has just become still: it gets the benefit of the doubt.
        held, self._held = self._held, []
        return held + self.lose(self._last, "stopped")

    def _resume(self, at: int) -> list[Event]:
        """The picture is live from `at` on: open coverage, let go of what was held."""
        events, self._held = self._held, []
        if not self._watching:
            events += self._trouble(passed=True)
            events.append(Watched(at))
            self._watching, self._blind = True, None
        return events

    def _trouble(self, *, passed: bool) -> list[Event]:
        """What there is to say about the present blindness; nothing about a stop or a suspended PC."""
        if self._blind is None or self._blind not in _SENTENCES:
            return []
        vi, en = _SENTENCES[self._blind]
        return [Trouble(self._blind, vi, en, passed)]

    @staticmethod
    def _cut(unknown: tuple[Unknown, ...], at: int) -> tuple[Unknown, ...]:
        return tuple(Unknown(u.start, min(u.end, at)) for u in unknown if u.start < at)


def _told(unknown: tuple[Unknown, ...]) -> list[Event]:
    return [UnknownSeen(u.start, u.end) for u in unknown]


_SENTENCES: Final[dict[CoverageEnd, tuple[str, str]]] = {
    "camera_gone": (
        "Không nhận được hình. Hãy kiểm tra dây cắm và nguồn của camera; thời gian này không tính cho ai.",
        "No pictures arrive. Check the camera's cable and power; this time counts for nobody.",
    ),
    "frozen": (
        "Hình đứng yên, camera bị treo. Hãy rút camera ra và cắm lại; thời gian này không tính cho ai.",
        "The picture is frozen: the camera hangs. Unplug it and plug it in again; this time counts for nobody.",
    ),
    "dark": (
        "Hình quá tối. Hãy bật đèn hoặc mở nắp che camera; thời gian này không tính cho ai.",
        "The picture is too dark. Switch on the light or uncover the camera; this time counts for nobody.",
    ),
}

_DOUBTS: Final[dict[Kind, tuple[str, str]]] = {
    "lookalike": (
        "Một khuôn mặt trong phòng giống hai học viên và không được tính cho ai. Hãy xem ai đang ngồi đó, rồi xác nhận "
        "bằng thẻ hoặc mã PIN.",
        "A face in the room fits two learners and counts for neither. See who sits there, and confirm by card or PIN.",
    ),
    "two_faces": (
        "Hai khuôn mặt trong phòng cùng giống một học viên. Hãy xem ai là học viên đó, và có ảnh ai trong hình không.",
        "Two faces in the room fit one learner. See which of them is that learner, and whether a photo is in view.",
    ),
}
