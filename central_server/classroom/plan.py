"""What a classroom needs to know of its session: its times, its rooms, where and by whom it is taught."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.bridge_points.tables import BridgePoint
from central_server.courses.lecturers import teaches_as
from central_server.courses.queries import course_of
from central_server.courses.standing import lecturer_name
from central_server.courses.tables import CourseSession, Lecturer, SessionBridgePoint
from central_server.errors import NotFoundError

OPENS_BEFORE_MS = 60 * 60_000
"""Technicians are at their bridge points an hour before, to try picture and sound."""
CLOSES_AFTER_MS = 30 * 60_000
"""A class that runs over is not cut off in the middle of a sentence."""


@dataclass(frozen=True, slots=True)
class Room:
    """A bridge point that takes part."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """A session as its classroom knows it. Times are server time, ms."""

    session: str
    title: str
    course: str
    course_title: str
    start: int
    end: int
    held: bool
    """Not cancelled, no field visit, and the course is published."""
    main: str | None
    """The room where the lecturer teaches, if it takes part."""
    lecturer: str
    lecturer_account: str | None
    """The account that alone teaches; None: any lecturer's account of the course."""
    rooms: tuple[Room, ...]
    """By name, the main one first."""

    @property
    def opens_at(self) -> int:
        """From when on people can do something in it."""
        return self.start - OPENS_BEFORE_MS

    @property
    def closes_at(self) -> int:
        """And until when."""
        return self.end + CLOSES_AFTER_MS

    def is_open(self, now: int) -> bool:
        """Whether it is open at that time."""
        return self.held and self.opens_at <= now < self.closes_at

    def name(self, room: str | None) -> str:
        """What people call a room; empty for none of them."""
        return next((one.name for one in self.rooms if one.id == room), "")

    def has(self, room: str) -> bool:
        """Whether the room takes part."""
        return any(one.id == room for one in self.rooms)


def plan_of(db: Session, session: str) -> ClassPlan:
    """The plan of a session. Raises NotFoundError."""
    found = db.get(CourseSession, session)
    if found is None:
        raise NotFoundError("Không có buổi học này.", "There is no such session.")
    course = course_of(db, found.course)
    lecturer = db.get(Lecturer, found.lecturer) if found.lecturer else None
    query = (
        select(BridgePoint)
        .join(SessionBridgePoint, col(SessionBridgePoint.bridge_point) == BridgePoint.id)
        .where(SessionBridgePoint.session == session)
    )
    points = sorted(db.exec(query), key=lambda one: (one.id != found.main_point, one.name, one.id))
    rooms = tuple(Room(one.id, one.name) for one in points)
    return ClassPlan(
        session=session,
        title=found.title,
        course=course.id,
        course_title=course.title,
        start=found.start,
        end=found.end,
        held=course.published and not found.cancelled and not found.field_visit,
        main=found.main_point if any(room.id == found.main_point for room in rooms) else None,
        lecturer=lecturer_name(lecturer) if lecturer else "",
        lecturer_account=teaches_as(db, lecturer, course.id),
        rooms=rooms,
    )
