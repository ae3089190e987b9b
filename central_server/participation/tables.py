"""Tables: the versions of each course's participation rule. Only ever added to."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class RuleVersion(SQLModel, table=True):
    """One version; a course's newest holds for all its sessions, past ones too."""

    __tablename__ = "course_rule"

    course: str = Field(primary_key=True, foreign_key="course.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    rule: str
    """models.participation.Rule as JSON; its version is this one."""
    reason: str = ""
    by: str | None = None
    """Account; None: a course file, or how a new course starts."""
    at: int = Field(sa_type=BigInteger)
    """Server time, ms."""
