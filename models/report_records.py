"""The server's own log of what reports rest on: units, targets, what courses count as, results, the letterhead.

Names and texts stand in the tables; a record carries the SHA-256 of all of them together (central_server.reports.told).
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

from models.own_record import OwnRecord
from models.receipts import Head
from models.records import Count, Id

Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
PERIOD = r"[0-9]{4}(?:-(?:H[12]|Q[1-4]|(?:0[1-9]|1[0-2])))?"
"""2026, 2026-H1, 2026-Q3, 2026-11: a year, half of it, a quarter, a month."""
Period = Annotated[str, msgspec.Meta(pattern=rf"^{PERIOD}\Z")]
Version = Annotated[int, msgspec.Meta(ge=1)]
Held = Literal["online", "in_person", "both"]
"""Over bridge points, in one room, or both."""
HELD: tuple[Held, ...] = get_args(Held)
Outcome = Literal["completed", "not_completed"]


class UnitNamed(OwnRecord, frozen=True, kw_only=True, tag="unit_named"):
    """From a day on a unit has another name, or is merged into another unit. `words`: name and decision."""

    unit: Id
    version: Version
    since: Day
    into: Id | None
    words: Head


class TargetsDecided(OwnRecord, frozen=True, kw_only=True, tag="targets_decided"):
    """A decision sets targets for a period. `words`: its number and what is noted of it."""

    decision: Id
    period: Period
    day: Day
    words: Head


class TargetSet(OwnRecord, frozen=True, kw_only=True, tag="target_set"):
    """A line of a decision: so many courses and training turns of a programme for a unit."""

    decision: Id
    unit: Id
    programme: Id
    courses: Count
    turns: Count


class CourseCounted(OwnRecord, frozen=True, kw_only=True, tag="course_counted"):
    """What a course counts as in reports. `words`: whom it is for."""

    course: Id
    version: Version
    unit: Id | None
    held: Held
    planned: bool
    """False: outside the plan, whatever targets there are."""
    words: Head


class ResultRecognised(OwnRecord, frozen=True, kw_only=True, tag="result_recognised"):
    """What somebody recognised as a learner's result. Periods in tenths. `words`: grade, certificate, unit …"""

    course: Id
    learner: Id
    version: Version
    outcome: Outcome
    attended: Count
    scheduled: Count
    words: Head


class LetterheadKept(OwnRecord, frozen=True, kw_only=True, tag="letterhead"):
    """Sheets have this letterhead, these signers and words of grades from here on."""

    version: Version
    words: Head


OfReports = UnitNamed | TargetsDecided | TargetSet | CourseCounted | ResultRecognised | LetterheadKept
"""Any of them."""
