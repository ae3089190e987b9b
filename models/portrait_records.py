"""The server's own log of portraits: whether a course keeps them, which are kept, who looked, and when they went."""

from __future__ import annotations

from typing import Annotated

import msgspec

from models.own_record import OwnRecord
from models.receipts import Head
from models.records import Id

PORTRAITS_MOST = 5
"""So many pictures of one learner are kept for a course at most."""
DAYS_MOST = 365


class PortraitPolicySet(OwnRecord, frozen=True, kw_only=True, tag="portrait_policy"):
    """From here on a course keeps portraits for so many days after its end, or (0) keeps none."""

    course: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    days: Annotated[int, msgspec.Meta(ge=0, le=DAYS_MOST)]
    reason: Head
    """SHA-256 of the reason's text, which the table keeps."""


class PortraitsKept(OwnRecord, frozen=True, kw_only=True, tag="portraits_kept"):
    """A course keeps these portraits of a learner in the place of those before."""

    course: Id
    learner: Id
    days: Annotated[int, msgspec.Meta(ge=1, le=DAYS_MOST)]
    """For how long after the course's end the learner agreed to."""
    sealed: Annotated[tuple[Head, ...], msgspec.Meta(min_length=1, max_length=PORTRAITS_MOST)]
    """SHA-256 of the sealed bytes of each."""


class PortraitsErased(OwnRecord, frozen=True, kw_only=True, tag="portraits_erased"):
    """A course keeps no portrait of a learner any more."""

    course: Id
    learner: Id


class PortraitLookedAt(OwnRecord, frozen=True, kw_only=True, tag="portrait_looked_at"):
    """Somebody looked at a learner's portrait."""

    course: Id
    learner: Id
    number: Annotated[int, msgspec.Meta(ge=1, le=PORTRAITS_MOST)]


OfPortraits = PortraitPolicySet | PortraitsKept | PortraitsErased | PortraitLookedAt
"""Everything about portraits in the server's own log."""
