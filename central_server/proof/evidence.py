"""What a proof is made from, be it read from the database or from a proof pack."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Row:
    """A stored line: the place it is kept at, its raw bytes, the head kept beside it."""

    seq: int
    line: bytes
    head: bytes
    columns: tuple[object, ...] | None = None
    """What it is found by, where that is kept."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A device's signed checkpoint."""

    seq: int
    head: bytes
    signature: bytes
    key: int
    received_at: int


@dataclass(frozen=True, slots=True)
class LogEvidence:
    """One log of a device, as it is stored."""

    device: str
    log: str
    rows: tuple[Row, ...]
    signed: tuple[Signed, ...]
    end: tuple[int, bytes] | None
    """Seq and head that are kept as the log's end."""


CoursePlan = tuple[str | None, int, str | None, str | None, bool, str, int]
"""Programme, minutes of a period, first and last day, published, SHA-256 of the class rules, calendar's number."""
NO_TEXT = hashlib.sha256(b"").hexdigest()
UNTOLD: CoursePlan = (None, 45, None, None, True, NO_TEXT, 1)
"""A course from before the own log was told of these."""
CorrectionTold = tuple[str, str, str, str, str, str | None, bool, str | None, str | None, str | None, int]
"""Session, change, way, why, SHA-256 of the words, evidence, whether a second person is needed, contest, the correction
that it undoes, account, server time."""


