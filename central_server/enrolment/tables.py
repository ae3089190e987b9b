"""Tables: transfers between bridge points, guests of single sessions, and who was taken off a roster."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Transfer(SQLModel, table=True):
    """From the sessions that begin at `since` or later on, a learner sits at another bridge point."""

    __tablename__ = "transfer"

    course: str = Field(primary_key=True, foreign_key="course.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id")
    since: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Server time, ms: a session that begins earlier keeps the place before."""
    bridge_point: str = Field(foreign_key="bridge_point.id", index=True)


class EndedEnrolment(SQLModel, table=True):
    """A learner was taken off a course's roster. Only ever added to; who comes back is enrolled anew."""

    __tablename__ = "ended_enrolment"

    course: str = Field(primary_key=True, foreign_key="course.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id")
    at: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    """Server time, ms."""
    bridge_point: str = Field(foreign_key="bridge_point.id")
    reason: str
    by: str | None = None
    """Account."""


class Guest(SQLModel, table=True):
    """A learner who takes part in one session without being enrolled: own participation, no certificate."""

    __tablename__ = "guest"

    session: str = Field(primary_key=True, foreign_key="session.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id")
    bridge_point: str = Field(foreign_key="bridge_point.id")
