"""Tables: corrections, leave, contests, signed sheets and their revisions, evidence. All of them only ever added to."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class CorrectingVersion(SQLModel, table=True):
    """How a course is corrected; its newest version holds."""

    __tablename__ = "correcting_rule"

    course: str = Field(primary_key=True, foreign_key="course.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    second_person: bool
    contest_days: int
    reason: str
    by: str | None = None
    at: int = Field(sa_type=BigInteger)
    """Server time, ms."""


class EvidenceFile(SQLModel, table=True):
    """A picture or PDF that somebody filed, kept sealed (learners.sealing)."""

    __tablename__ = "evidence_file"

    id: str = Field(primary_key=True)
    session: str = Field(foreign_key="session.id", index=True)
    content: str
    """SHA-256 of the file, in hex."""
    media_type: str
    sealed: bytes


class CorrectionRow(SQLModel, table=True):
    """A correction as it was made (models.correction_records.Corrected)."""

    __tablename__ = "correction"

    id: str = Field(primary_key=True)
    session: str = Field(foreign_key="session.id", index=True)
    change: str
    way: str
    why: str
    words: str
    evidence: str | None = Field(default=None, foreign_key="evidence_file.id")
    second_needed: bool
    contest: str | None = Field(default=None, foreign_key="contest.id")
    of: str | None = Field(default=None, foreign_key="correction.id")
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class CorrectionPart(SQLModel, table=True):
    """The learner and time (server time, ms) of a correction."""

    __tablename__ = "correction_part"

    correction: str = Field(primary_key=True, foreign_key="correction.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id", index=True)
    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    end: int = Field(sa_type=BigInteger)


class CorrectionAnswerRow(SQLModel, table=True):
    """A correction was confirmed by another person, or refused."""

    __tablename__ = "correction_answer"

    correction: str = Field(primary_key=True, foreign_key="correction.id")
    confirmed: bool
    words: str
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class LeaveRow(SQLModel, table=True):
    """A learner's leave in a session; the highest number holds."""

    __tablename__ = "leave"

    session: str = Field(primary_key=True, foreign_key="session.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id", index=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    leave: str
    words: str
    approver: str
    """Who approved it, as it was written."""
    evidence: str | None = Field(default=None, foreign_key="evidence_file.id")
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class ContestRow(SQLModel, table=True):
    """A learner contests what a session's sheet says of him or her."""

    __tablename__ = "contest"

    id: str = Field(primary_key=True)
    session: str = Field(foreign_key="session.id", index=True)
    learner: str = Field(foreign_key="learner.id", index=True)
    words: str
    evidence: str | None = Field(default=None, foreign_key="evidence_file.id")
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class ContestAnswerRow(SQLModel, table=True):
    """A contest was answered, by a correction or by a refusal."""

    __tablename__ = "contest_answer"

    contest: str = Field(primary_key=True, foreign_key="contest.id")
    correction: str | None = Field(default=None, foreign_key="correction.id")
    words: str
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class SheetRevisionRow(SQLModel, table=True):
    """A session's figures as they were signed (0), and as they became after that (1, 2, …)."""

    __tablename__ = "sheet_revision"

    session: str = Field(primary_key=True, foreign_key="session.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    cause: str
    of: str | None = Field(default=None, foreign_key="correction.id")
    figures: bytes
    """corrections.sealed_sheet.Figures as JSON."""
    words: str
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class SheetSignature(SQLModel, table=True):
    """Somebody signed a session's sheet."""

    __tablename__ = "sheet_signature"

    session: str = Field(primary_key=True, foreign_key="session.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    revision: int
    signer: str
    bridge_point: str | None = Field(default=None, foreign_key="bridge_point.id")
    """None: the whole sheet."""
    figures: str
    """SHA-256 of the figures that were signed, in hex."""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)
