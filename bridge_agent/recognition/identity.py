"""Who is in view: faces of one sweep in, sightings of learners and unknown people out. Pure; times come in.

- A track gets a name when two of its last three sightings agree (three of five, and none that speaks for
  another, while its face is 32 to 47 px wide).
  Its sightings count from the first that agreed on.
- The name is checked in every sweep. A face that matches another learner, or clearly nobody, takes it away at once; a
  turned, bowed or blurred face does not, as long as the track goes on and was borne out in the last `TRUST_MS`.
- A face under 32 px is never identified; it carries a track on that has a name already.
- A learner is at most one face: of two tracks with one name the one that was borne out later keeps it.
- A named track that ends, or whose name nothing bears out any more, at a place where the camera can't identify a face
  (zones.py) is a lost seat: from there on its learner is not observed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from bridge_agent.recognition.track import FORGET_MS, Seen, Track, match
from bridge_agent.recognition.zones import IDENTIFY_PX, SMALL_PX, identifying, within
from models.records import WHOLE_PICTURE, Zone

TRUST_MS: Final = 120_000
"""How long a track may keep its name on its place alone, with the head turned or bowed. No limit under SMALL_PX."""
STABLE_MS: Final = 2_000
"""Somebody unknown is told of after this long: a face that just entered may need a few sweeps to be known."""
_LOOKS: Final = 5
"""So many looks name a small face, if anything does (`Identities._name`)."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A learner was seen."""

    learner: str
    at: int
    score: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """Somebody who matched nobody was in view from `start` to `end`, and is no longer, or is known by now."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A learner was last seen at `at`, at a place where the camera can't identify a face."""

    learner: str
    at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one sweep brought: how many faces of this sweep are learners, how many match nobody, how many could be named
    by nobody where they are; and which learners' names stand on their track alone."""

    sightings: tuple[Sighting, ...]
    unknown_over: tuple[Unknown, ...]
    lost: tuple[Lost, ...]
    known_now: int
    unknown_now: int
    nameless_now: int
    followed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Of the encoder in use.

    A vote needs a score of `threshold`; a good look with a score under `contradicts` speaks against a name. Two good
    looks whose vectors have a cosine under `another` are two people.
    """

    threshold: float
    contradicts: float
    another: float


class Identities:
    """All tracks of one camera. `zones`: where it can identify a face."""

    def __init__(self, limits: Limits, zones: tuple[Zone, ...] = WHOLE_PICTURE) -> None:
        self._limits, self._zones = limits, zones
        self._tracks: list[Track] = []
        self._lost: list[Lost] = []
        self._forget_ms = FORGET_MS

    def set_pace(self, sweep_ms: int) -> None:
        """Sweeps come every `sweep_ms` from now on: a track outlives two without its face, however slow they are."""
        self._forget_ms = max(FORGET_MS, 2 * sweep_ms + 500)

    def sweep(self, at: int, faces: list[Seen], likeness: list[dict[str, float]]) -> Outcome:
        """Take in the faces of the sweep at `at`. `likeness`: each face's score for every learner."""
        sightings: list[Sighting] = []
        over = self._forget(at)
        carried = match(self._tracks, faces)
        nameless = 0
        for face, track, alike in zip(faces, carried, likeness, strict=True):
            if track is not None and self._another(track.last, face):
                # Somebody else sits there now. Whoever sat there goes with what was known: that it was nobody, too.
                over += [Unknown(track.began, track.last.at)] if self._is_unknown(track) else []
                self._tracks.remove(track)
                track = None
            if track is None:
                if face.width < SMALL_PX:
                    nameless += 1
                    continue
                track = Track(at)
                self._tracks.append(track)
            track.add(face)
            sightings += self._name(track, alike)
        self._one_face_each()
        in_view = [track for track in self._tracks if track.last.at == at]
        known = sum(track.learner is not None for track in in_view)
        unknown = sum(self._is_unknown(track) for track in in_view)
        nameless += sum(self._is_nameless(track) for track in in_view)
        followed = tuple(sorted(track.learner for track in self._tracks if track.learner and not self._told(track)))
        return Outcome(tuple(sightings), tuple(over), self._taken_lost(), known, unknown, nameless, followed)

    def keep_only(self, learners: Collection[str]) -> None:
        """These are looked for from now on: a track of anybody else loses its name and what was seen under it."""
        for track in self._tracks:
            if track.learner is not None and track.learner not in learners:
                track.begin_anew()

    def clear(self) -> tuple[tuple[Unknown, ...], tuple[Lost, ...]]:
        """Forget everybody: what comes next may be another scene. Unknown people end here, and seats are lost where
        nobody can be identified again."""
        over = [Unknown(track.began, track.last.at) for track in self._tracks if self._is_unknown(track)]
        for track in self._tracks:
            self._lose(track, track.sightings)
        self._tracks.clear()
        return tuple(over), self._taken_lost()

    def _name(self, track: Track, alike: dict[str, float]) -> list[Sighting]:
        """Check or find the track's name after its newest sighting; the sightings that this brings."""
        face = track.last
        if track.learner is not None:
            score = alike.get(track.learner, face.score)
            if face.vote == track.learner:
                track.confirmed_at = face.at
                return [Sighting(track.learner, face.at, score)]
            good_look = face.frontal and face.vector is not None and face.width >= IDENTIFY_PX
            denied = face.vote is not None or (good_look and score < self._limits.contradicts)
            trusted = face.width < SMALL_PX or face.at - track.confirmed_at <= TRUST_MS
            if trusted and not denied:
                return [Sighting(track.learner, face.at, score)]
            if not denied:
                self._lose(track, track.sightings[:-1])
            track.begin_anew()  # what was seen under the old name is no evidence for a new one
        needed, among = (2, 3) if face.width >= IDENTIFY_PX else (3, 5)
        recent = track.sightings[-among:]
        if face.vote is None or face.width < SMALL_PX:
            return []
        if face.width < IDENTIFY_PX and any(seen.vote not in (None, face.vote) for seen in recent):
            return []
        agreeing = [seen for seen in recent if seen.vote == face.vote]
        if len(agreeing) < needed:
            return []
        track.learner, track.confirmed_at = face.vote, face.at
        first = agreeing[0].at
        return [Sighting(face.vote, seen.at, seen.score) for seen in recent if seen.at >= first]

    def _another(self, before: Seen, now: Seen) -> bool:
        looks = (before, now)
        # A turned head is unlike itself, but one that matches somebody was seen well enough.
        if not all((look.frontal or look.vote is not None) and look.width >= IDENTIFY_PX for look in looks):
            return False
        if before.vector is None or now.vector is None:
            return False
        return float(before.vector @ now.vector) < self._limits.another

    def _one_face_each(self) -> None:
        """Take the name from the track that was borne out earlier, where two have one."""
        holders: dict[str, Track] = {}
        for track in sorted(self._tracks, key=lambda track: track.confirmed_at):
            if track.learner is not None:
                if (other := holders.get(track.learner)) is not None:
                    other.begin_anew()
                holders[track.learner] = track

    def _forget(self, at: int) -> list[Unknown]:
        gone = [track for track in self._tracks if at - track.last.at > self._forget_ms]
        self._tracks = [track for track in self._tracks if at - track.last.at <= self._forget_ms]
        for track in gone:
            self._lose(track, track.sightings)
        return [Unknown(track.began, track.last.at) for track in gone if self._is_unknown(track)]

    def _lose(self, track: Track, sightings: Sequence[Seen]) -> None:
        """The track ends, or its name does, without anybody else in its place: note a seat that is lost by that."""
        if track.learner is not None and sightings and not identifying(self._zones, track.learner, sightings):
            self._lost.append(Lost(track.learner, sightings[-1].at))

    def _told(self, track: Track) -> bool:
        """The camera could tell the track's learner from others where the track is now."""
        return track.learner is not None and identifying(self._zones, track.learner, track.sightings)

    def _is_nameless(self, track: Track) -> bool:
        """Somebody sits where no look tells who it is, and none has so far."""
        if track.learner is not None or track.last.width < SMALL_PX:
            return track.learner is None
        far = track.last.width < IDENTIFY_PX or not within(self._zones, track.last.place)
        return far and track.seen >= _LOOKS

    def _taken_lost(self) -> tuple[Lost, ...]:
        lost, self._lost = tuple(self._lost), []
        return lost

    def _is_unknown(self, track: Track) -> bool:
        """Seen well and for long enough to be known, and matching nobody."""
        good = [seen for seen in track.sightings if seen.width >= IDENTIFY_PX and seen.frontal]
        return (
            track.learner is None
            and track.seen >= 3
            and len(good) >= 2
            and all(seen.vote is None for seen in track.sightings)
            and track.last.at - track.began >= STABLE_MS
        )
