"""The server's own log of what people say about presence: corrections, leave, seals of a sheet, contests.

Texts that somebody wrote (reasons, notes) stand in the tables; a record carries their SHA-256. Files of evidence are
kept sealed; a record carries the SHA-256 of the file and of what is kept of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from models.own_record import OwnRecord
from models.receipts import Head
from models.records import Count, Id, Milliseconds

Change = Literal["added", "taken", "undone"]
"""Seen time was added, or taken away, or an earlier correction holds no longer."""
Way = Literal["single", "sheet"]
"""One learner's time, or a signed sheet's: many learners, and two signers whatever the course says."""
Why = Literal["camera", "not_recognised", "taken_for_another", "off_camera", "arrived_late", "left_early", "other"]
Leave = Literal["permitted", "not_permitted", "none"]
"""With permission, without it, or an entry taken back."""
Signer = Literal["technician", "class_manager"]
Cause = Literal["sealing", "correction", "leave", "records"]
"""Why a sheet has another revision: it was signed first; a correction or leave came; or anything else was told to the
server since (late records, another rule or plan)."""


class CorrectingRule(OwnRecord, frozen=True, kw_only=True, tag="correcting_rule"):
    """How a course is corrected, from here on: its newest version holds."""

    course: Id
    version: Annotated[int, msgspec.Meta(ge=1)]
    second_person: bool
    """A correction counts once another person has confirmed it."""
    contest_days: Annotated[int, msgspec.Meta(ge=0, le=365)]
    """So many days after a session's end its learners may contest it."""
    reason: Head


class EvidenceFiled(OwnRecord, frozen=True, kw_only=True, tag="evidence"):
    """A file was filed as evidence about a session."""

    evidence: Id
    session: Id
    content: Head
    """SHA-256 of the file."""
    sealed: Head
    """SHA-256 of its sealed bytes."""


class Corrected(OwnRecord, frozen=True, kw_only=True, tag="correction"):
    """A correction was made. Whose and which time it is about follows in CorrectedFor."""

    correction: Id
    session: Id
    change: Change
    way: Way
    why: Why
    words: Head
    evidence: Id | None
    second_needed: bool
    """It counts once another person has confirmed it."""
    contest: Id | None
    """The contest that it answers."""
    of: Id | None
    """Of `undone`: the correction that holds no longer."""


class CorrectedFor(OwnRecord, frozen=True, kw_only=True, tag="corrected_for"):
    """The learner and the time (server time, ms) of a correction."""

    correction: Id
    learner: Id
    start: Milliseconds
    end: Milliseconds


class CorrectionAnswered(OwnRecord, frozen=True, kw_only=True, tag="correction_answered"):
    """Another person confirmed a correction, or somebody refused it."""

    correction: Id
    confirmed: bool
    words: Head


class LeaveEntered(OwnRecord, frozen=True, kw_only=True, tag="leave"):
    """A learner's leave in a session; the newest entry holds. It changes no presence."""

    session: Id
    learner: Id
    number: Count
    """1, 2, 3 … of this learner in this session."""
    leave: Leave
    words: Head
    approver: Head
    """SHA-256 of who approved it, as it was written."""
    evidence: Id | None


class SheetRevised(OwnRecord, frozen=True, kw_only=True, tag="sheet_revision"):
    """A session's sheet as it is to be signed (0), or as it became after that (1, 2, …)."""

    session: Id
    number: Annotated[int, msgspec.Meta(ge=0)]
    cause: Cause
    of: Id | None
    """The correction."""
    figures: Head
    """SHA-256 of the figures (central_server.corrections.sealed_sheet)."""
    words: Head


class SheetSigned(OwnRecord, frozen=True, kw_only=True, tag="sheet_signed"):
    """Somebody signed a session's sheet: of one bridge point, or all of it."""

    session: Id
    number: Annotated[int, msgspec.Meta(ge=1)]
    """1, 2, 3 … of this session's signatures."""
    revision: Annotated[int, msgspec.Meta(ge=0)]
    signer: Signer
    bridge_point: Id | None
    figures: Head
    """SHA-256 of the figures that were signed: of the bridge point, or of all."""


class Contested(OwnRecord, frozen=True, kw_only=True, tag="contest"):
    """A learner contests a session."""

    contest: Id
    session: Id
    learner: Id
    words: Head
    evidence: Id | None


class ContestAnswered(OwnRecord, frozen=True, kw_only=True, tag="contest_answered"):
    """A contest was answered: by a correction, or refused."""

    contest: Id
    correction: Id | None
    words: Head


OfCorrections = (
    CorrectingRule
    | EvidenceFiled
    | Corrected
    | CorrectedFor
    | CorrectionAnswered
    | LeaveEntered
    | SheetRevised
    | SheetSigned
    | Contested
    | ContestAnswered
)
"""All of them."""
