"""Tables: the versions of each course's participation rule, only ever added to; and the figures of what is over."""

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


class SettledPoint(SQLModel, table=True):
    """Everybody's figures at one bridge point in one session that is over (participation.settled).

    Made from the records and of no weight beside them: a row may go missing at any time, and is made again.
    """

    __tablename__ = "settled_point"

    session: str = Field(primary_key=True, foreign_key="session.id", ondelete="CASCADE")
    bridge_point: str = Field(primary_key=True)
    digest: bytes
    """32 bytes: of what the figures follow from. Where it is not that of now, they say nothing."""
    figures: bytes
