"""Records of who is enrolled in courses: enrolment and its end, transfers, guests, and who a learner is."""

from __future__ import annotations

from models.own_record import OwnRecord
from models.receipts import Head
from models.records import Id, Milliseconds


class Enrolled(OwnRecord, frozen=True, kw_only=True, tag="enrolled"):
    """A learner is enrolled in a course at this bridge point."""

    course: Id
    learner: Id
    bridge_point: Id


class EnrolmentEnded(OwnRecord, frozen=True, kw_only=True, tag="enrolment_ended"):
    """A learner is taken off a course's roster. In sessions that have begun by then the learner is a guest from now on
    (GuestAdmitted)."""

    course: Id
    learner: Id
    bridge_point: Id
    """Where the learner was enrolled."""
    reason: Head
    """SHA-256 of the reason's text, which the table keeps."""


class Transferred(OwnRecord, frozen=True, kw_only=True, tag="transferred"):
    """A learner sits at another bridge point in the sessions that begin at `since` or later."""

    course: Id
    learner: Id
    bridge_point: Id
    since: Milliseconds


class TransferUndone(OwnRecord, frozen=True, kw_only=True, tag="transfer_undone"):
    """A transfer was taken back."""

    course: Id
    learner: Id
    since: Milliseconds


class GuestAdmitted(OwnRecord, frozen=True, kw_only=True, tag="guest_admitted"):
    """A learner who is not enrolled takes part in one session."""

    session: Id
    learner: Id
    bridge_point: Id


class GuestRemoved(OwnRecord, frozen=True, kw_only=True, tag="guest_removed"):
    """A guest was entered by mistake."""

    session: Id
    learner: Id


class LearnerKnown(OwnRecord, frozen=True, kw_only=True, tag="learner_known"):
    """Who a learner is, without a name: a salted SHA-256 over name, code, unit and birth year (learners.identity)."""

    learner: Id
    commitment: Head


OfEnrolment = Enrolled | EnrolmentEnded | Transferred | TransferUndone | GuestAdmitted | GuestRemoved | LearnerKnown
"""Everything about enrolment in the server's own log."""
