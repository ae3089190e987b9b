"""Tables: courses, sessions, breaks, where sessions are held, and enrolment."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Course(SQLModel, table=True):
    """A class as it is planned, enrolled and completed."""

    __tablename__ = "course"

    id: str = Field(primary_key=True)
    code: str = Field(unique=True)
    title: str
    rule: str
    """models.participation.Rule as JSON."""


class CourseSession(SQLModel, table=True):
    """One scheduled meeting of a course. Times are ms since 1970 UTC."""

    __tablename__ = "session"

    id: str = Field(primary_key=True)
    """`COURSE.CODE`, which people can type."""
    course: str = Field(foreign_key="course.id", index=True)
    title: str
    start: int = Field(sa_type=BigInteger, index=True)
    end: int = Field(sa_type=BigInteger)


class SessionBreak(SQLModel, table=True):
    """A break of a session, ms since 1970 UTC."""

    __tablename__ = "session_break"

    session: str = Field(primary_key=True, foreign_key="session.id")
    start: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    end: int = Field(sa_type=BigInteger)


class SessionBridgePoint(SQLModel, table=True):
    """A bridge point takes part in a session."""

    __tablename__ = "session_bridge_point"

    session: str = Field(primary_key=True, foreign_key="session.id")
    bridge_point: str = Field(primary_key=True, foreign_key="bridge_point.id", index=True)


class Enrolment(SQLModel, table=True):
    """A learner in a course, at a bridge point."""

    __tablename__ = "enrolment"

    course: str = Field(primary_key=True, foreign_key="course.id")
    learner: str = Field(primary_key=True, foreign_key="learner.id")
    bridge_point: str = Field(foreign_key="bridge_point.id", index=True)
