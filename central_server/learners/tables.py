"""Tables: learners and what is kept of them. Names stand here and nowhere else; all else speaks of random ids."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel


class Learner(SQLModel, table=True):
    """A person who can be enrolled. Two may share a name: unit and birth year tell them apart.

    Written by learners.identity alone, which keeps `name_key` and the own log's commitment in step.
    """

    __tablename__ = "learner"

    id: str = Field(primary_key=True)
    """Random; the only thing that records carry."""
    code: str = Field(unique=True)
    """The office's own number."""
    name: str
    unit: str
    birth_year: int | None = None
    position: str = ""
    name_key: str = Field(default="", index=True)
    """The name in plain letters, to be found by."""
    salt: bytes = b""
    """Random, beside the row only: without it the own log's commitment says nothing of anybody."""


class Consent(SQLModel, table=True):
    """A learner's consent to face recognition. Only ever added to and withdrawn: it is evidence."""

    __tablename__ = "consent"

    id: str = Field(primary_key=True)
    learner: str = Field(foreign_key="learner.id", index=True)
    text_version: str
    """Which text was agreed to (learners.consent_text)."""
    way: str
    """on_screen or signed_form."""
    given_at: int = Field(sa_type=BigInteger)
    """When it was given; of a signed form, the day it was signed. Server time, ms."""
    witness: str | None = None
    """The account that entered the form or saw it given."""
    withdrawn_at: int | None = Field(default=None, sa_type=BigInteger)


class SensitiveField(SQLModel, table=True):
    """A sensitive detail from a roster, sealed (learners.sealing): shown only as totals of a course."""

    __tablename__ = "sensitive_field"

    learner: str = Field(primary_key=True, foreign_key="learner.id")
    field: str = Field(primary_key=True)
    """ethnicity"""
    sealed: bytes


class FaceTemplate(SQLModel, table=True):
    """What is kept of a learner's portraits for one encoder, sealed. The pictures themselves are not kept."""

    __tablename__ = "face_template"
    __table_args__ = (Index("ix_face_template_newest", "encoder", "learner", "version"),)

    learner: str = Field(primary_key=True, foreign_key="learner.id")
    encoder: str = Field(primary_key=True)
    portraits: int
    made_at: int = Field(sa_type=BigInteger)
    sealed: bytes
    """Little-endian float32s, sealed for this learner and encoder."""
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """1, 2, 3 … of this learner's templates, of whichever encoder; the highest is the newest."""


class LearnerMeans(SQLModel, table=True):
    """What a learner can be known by beside the face. Sealed, so that a copy of the database tells none of it."""

    __tablename__ = "learner_means"

    learner: str = Field(primary_key=True, foreign_key="learner.id")
    templates: int = 0
    """How many face templates were ever made: the newest one's version. Not counted down when one is erased."""
    pin: bytes | None = None
    """argon2id in PHC form, sealed."""
    pin_made_at: int | None = Field(default=None, sa_type=BigInteger)
    card: bytes | None = None
    """The card's number, sealed."""
    card_digest: str | None = Field(default=None, unique=True)
    """HMAC of the number under a key that is not in the database: one card has one owner, who is found by it."""
    card_set_at: int | None = Field(default=None, sa_type=BigInteger)


class Lookalike(SQLModel, table=True):
    """Two learners whose templates of one encoder are as like as one person's are: one person twice, or a risk."""

    __tablename__ = "lookalike"

    learner: str = Field(primary_key=True, foreign_key="learner.id")
    """The smaller of the two ids."""
    other: str = Field(primary_key=True, foreign_key="learner.id", index=True)
    encoder: str = Field(primary_key=True)
    score: float
    found_at: int = Field(sa_type=BigInteger)
    judged_by: str | None = None
    """The account that said they are two people; none: nobody has looked yet."""
    judged_at: int | None = Field(default=None, sa_type=BigInteger)


class DeskEnrolment(SQLModel, table=True):
    """An enrolment that a bridge point sent: the same one again gets the same answer and changes nothing."""

    __tablename__ = "desk_enrolment"

    id: str = Field(primary_key=True)
    """Made by the agent."""
    learner: str = Field(foreign_key="learner.id")
    device: str = Field(foreign_key="device.id")
    encoder: str
    version: int
    at: int = Field(sa_type=BigInteger)


class PortraitPolicy(SQLModel, table=True):
    """Whether a course keeps the portraits of enrolment; its newest version holds. Only ever added to."""

    __tablename__ = "portrait_policy"

    course: str = Field(primary_key=True, foreign_key="course.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    days: int
    """For so many days after the course's end; 0: none is kept."""
    reason: str
    by: str | None = None
    at: int = Field(sa_type=BigInteger)
    """Server time, ms."""


class KeptPortrait(SQLModel, table=True):
    """A portrait that a course keeps: the face with a margin, JPEG, sealed (learners.sealing)."""

    __tablename__ = "kept_portrait"

    course: str = Field(primary_key=True, foreign_key="course.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id", index=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 …"""
    days: int
    """For how long after the course's end the learner agreed to."""
    kept_at: int = Field(sa_type=BigInteger)
    sealed: bytes