@dataclass(slots=True)
class Plan:
    """What the server's acts made true: by the tables, or by replaying its own log. Keys and values are plain."""

    rules: dict[tuple[str, int], tuple[str, str | None, int, str]] = field(default_factory=dict)
    """Course and version: the rule as JSON, by whom, at, SHA-256 of the reason."""
    sessions: dict[str, tuple[str, int, int, tuple[tuple[int, int], ...]]] = field(default_factory=dict)
    """Session: its course, start, end, breaks."""
    courses: dict[str, CoursePlan] = field(default_factory=dict)
    """Course: what it is planned to be."""
    programmes: dict[str, int] = field(default_factory=dict)
    """Programme: its teaching periods."""
    held: dict[str, tuple[str | None, str | None, bool]] = field(default_factory=dict)
    """Session: lecturer, main bridge point, whether a field visit."""
    lecturers: dict[str, str] = field(default_factory=dict)
    """Lecturer who has an account: that account."""
    cancelled: dict[str, bool] = field(default_factory=dict)
    """Session that is cancelled."""
    changes: dict[tuple[str, int], tuple[str, int, int, str, str | None, int]] = field(default_factory=dict)
    """Session and number of its change: what, the times before, SHA-256 of the reason, account, server time."""
    holidays: dict[str, bool] = field(default_factory=dict)
    """Day without classes."""
    places: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Session and bridge point that takes part."""
    enrolled: dict[tuple[str, str], str] = field(default_factory=dict)
    """Course and learner: the bridge point."""
    ended: dict[tuple[str, str, int], tuple[str, str, str | None]] = field(default_factory=dict)
    """Course, learner and when he or she was taken off: the bridge point, SHA-256 of the reason, account."""
    transfers: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """Course, learner and since when: the bridge point."""
    guests: dict[tuple[str, str], str] = field(default_factory=dict)
    """Session and learner: the bridge point."""
    learners: dict[str, str] = field(default_factory=dict)
    """Learner: the commitment to name, code, unit and birth year."""
    consents: dict[str, tuple[str, str, str, int, str | None, int | None]] = field(default_factory=dict)
    """Consent: learner, version of the text, way, given at, witness, withdrawn at."""
    templates: dict[tuple[str, str], tuple[int, str, int]] = field(default_factory=dict)
    """Learner and encoder: how many portraits, SHA-256 of the sealed template, version."""
    lookalikes: dict[tuple[str, str, str], tuple[str | None, int] | None] = field(default_factory=dict)
    """Two learners (the smaller id first) and the encoder: who said that they are two people, and when; or nobody."""
    pins: dict[str, str] = field(default_factory=dict)
    """Learner: SHA-256 of the sealed PIN."""
    cards: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Learner: SHA-256 of the sealed number, and its HMAC."""
    devices: dict[str, str] = field(default_factory=dict)
    """Device: its bridge point."""
    keys: dict[tuple[str, int], tuple[str, int, int, int | None, bool]] = field(default_factory=dict)
    """Device and number: public key, made at, expires at, ended at, revoked."""
    tokens: dict[str, tuple[str, int, str | None]] = field(default_factory=dict)
    """Token's hash: bridge point, expires at, the device that used it."""
    classroom_acts: dict[int, str] = field(default_factory=dict)
    """Seq of an act in a classroom: its session."""
    questions: dict[tuple[str, int], str] = field(default_factory=dict)
    """Session and number of a question: SHA-256 of its text."""
    tickets_in: dict[str, tuple[str | None, str, str, int, str | None, int | None]] = field(default_factory=dict)
    """Hash of a room's ticket: device, session, bridge point, expires at, SHA-256 of the cookie it became, used at."""
    accounts: dict[str, tuple[bool, str | None]] = field(default_factory=dict)
    """Account: whether it is disabled, and whose learner's it is."""
    grants: dict[tuple[str, str, str | None, str | None], bool] = field(default_factory=dict)
    """Account, role, course, bridge point (None: all)."""
    credentials: dict[tuple[str, str], str] = field(default_factory=dict)
    """Account and what it proves itself with: SHA-256 of what is kept of it."""
    forks: dict[tuple[str, str, int, str], int] = field(default_factory=dict)
    """Device, log, end and head of a refused batch: the first record that differs."""
    correcting: dict[tuple[str, int], tuple[bool, int, str, str | None, int]] = field(default_factory=dict)
    """Course and version: second person, days to contest, SHA-256 of the reason, account, server time."""
    evidence: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """File of evidence: its session, SHA-256 of it, SHA-256 of its sealed bytes."""
    corrections: dict[str, CorrectionTold] = field(default_factory=dict)
    corrected_for: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """Correction, learner and from when: until when."""
    correction_answers: dict[str, tuple[bool, str, str | None, int]] = field(default_factory=dict)
    """Correction: confirmed or refused, SHA-256 of the words, account, server time."""
    leaves: dict[tuple[str, str, int], tuple[str, str, str, str | None, str | None, int]] = field(default_factory=dict)
    """Session, learner, number: leave, SHA-256 of the words and of the approver, evidence, account, server time."""
    contests: dict[str, tuple[str, str, str, str | None, str | None, int]] = field(default_factory=dict)
    """Contest: session, learner, SHA-256 of the words, evidence, account, server time."""
    contest_answers: dict[str, tuple[str | None, str, str | None, int]] = field(default_factory=dict)
    """Contest: the correction (None: refused), SHA-256 of the words, account, server time."""
    revisions: dict[tuple[str, int], tuple[str, str | None, str, str, str | None, int]] = field(default_factory=dict)
    """Session and number: cause, correction, SHA-256 of the figures and of the words, account, server time."""
    signatures: dict[tuple[str, int], tuple[int, str, str | None, str, str | None, int]] = field(default_factory=dict)
    """Session and number: revision, signer, bridge point, SHA-256 of the figures, account, server time."""
    forks_dropped: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Device, log and session (empty: none that there is): how many more were refused, as often as it doubled."""
    units: dict[tuple[str, int], tuple[str, str | None, str, str | None, int]] = field(default_factory=dict)
    """Unit and version: since which day, into which unit merged, SHA-256 of its words, account, server time."""
    decisions: dict[str, tuple[str, str, str, str | None, int]] = field(default_factory=dict)
    """Decision on targets: period, day, SHA-256 of its words, account, server time."""
    targets: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    """Decision, unit, programme: courses and turns."""
    counted: dict[tuple[str, int], tuple[str | None, str, bool, str, str | None, int]] = field(default_factory=dict)
    """Course and version: unit, how it is held, within the plan, SHA-256 of its words, account, server time."""
    results: dict[tuple[str, str, int], tuple[str, int, int, str, str | None, int]] = field(default_factory=dict)
    """Course, learner, version: outcome, periods attended and scheduled, SHA-256 of its words, account, server time."""
    letterheads: dict[int, tuple[str, str | None, int]] = field(default_factory=dict)
    """Version: SHA-256 of its words, account, server time."""
    portrait_policies: dict[tuple[str, int], tuple[int, str, str | None, int]] = field(default_factory=dict)
    """Course and version: days, SHA-256 of the reason, account, server time."""
    portraits: dict[tuple[str, str, int], tuple[int, int, str]] = field(default_factory=dict)
    """Course, learner, number: days agreed to, server time, SHA-256 of the sealed bytes."""


Fork = tuple[tuple[str, str, int, str], int, bytes]
"""A refused version: its key in Plan.forks, which of the device's keys signed it, the batch as it came."""
Total = tuple[int, int, int, int, str]
"""Milliseconds scheduled, seen, not seen, not observed; and the verdict."""
Totals = dict[tuple[str, str], Total]
"""By session and learner."""


class Evidence(Protocol):
    """All of it."""

    def own(self) -> tuple[Row, ...]:
        """The server's own log."""

    def plan(self) -> Plan:
        """What the tables say."""

    def forks(self) -> Iterator[Fork]:
        """The refused versions of logs."""

    def logs(self) -> Iterator[LogEvidence]:
        """Every device's logs, one at a time."""

    def totals(self) -> Totals:
        """What is shown to people."""

    def settled(self) -> Totals:
        """What is kept of sessions that are over, as far as it is said to hold (participation.settled)."""
