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
    """When that ends by itself at the latest, unless the learner asks for more time."""


class LearnerLeft(OwnRecord, frozen=True, kw_only=True, tag="learner_left"):
    """The learner ended it."""

    learner: Id
    device: Id
    bridge_point: Id


OfVisits = LearnerEntered | LearnerLeft
"""Everything about such visits in the server's own log."""
