"""What recognition tells, in order: a stream of these. All times are ms on the source's clock.

The source's clock is this PC's boot-time clock for everything live (devices, streams, and files or simulated classes
played in real time), and the file's own clock for a file that is watched as fast as the machine can.

    Ready, then per session:  Watched (Sighted | Watched | UnknownSeen | Sweep | Trouble)* Unwatched …  Ended

While a desk is open (commands.OpenDesk): Preview and DeskLook several times a second, and what they come to: CheckedIn,
InDoubt, PortraitTaken, TemplateMade. CaptureLost, SeatLost and Suspicion may come at any time.

Feed them to models.presence.Recorder: Watched -> watch, Sighted -> sight, Unwatched -> unwatch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.records import WHOLE_PICTURE, CoverageEnd, Flag, Zone

Prompt = Literal["look", "left", "right", "hold"]
"""What the person before the camera is asked to do: look straight, turn, keep the head as it is."""
Stage = Literal["empty", "advice", "challenge", "portraits", "done"]


@dataclass(frozen=True, slots=True)
class Ready:
    """The models are loaded and the portraits enrolled: watching begins."""

    detector: str
    encoder: str
    learners: tuple[str, ...]
    """Ids of the learners who have a template."""
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    """Where a face can be identified: what coverage records say of this watch."""
    strict_threshold: float = 0.5
    """The score from which a face counts as a learner's at the door, as the encoder has it by itself."""
    doubles: tuple[str, ...] = ()
    """As in Doubles."""


@dataclass(frozen=True, slots=True)
class Doubles:
    """Learners whose templates are as like as one person's: the camera alone can't tell them apart.

    Told again with each new gallery; the door asks these for a second factor.
    """

    learners: tuple[str, ...]


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
    known: int = 0
    """Learners in view, each by a face or a track."""
    sweep_ms: int = 0
    """The time between two looks now; longer than was asked for where the PC is too slow. 0: nothing is watched."""
    nameless: int = 0
    """Faces in view that have no name and can't get one where they are: too far away, or in a zone that is too dark."""
    followed: tuple[str, ...] = ()
    """Learners whose name stands on their track alone: if recognition dies now, nobody can name them again there."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a technician should know; recognition goes on, or tries to. `passed` ends the trouble named `name`."""

    name: str
    """`camera_gone`, `frozen`, `dark`, `portraits`, `templates` or `no_yunet`."""
    vi: str
    en: str
    passed: bool = False


@dataclass(frozen=True, slots=True)
class CaptureLost:
    """The capture process was lost and is started again; told of each, also when pictures were back within a second."""

    at: int
    lost_by: Literal["ended", "silent", "broken"]
    """As in capture.LostBy."""


@dataclass(frozen=True, slots=True)
class SeatLost:
    """A learner's track was lost at `at`, where the camera can't identify a face.

    Not observed from there on, until the learner is sighted again.
    """

    learner: str
    at: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Something for the technician to look at, in a sentence; about these learners."""

    at: int
    learners: tuple[str, ...]
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture of the desk: JPEG, not mirrored."""

    at: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class RoomPicture:
    """A small picture of the room, as it was at `at`: JPEG, not mirrored; for the technician's page alone."""

    at: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class DeskLook:
    """What the person before the camera is told now.

    box: of the face, in shares of the picture (x, y, width, height).
    """

    at: int
    stage: Stage
    vi: str
    en: str
    box: tuple[float, float, float, float] | None = None
    prompt: Prompt | None = None
    step: int = 0
    steps: int = 0
    until: int | None = None
    """When the time for this step is up."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A live face was matched: the challenge was passed and the identity held through it."""

    learner: str
    at: int
    score: float
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A try that does not check anybody in. `learner`: whom the face resembles, for the second factor; may be None.

    `unknown`: matches nobody well enough. `lookalike`: fits two learners. `challenge`: the turns were not followed.
    `changed`: another face appeared during the challenge.
    """

    at: int
    why: Literal["unknown", "lookalike", "challenge", "changed"]
    learner: str | None
    vi: str
    en: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class PortraitTaken:
    """So many portraits of the learner being enrolled are good."""

    learner: str
    taken: int
    needed: int


@dataclass(frozen=True, slots=True)
class TemplateMade:
    """The portraits' template (as in commands.HeldTemplate). `like`: learners of the gallery who are as like it as
    pictures of one person, most alike first, with their scores. `pictures`: JPEGs of the face, if they were asked for;
    else the pictures are gone."""

    learner: str
    at: int
    vector: bytes
    encoder: str
    portraits: int
    like: tuple[tuple[str, float], ...]
    pictures: tuple[bytes, ...] = field(default=(), repr=False)


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


Event = (
    Ready
    | Doubles
    | Watched
    | Sighted
    | Unwatched
    | UnknownSeen
    | Sweep
    | Trouble
    | CaptureLost
    | SeatLost
    | Suspicion
    | Preview
    | RoomPicture
    | DeskLook
    | CheckedIn
    | InDoubt
    | PortraitTaken
    | TemplateMade
    | Failed
    | Ended
)
