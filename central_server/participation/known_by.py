"""What is known of a learner or a room in one session, and by what: each a record, or what the live status adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.brackets import Bracket, Misfit
from models.clock_trust import ClockTrust
from models.records import CheckInMethod, CoverageEnd, Flag, Vouch

Value = Literal["seen", "not_seen", "not_observed"]
"""The three values of presence."""
Cause = CoverageEnd | Literal["no_news", "not_started", "far_seat", "no_face", "unconfirmed", "damaged"]
"""Why nothing was observed: how the coverage before ended, no news from the agent, the camera not yet on; or, where the
room was watched, why this learner could not have been seen (Blind)."""
ProfileState = Literal["good", "missing", "outdated"]
"""How a bridge point's calibration stands."""
Doubt = ClockTrust | Misfit
"""How far a record's times can be believed: by its clock, and by the receipts before and after it."""


def doubtful(clock: Doubt) -> bool:
    """Whether a person must look at such times."""
    return clock not in ("good", "skewed")


@dataclass(frozen=True, slots=True)
class Seen:
    """A learner was seen from start to end (server time, ms)."""

    start: int
    end: int
    sightings: int | None
    best_score: float | None
    encoder: str
    live: bool
    """Told by the live status; no record yet."""
    clock: Doubt = "good"
    """How far its record's times can be believed."""
    made: Bracket | None = None
    """When its record can have been made at all, where that contradicts what it tells."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The room was watched from start to end (server time, ms)."""

    start: int
    end: int
    ended_by: CoverageEnd | None
    """None while it goes on."""


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """A learner was matched (server time, ms)."""

    at: int
    method: CheckInMethod
    clock: Doubt = "good"
    made: Bracket | None = None
    witness: str | None = None
    """Id of who vouched: an account, or the learner named as deputy."""
    flags: tuple[Flag, ...] = ()
    """What was odd at it, or at a later one."""

    @property
    def without_camera(self) -> bool:
        """By card or PIN."""
        return self.method in ("card", "pin")


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A learner was present from one confirmation to the next, known without the camera (server time, ms)."""

    start: int
    end: int
    method: Vouch
    witness: str
    clock: Doubt = "good"
    made: Bracket | None = None


@dataclass(frozen=True, slots=True)
class Blind:
    """The camera could not have seen the learner from start to end (server time, ms), or what it saw is lost."""

    start: int
    end: int
    why: Literal["far_seat", "no_face", "unconfirmed", "damaged"]
    """`unconfirmed`: as of now; checked in without the camera, and the next confirmation has not come. `damaged`: a
    record of the learner can't be read."""


@dataclass(frozen=True, slots=True)
class SpotChecked:
    """A learner drawn at random was asked to confirm (server time, ms). It changes no time by itself."""

    asked: int
    at: int
    """When it was answered, or when the time for it was up."""
    method: Vouch | None
    """None: not answered."""


@dataclass(frozen=True, slots=True)
class OnWatch:
    """From `at` on (server time, ms) this witness is on duty: an account, or a learner named as deputy."""

    at: int
    witness: str
    named_by: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """How a bridge point was calibrated when it began to watch (server time, ms)."""

    at: int
    state: ProfileState


@dataclass(frozen=True, slots=True)
class Counted:
    """How many people were in view between two moments (server time, ms), at most at once."""

    start: int
    end: int
    people: int
    recognised: int
    """By the camera."""
    faces_unknown: int
    """Faces that match nobody; those of learners known by card or PIN are among them."""
    vouched: int
    """Learners known by card or PIN."""
    roster: int

    @property
    def unknown(self) -> int:
        """People whom nothing explains: each learner known by card or PIN explains one face."""
        return unexplained(self.faces_unknown, self.vouched)

    @property
    def known(self) -> int:
        """People in view who are known, by the camera or by card or PIN. A face that is not told yet is neither."""
        return self.recognised + min(self.faces_unknown, self.vouched)


def unexplained(faces_unknown: int, vouched: int) -> int:
    """Of the faces that match nobody, those that can't be learners known by card or PIN."""
    return max(0, faces_unknown - vouched)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Somebody who does not sit at this bridge point was recorded at it (server time, ms)."""

    learner: str
    start: int
    end: int
    clock: Doubt = "good"
