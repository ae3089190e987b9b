"""Tables: programmes, lecturers, courses, sessions with what became of them, holidays, and enrolment."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

PERIOD_MINUTES = 45
"""A teaching period, unless a course says otherwise."""


class Programme(SQLModel, table=True):
    """What a course teaches."""

    __tablename__ = "programme"

    id: str = Field(primary_key=True)
    code: str = Field(unique=True)
    title: str
    periods: int = 0
    """Teaching periods; 0: not said."""


class Lecturer(SQLModel, table=True):
    """Who teaches. Two may share a name: the unit tells them apart."""

    __tablename__ = "lecturer"

    id: str = Field(primary_key=True)
    name: str
    degree: str = ""
    """TS., PGS.TS.; as people write it before the name."""
    unit: str = ""
    account: str | None = None
    """His or her own, where there is one."""


class Holiday(SQLModel, table=True):
    """A day without classes."""

    __tablename__ = "holiday"

    day: date = Field(primary_key=True)
    name: str
    estimated: bool = False
    """Reckoned from the law and the lunar calendar; the government's decision of the year may differ."""


class Course(SQLModel, table=True):
    """A class as it is planned, enrolled and completed."""

    __tablename__ = "course"

    id: str = Field(primary_key=True)
    code: str = Field(unique=True)
    title: str
    programme: str | None = Field(default=None, foreign_key="programme.id", index=True)
    period_minutes: int = Field(default=PERIOD_MINUTES, sa_column_kwargs={"server_default": "45"})
    """Length of a teaching period."""
    starts: date | None = None
    """Planned first and last day."""
    ends: date | None = None
    published: bool = Field(default=False, sa_column_kwargs={"server_default": "1"})
    """False: a draft, which neither learners nor bridge points are told of."""
    class_rules: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Text for the learners."""
    calendar: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Number of the secret in its calendar's address (calendar_key)."""
    last_session: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The highest number that was ever given to a session: ids are never used again."""


class CourseSession(SQLModel, table=True):
    """One scheduled meeting of a course. Times are ms since 1970 UTC."""

    __tablename__ = "session"

    id: str = Field(primary_key=True)
    """`COURSE.CODE`, which people can type."""
    course: str = Field(foreign_key="course.id", index=True)
    title: str
    start: int = Field(sa_type=BigInteger, index=True)
    end: int = Field(sa_type=BigInteger)
    lecturer: str | None = Field(default=None, foreign_key="lecturer.id")
    main_point: str | None = Field(default=None, foreign_key="bridge_point.id")
    """The bridge point where the lecturer teaches."""
    field_visit: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})
    """Held away from all bridge points: no camera observes it, so it is left out of participation."""
    cancelled: bool = Field(default=False, sa_column_kwargs={"server_default": "0"})


class SessionChange(SQLModel, table=True):
    """A session was moved, cancelled, or held after all. Only ever added to; their count is iCalendar's SEQUENCE."""

    __tablename__ = "session_change"

    session: str = Field(primary_key=True, foreign_key="session.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    change: str
    """`moved`, `cancelled` or `restored`."""
    start: int = Field(sa_type=BigInteger)
    """The times before, ms since 1970 UTC."""
    end: int = Field(sa_type=BigInteger)
    reason: str
    by: str | None = None
    """Account."""
    at: int = Field(sa_type=BigInteger)


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
