"""The kinds of presence records and their fields; models.records has their bytes, hash, chain and checkpoint."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

VERSION: Literal[1] = 1

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+\Z")]
RecordId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""An Id inside a record. `decode_all` looks at its letters: as a pattern that takes three quarters of the decoding."""
Milliseconds = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Score = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]

CheckInMethod = Literal["room_camera", "face", "card", "pin"]
"""How a learner was matched: `room_camera` is the first identification at the seat, without a liveness challenge."""
Flag = Literal["moving_background", "bright_frame", "lookalike", "second_factor"]
"""What was odd at a check-in: a face that moved together with what is behind it, a lit frame around it, a learner
whom another one resembles, a face in doubt that a PIN or card then settled."""
CoverageEnd = Literal["cut", "stopped", "camera_gone", "frozen", "dark", "crashed", "suspended"]
"""Why a coverage record ends: `cut` and the next one goes on at the same moment; all others leave time not observed."""


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What every record carries.

    The clock fields are one sample, taken when the record was made (after a crash: the last one saved before it).
    `start` and `end` of the kinds below lie on the boot-time clock of that sample, so a wall clock that jumps moves no
    duration. Server time of a boot-clock moment t: wall + (offset or 0) - (boot - t).
    """

    v: Literal[1] = VERSION
    device: RecordId
    log: RecordId
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    session: RecordId
    wall: Milliseconds
    """Milliseconds since 1970-01-01 UTC by this PC's own clock."""
    boot_id: RecordId
    boot: Milliseconds
    """Milliseconds of the clock that runs from boot on, through suspends, and is never set."""
    offset: Milliseconds | None
    """Server clock minus this PC's wall clock; None when it was never measured."""
    uncertainty: Count | None
    """Half the width of the interval in which the true offset lies; None with offset None."""

    def server_time(self, boot: int) -> int:
        """Server wall time, in ms since 1970 UTC, of the moment `boot` on this record's boot-time clock."""
        return self.wall + (self.offset or 0) - (self.boot - boot)


class CheckIn(Record, frozen=True, kw_only=True, tag="check_in"):
    """A learner was matched for the first time in a session at this bridge point, or came again and something was odd
    that had not been."""

    learner: RecordId
    at: Milliseconds
    method: CheckInMethod
    score: Score | None
    encoder: str
    witness: RecordId | UnsetType = UNSET
    """Who vouched for a check-in by card or PIN: an account, or a deputy. Not in the line when unset."""
    flags: Annotated[tuple[Flag, ...], msgspec.Meta(max_length=8)] | UnsetType = UNSET
    """What the technician was told to look at. Not in the line when unset."""


class Presence(Record, frozen=True, kw_only=True, tag="presence"):
    """A closed presence interval of one learner: seen from `start` to `end`."""

    learner: RecordId
    start: Milliseconds
    end: Milliseconds
    sightings: Count
    best_score: Score
    encoder: str


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the picture, in shares of its width and height, in which a face could be identified."""

    x: float
    y: float
    width: float
    height: float


WHOLE_PICTURE = (Zone(0.0, 0.0, 1.0, 1.0),)


class Coverage(Record, frozen=True, kw_only=True, tag="coverage"):
    """From when to when the room was really watched, in which zones, and why it ended."""

    start: Milliseconds
    end: Milliseconds
    ended_by: CoverageEnd
    zones: tuple[Zone, ...] = WHOLE_PICTURE
    detector: str
    encoder: str


class Link(Record, frozen=True, kw_only=True, tag="link"):
    """From when to when the room's stream was up."""

    start: Milliseconds
    end: Milliseconds
    ended_by: str


class Seal(Record, frozen=True, kw_only=True, tag="seal"):
    """Closes a session's part of the log: how many records of each kind it holds and what they add up to."""

    check_ins: Count
    presences: Count
    coverages: Count
    present_ms: Count
    """Sum of all presence intervals of the session in this log."""
    covered_ms: Count
    """Sum of all coverage of the session in this log."""


Vouch = Literal["card", "pin", "technician"]
"""By what a learner was known without the camera."""


class Vouched(Record, frozen=True, kw_only=True, tag="vouched"):
    """A learner was present from one confirmation to the next, known without the camera.

    It counts as seen, and as observed for this learner whatever the camera saw; a confirmation alone has start = end.
    """

    learner: RecordId
    start: Milliseconds
    end: Milliseconds
    method: Vouch
    witness: RecordId
    """Who was on duty: an account, or the learner named as deputy."""


class Unobserved(Record, frozen=True, kw_only=True, tag="unobserved"):
    """This learner could not have been seen from `start` to `end` although the room was watched: never not seen.

    `far_seat`: the seat lies where the camera can't identify a face, and the track was lost there. `no_face`: the
    camera does not know this learner, who checked in by card or PIN, and no confirmation closed this time.
    """

    learner: RecordId
    start: Milliseconds
    end: Milliseconds
    why: Literal["far_seat", "no_face"]


class SpotCheck(Record, frozen=True, kw_only=True, tag="spot_check"):
    """A learner, drawn at random, was asked to confirm: at `asked`; `at` is the answer, or when time was up."""

    learner: RecordId
    asked: Milliseconds
    at: Milliseconds
    answered: bool
    method: Vouch | None
    """None when it was not answered."""


class OnDuty(Record, frozen=True, kw_only=True, tag="on_duty"):
    """From `at` on this witness is on duty at the bridge point; a deputy was named by somebody on duty before."""

    at: Milliseconds
    witness: RecordId
    named_by: RecordId | None


class ProfileUsed(Record, frozen=True, kw_only=True, tag="profile"):
    """With which calibration profile a session is watched; `state` other than good: somebody chose to go on without."""

    at: Milliseconds
    profile: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")] | None
    """SHA-256 of the profile; None when there is none."""
    state: Literal["good", "missing", "outdated"]
    encoder: str
    threshold: Score
    """The score from which a face counts as a learner's at the door."""


class Headcount(Record, frozen=True, kw_only=True, tag="headcount"):
    """How many people were in view from `start` to `end`, at most a minute: the most at once, and of these how many
    were known and how many matched nobody. Learners known by card or PIN stand in `vouched`."""

    start: Milliseconds
    end: Milliseconds
    people: Count
    known: Count
    unknown: Count
    vouched: Count
    roster: Count


AnyRecord = (
    CheckIn | Presence | Coverage | Link | Seal | Vouched | Unobserved | SpotCheck | OnDuty | ProfileUsed | Headcount
)
