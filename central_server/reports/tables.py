"""Tables: units and their names, targets, what courses count as, recognised results, letterheads. Only ever added to:
of each thing the newest version holds, and what held at a past moment is what had been entered by then.
"""  # fmt: skip

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class UnitVersion(SQLModel, table=True):
    """A unit that targets are set for, as it is called from a day on."""

    __tablename__ = "unit_version"

    unit: str = Field(primary_key=True)
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    since: date
    into: str | None = None
    """The unit into which it is merged on that day."""
    decision: str = ""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class TargetDecision(SQLModel, table=True):
    """A decision that sets targets for a period; a later one changes the lines that it names."""

    __tablename__ = "target_decision"

    id: str = Field(primary_key=True)
    period: str
    """models.report_records.Period"""
    number: str
    day: date
    note: str = ""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class TargetLine(SQLModel, table=True):
    """So many courses and training turns of a programme for a unit."""

    __tablename__ = "target_line"

    decision: str = Field(primary_key=True, foreign_key="target_decision.id")
    unit: str = Field(primary_key=True)
    programme: str = Field(primary_key=True, foreign_key="programme.id")
    courses: int
    turns: int


class CourseCount(SQLModel, table=True):
    """What a course counts as in reports."""

    __tablename__ = "course_count"

    course: str = Field(primary_key=True, foreign_key="course.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    unit: str | None = None
    audience: str = ""
    """Whom it is for: chuyên viên; cán bộ, công chức cấp xã …"""
    held: str = "online"
    """models.report_records.Held"""
    planned: bool = True
    """False: outside the plan, whatever targets there are."""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class CourseResult(SQLModel, table=True):
    """A learner's result as somebody recognised it: what it rested on is kept with it, and changes no more."""

    __tablename__ = "course_result"

    course: str = Field(primary_key=True, foreign_key="course.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    outcome: str
    """models.report_records.Outcome"""
    attended: int
    """Teaching periods that counted as attended, in tenths."""
    scheduled: int
    """Teaching periods of the learner's sessions, in tenths."""
    share: int | None = None
    """The share under the course's rule, in thousandths."""
    unit: str = ""
    position: str = ""
    """The learner's, on that day."""
    grade: str = ""
    certificate: str = ""
    """Number of the certificate."""
    book_number: str = ""
    """Number in the register of certificates."""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)


class Letterhead(SQLModel, table=True):
    """The letterhead of all sheets, who signs which, and the words of grades."""

    __tablename__ = "letterhead"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    superior: str = ""
    office: str = ""
    place: str = ""
    signers: str = "{}"
    """JSON: by kind of sheet, pairs of title and name."""
    grades: str = ""
    """One to a line."""
    by: str | None = None
    at: int = Field(sa_type=BigInteger)
