"""Reading what needs doing in courses (courses.attention)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session, col, select

from central_server.corrections.contests import waiting_in_courses
from central_server.corrections.sealed_sheet import drifted_in, unsealed_of_courses
from central_server.courses.attention import CourseSituation, Notice, attention
from central_server.courses.overview import (
    CourseRow,
    PlannedRow,
    clashes,
    learners_by_point,
    point_names,
    points_without_device,
    sessions_of_courses,
)
from central_server.courses.periods import DAY_MS, periods
from central_server.courses.tables import Course, Programme
from central_server.health.silence import BEFORE_MS, silent_points
from central_server.learners.lookalikes import open_pairs, open_pairs_within

Heard = Callable[[Collection[str]], Mapping[str, int]]
"""Of bridge points (ids), when each was heard last (health.reading.heard_at_points)."""
MOST_COURSES = 12
"""So many courses are looked into for the first page; the course's own page looks into every one."""


def situation_of(db: Session, course: Course, now: int, heard: Heard) -> CourseSituation:
    """The same of one course, with the sheets whose figures have changed since they were signed."""
    found = situations(db, [course], now, heard)[course.id]
    over = [one.id for one in found.sessions if one.phase == "over" and not one.cancelled and not one.field_visit]
    return replace(found, drifted=frozenset(drifted_in(db, course.id, over)))


def situations(db: Session, courses: Sequence[Course], now: int, heard: Heard) -> dict[str, CourseSituation]:
    """What is to be known of some courses, by id, to tell what needs doing. As many queries as for one."""
    ids = [course.id for course in courses]
    sessions = sessions_of_courses(db, courses, now)
    learners = learners_by_point(db, ids)
    points = {
        course: {point for one in sessions[course] for point in one.points} | learners[course].keys() for course in ids
    }
    everywhere = set[str]().union(*points.values())
    names = point_names(db, everywhere)
    without = points_without_device(db, everywhere)
    clashing = clashes(db, ids, now)
    alike, alike_within = open_pairs(db, ids), open_pairs_within(db, ids)
    over = {
        course: [
            one.id
            for one in sessions[course]
            if one.phase == "over" and not one.cancelled and not one.field_visit and one.points
        ]
        for course in ids
    }
    unsealed, contests = unsealed_of_courses(db, over), waiting_in_courses(db, ids)
    silent = _silent(courses, sessions, names, heard, now)
    needed = dict(db.exec(select(Programme.id, Programme.periods)).all())
    return {
        course.id: CourseSituation(
            id=course.id,
            published=course.published,
            class_rules=course.class_rules,
            sessions=sessions[course.id],
            learners=learners[course.id],
            names={point: name for point, name in names.items() if point in points[course.id]},
            without_device=without & points[course.id],
            clashes=clashing[course.id],
            planned_periods=periods(
                sum(one.teaching_ms for one in sessions[course.id] if not one.cancelled), course.period_minutes
            ),
            programme_periods=needed.get(course.programme or "", 0),
            now=now,
            lookalikes=alike.get(course.id, 0),
            lookalikes_within=alike_within.get(course.id, 0),
            unsealed=frozenset(unsealed[course.id]),
            contests=contests[course.id],
            silent=silent[course.id],
        )
        for course in courses
    }


def _silent(
    courses: Sequence[Course],
    sessions: Mapping[str, Sequence[PlannedRow]],
    names: Mapping[str, str],
    heard: Heard,
    now: int,
) -> dict[str, list[tuple[str, str, int, int | None]]]:
    """By course, the agents that should be heard now and are not."""
    near = {
        course.id: [
            (one.id, one.start, one.end, one.points)
            for one in sessions[course.id]
            if course.published and not one.cancelled and not one.field_visit
            and one.start - BEFORE_MS <= now < one.end
        ]
        for course in courses
    }  # fmt: skip
    points = {point for held in near.values() for _, _, _, there in held for point in there}
    times = heard(points) if points else {}
    return {
        course: [(session, names[point], start, times.get(point)) for session, point, start in
                 silent_points(held, times, now)]
        for course, held in near.items()
    }  # fmt: skip


def to_do(db: Session, rows: Sequence[CourseRow], now: int, heard: Heard) -> list[tuple[CourseRow, tuple[Notice, ...]]]:
    """What needs doing in the courses that are held now, begin soon or ended lately; the nearest first."""
    near = [row for row in rows if row.state != "over" or (row.last or 0) > now - 7 * DAY_MS]
    near.sort(key=lambda row: (row.next is None, abs((row.next or row.last or now) - now)))
    near = near[:MOST_COURSES]
    courses = db.exec(select(Course).where(col(Course.id).in_([row.id for row in near]))).all()
    found = situations(db, courses, now, heard)
    return [(row, notices) for row in near if (notices := attention(found[row.id]))]
