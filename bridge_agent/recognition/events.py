"""What recognition tells, in order: a stream of these. All times are ms on the source's clock.

The source's clock is this PC's boot-time clock for everything live (devices, streams, and files or simulated classes
played in real time), and the file's own clock for a file that is watched as fast as the machine can.

    Ready, then per session:  Watched (Sighted | Watched | UnknownSeen | Sweep | Trouble)* Unwatched …  Ended

Feed them to models.presence.Recorder: Watched -> watch, Sighted -> sight, Unwatched -> unwatch.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.records import CoverageEnd


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded and the portraits enrolled: watching begins."""

    detector: str
    encoder: str
    learners: tuple[str, ...]
    """Ids of the learners who have a template."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The room was really watched at `at`."""

    at: int


@dataclass(frozen=True, slots=True)
class Sighted:
    """A learner was seen at `at`; may come a few sweeps late, for identity takes two sightings."""

    learner: str
    at: int
    score: float
    """Cosine (or the encoder's own) similarity to the learner's template, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Watching ended at `at`, the last live frame, which lies in the past."""

    at: int
    ended_by: CoverageEnd


@dataclass(frozen=True, slots=True)
class UnknownSeen:
    """Somebody who matches nobody was in view from `start` to `end` (closed: told when it is over)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """One look at the room: how many faces were in view and how many of those are known to match nobody.

    Comes about once a second also while nothing can be watched, then with 0 faces: recognition itself is well.
    """

    at: int
    faces: int
    unknown: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a technician should know; recognition goes on, or tries to. `passed` ends the trouble named `name`."""

    name: str
    """`camera_gone`, `frozen`, `dark` or `portraits`."""
    vi: str
    en: str
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A final error (source missing, portraits unusable, weights refused): the stream ends here."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The source is over (a file, a simulated class) or recognition was told to stop: the last event."""

    frames: int
    at: int | None
    """The last frame's time; None when there was none."""


Event = Ready | Watched | Sighted | Unwatched | UnknownSeen | Sweep | Trouble | Failed | Ended
