"""The server's own log of learners who read their own pages at a bridge point, known there by code and PIN.

What a learner does there is told by the records of those acts, whose `by` is the learner's own id.
"""

from __future__ import annotations

from models.own_record import OwnRecord
from models.records import Id, Milliseconds


class LearnerEntered(OwnRecord, frozen=True, kw_only=True, tag="learner_entered"):
    """A learner opened his or her own pages on a bridge point's PC."""

    learner: Id
    device: Id
    bridge_point: Id
    until: Milliseconds
    """When that ends by itself, if no LearnerStayed says later and no LearnerLeft earlier."""


class LearnerStayed(OwnRecord, frozen=True, kw_only=True, tag="learner_stayed"):
    """The learner asked for more time."""

    learner: Id
    device: Id
    bridge_point: Id
    until: Milliseconds
    """When it ends by itself now."""


class LearnerLeft(OwnRecord, frozen=True, kw_only=True, tag="learner_left"):
    """It ended before its time: the learner ended it, or (`by`) the next one at that PC did."""

    learner: Id
    device: Id
    bridge_point: Id


OfVisits = LearnerEntered | LearnerStayed | LearnerLeft
"""Everything about such visits in the server's own log."""
