"""Reading what needs doing in courses (courses.attention)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from central_server.courses.attention import CourseSituation, Notice, attention
from central_server.courses.overview import (
    CourseRow,
    PlannedRow,
    clashes,
    learners_by_point,
    planned_sessions,
    point_names,
    points_without_device,
)
from central_server.courses.periods import periods
from central_server.courses.tables import Course, Programme

DAY_MS = 24 * 3_600_000
MOST_COURSES = 12
"""So many courses are looked into for the first page; the course's own page looks into every one."""


def situation(db: Session, course: Course, sessions: Sequence[PlannedRow], now: int) -> CourseSituation:
    """What is to be known of a course to tell what needs doing."""
    learners = learners_by_point(db, course.id)
    points = sorted({point for one in sessions for point in one.points} | learners.keys())
    programme = db.get(Programme, course.programme) if course.programme else None
    return CourseSituation(
        id=course.id,
        published=course.published,
        class_rules=course.class_rules,
        sessions=sessions,
        learners=learners,
        names=point_names(db, points),
        without_device=frozenset(points_without_device(db, points)),
        clashes=clashes(db, course.id, now),
        planned_periods=periods(sum(one.teaching_ms for one in sessions if not one.cancelled), course.period_minutes),
        programme_periods=programme.periods if programme else 0,
        now=now,
    )


def to_do(db: Session, rows: Sequence[CourseRow], now: int) -> list[tuple[CourseRow, tuple[Notice, ...]]]:
    """What needs doing in the courses that are held now, begin soon or ended lately; the nearest first."""
    near = [row for row in rows if row.state != "over" or (row.last or 0) > now - 7 * DAY_MS]
    near.sort(key=lambda row: (row.next is None, abs((row.next or row.last or now) - now)))
    found = []
    for row in near[:MOST_COURSES]:
        course = db.get_one(Course, row.id)
        notices = attention(situation(db, course, planned_sessions(db, course, now), now))
        if notices:
            found.append((row, notices))
    return found
