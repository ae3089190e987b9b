"""What people said of one learner, for the learner's own data: corrections, leave, signatures, recognised results."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import text
from sqlmodel import Session

from central_server.corrections.reading import STANDING, Standing
from central_server.corrections.sealed_sheet import seals_of
from central_server.participation.queries import names_of
from central_server.web.figures import iso
from models.correction_records import Change, Leave, Signer, Way, Why
from models.report_records import Outcome

_CORRECTIONS = text(
    'SELECT c.session, c.change, c.way, c.why, c.words, c.by, c.at, p.start, p."end", d.by AS second,'  # noqa: S608 - constants
    f" {STANDING} FROM correction_part AS p JOIN correction AS c ON c.id = p.correction"
    " LEFT JOIN correction_answer AS d ON d.correction = c.id WHERE p.learner = :learner ORDER BY c.at, p.start"
)
_LEAVES = text(
    "SELECT session, leave, words, approver, evidence, by, at FROM leave WHERE learner = :learner"
    " ORDER BY session, number"
)
_RESULTS = text(
    "SELECT c.code, r.version, r.outcome, r.attended, r.scheduled, r.share, r.unit, r.position, r.grade, r.certificate,"
    " r.book_number, r.by, r.at FROM course_result AS r JOIN course AS c ON c.id = r.course"
    " WHERE r.learner = :learner ORDER BY c.code, r.version"
)


class OwnCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """A correction of the learner's time."""

    session: str
    change: Change
    way: Way
    why: Why
    words: str
    start: str
    end: str
    made: str
    made_by: str
    answered_by: str
    standing: Standing
    against: str | None
    """What was said when it was refused or undone."""


class OwnLeave(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of leave; of a session the last one holds."""

    session: str
    leave: Leave
    words: str
    approver: str
    file: str | None
    """Its id, where one came with it."""
    entered: str
    entered_by: str


class OwnSignature(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody signed figures among which the learner's stand."""

    session: str
    revision: int
    signer: Signer
    signed: str
    signed_by: str
    seen_s: float
    not_seen_s: float
    not_observed_s: float
    leave: Leave | None


class OwnResult(msgspec.Struct, frozen=True, kw_only=True):
    """A result that was recognised; of a course the last one holds. Periods are teaching periods."""

    course: str
    """Its code."""
    version: int
    outcome: Outcome
    attended_periods: float
    scheduled_periods: float
    share: float | None
    unit: str
    position: str
    grade: str
    certificate: str
    book_number: str
    recognised: str
    recognised_by: str


def own_corrections(db: Session, learner: str) -> list[OwnCorrection]:
    """All corrections of a learner's time, in order of time, with how they stand."""
    rows = db.execute(_CORRECTIONS, {"learner": learner}).all()
    names = _names(db, [who for row in rows for who in (row.by, row.second)])
    return [
        OwnCorrection(
            session=row.session, change=row.change, way=row.way, why=row.why, words=row.words, start=iso(row.start),
            end=iso(row.end), made=iso(row.at), made_by=names.get(row.by, ""), answered_by=names.get(row.second, ""),
            standing=row.standing, against=row.against,
        )
        for row in rows
    ]  # fmt: skip


def own_leaves(db: Session, learner: str) -> list[OwnLeave]:
    """All entries of leave of a learner."""
    rows = db.execute(_LEAVES, {"learner": learner}).all()
    names = _names(db, [row.by for row in rows])
    return [
        OwnLeave(
            session=row.session, leave=row.leave, words=row.words, approver=row.approver, file=row.evidence,
            entered=iso(row.at), entered_by=names.get(row.by, ""),
        )
        for row in rows
    ]  # fmt: skip


def own_signatures(db: Session, learner: str, sessions: Iterable[str]) -> list[OwnSignature]:
    """Every signature over the learner's figures in these sessions, with the figures that were signed."""
    found: list[tuple[str, OwnSignature]] = []
    for session, seal in seals_of(db, list(sessions)).items():
        for one in seal.signatures:
            revision = next((it for it in seal.revisions if it.number == one.revision), None)
            row = revision.figures.rows().get(learner) if revision else None
            if revision is None or row is None or one.figures != revision.figures.digest_at(one.point):
                continue
            if one.point is not None and row not in revision.figures.points.get(one.point, ()):
                continue  # another bridge point's
            told = OwnSignature(
                session=session, revision=one.revision, signer=one.signer, signed=iso(one.at), signed_by="",
                seen_s=row.seen_ms / 1000, not_seen_s=row.not_seen_ms / 1000,
                not_observed_s=row.not_observed_ms / 1000, leave=row.leave,
            )  # fmt: skip
            found.append((one.by or "", told))
    names = _names(db, [by for by, _ in found])
    return [msgspec.structs.replace(told, signed_by=names.get(by, "")) for by, told in found]


def own_results(db: Session, learner: str) -> list[OwnResult]:
    """All results of a learner that were recognised."""
    rows = db.execute(_RESULTS, {"learner": learner}).all()
    names = _names(db, [row.by for row in rows])
    return [
        OwnResult(
            course=row.code, version=row.version, outcome=row.outcome, attended_periods=row.attended / 10,
            scheduled_periods=row.scheduled / 10, share=None if row.share is None else row.share / 1000,
            unit=row.unit, position=row.position, grade=row.grade, certificate=row.certificate,
            book_number=row.book_number, recognised=iso(row.at), recognised_by=names.get(row.by, ""),
        )
        for row in rows
    ]  # fmt: skip


def _names(db: Session, ids: Iterable[str | None]) -> dict[str | None, str]:
    return dict[str | None, str](names_of(db, {one for one in ids if one}).items())
