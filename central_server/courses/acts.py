"""What the pages do to courses; each function is the work of one job (courses.changes.changing)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select

from central_server.accounts.giving import give
from central_server.accounts.permission import Grant
from central_server.courses.changes import Changes
from central_server.courses.plan_form import Held
from central_server.courses.planning import (
    PlannedSession,
    find_or_add_lecturer,
    next_session_ids,
    put_course,
    put_session,
)
from central_server.courses.queries import course_of
from central_server.courses.series import VIETNAM, Slot
from central_server.courses.tables import Course, CourseSession, Enrolment, Holiday, SessionBreak, SessionBridgePoint
from central_server.errors import ConflictError, NotFoundError
from models.own_records import HolidayMarked


@dataclass(frozen=True, slots=True)
class NewCourse:
    """A course as it is to be made."""

    title: str
    code: str
    """Empty: one is made."""
    programme: str | None
    held: Held
    slots: tuple[Slot, ...]


def add_course(changes: Changes, new: NewCourse, grant_maker: bool) -> Course:
    """Make a course with its sessions, as a draft. grant_maker: who makes it may manage no other courses but this.

    Raises ConflictError when the code is taken.
    """
    code = new.code or _free_code(changes)
    if changes.db.exec(select(Course.id).where(Course.code == code)).first() is not None:
        raise ConflictError(f"Mã lớp {code} đã có lớp khác dùng.", f"Another course has the code {code}.")
    days = [datetime.fromtimestamp(one.start / 1000, VIETNAM).date() for one in new.slots]
    course = put_course(
        changes, code, title=new.title, programme=new.programme, starts=min(days, default=None),
        ends=max(days, default=None), published=False,
    )  # fmt: skip
    add_sessions(changes, course, new.slots, new.held)
    if grant_maker and changes.by is not None:
        give(changes.db.connection(), changes.by, Grant("class_manager", course=course.id), changes.by, changes.now)
    return course


def _free_code(changes: Changes) -> str:
    year = datetime.fromtimestamp(changes.now / 1000, VIETNAM).year
    taken = set(changes.db.exec(select(Course.code).where(col(Course.code).startswith(f"L{year}-"))))
    return next(code for number in range(1, len(taken) + 2) if (code := f"L{year}-{number:03d}") not in taken)


def add_sessions(changes: Changes, course: Course, slots: Sequence[Slot], held: Held, title: str = "") -> list[str]:
    """Add sessions to a course; their ids. title: of all of them; empty: they are numbered."""
    if not slots:
        return []
    lecturer = find_or_add_lecturer(changes, *held.lecturer).id if held.lecturer else None
    ids = next_session_ids(changes, course, len(slots))
    for session, times in zip(ids, sorted(slots, key=lambda one: one.start), strict=True):
        name = title or f"Buổi {session.rpartition('.')[2]}"
        plan = PlannedSession(session, name, times.start, times.end, times.breaks, held.points, lecturer,
                              held.main_point, held.field_visit)  # fmt: skip
        put_session(changes, course.id, plan)
    return ids


def edit_session(changes: Changes, session: str, title: str, times: Slot, held: Held, reason: str) -> None:
    """Bring a session to what its form says; other times than before make a move."""
    found = session_of(changes, session)
    lecturer = find_or_add_lecturer(changes, *held.lecturer).id if held.lecturer else None
    plan = PlannedSession(session, title, times.start, times.end, times.breaks, held.points, lecturer, held.main_point,
                          held.field_visit)  # fmt: skip
    put_session(changes, found.course, plan, reason)


def publish(changes: Changes, course: str, published: bool) -> None:
    """Tell learners and bridge points of a course, or take that back. Sessions without a place get the learners'."""
    if published:
        join_points(changes, course, only_without=True)
    put_course(changes, course_of(changes.db, course).code, published=published)


def join_points(changes: Changes, course: str, only_without: bool = False) -> None:
    """Let the bridge points of a course's learners take part in its sessions to come.

    only_without: only in those that have no bridge point yet.
    """
    db = changes.db
    wanted = sorted(set(db.exec(select(Enrolment.bridge_point).where(Enrolment.course == course))))
    query = select(CourseSession).where(CourseSession.course == course, CourseSession.end > changes.now)
    for session in db.exec(query.order_by(col(CourseSession.start))).all():
        places = db.exec(select(SessionBridgePoint.bridge_point).where(SessionBridgePoint.session == session.id)).all()
        if session.field_visit or session.cancelled or (places and only_without):
            continue
        points = tuple(dict.fromkeys([*places, *wanted]))
        put_session(changes, course, _plan_of(changes, session, points))


def _plan_of(changes: Changes, session: CourseSession, points: tuple[str, ...]) -> PlannedSession:
    rows = changes.db.exec(select(SessionBreak).where(SessionBreak.session == session.id))
    breaks = tuple(sorted((row.start, row.end) for row in rows))
    return PlannedSession(session.id, session.title, session.start, session.end, breaks, points, session.lecturer,
                          session.main_point, session.field_visit)  # fmt: skip


def edit_course(changes: Changes, course: str, **values: object) -> None:
    """Set columns of a course."""
    put_course(changes, course_of(changes.db, course).code, **values)


def renew_calendar(changes: Changes, course: str) -> None:
    """Give the course's calendar another address; the one before is good for nothing from now on."""
    found = course_of(changes.db, course)
    put_course(changes, found.code, calendar=found.calendar + 1)


def mark_holidays(changes: Changes, days: Sequence[tuple[date, str, bool]]) -> None:
    """Enter days without class: day, name, whether only reckoned. What somebody entered is never made a guess again."""
    for day, name, estimated in days:
        row = changes.db.get(Holiday, day)
        if row is not None and estimated and not row.estimated:
            continue
        changes.put(row or Holiday(day=day, name=""), name=name, estimated=estimated)
        if row is None:
            changes.tell(HolidayMarked(at=changes.now, by=changes.by, day=day.isoformat(), off=True))


def unmark_holiday(changes: Changes, day: date) -> None:
    """There is class on that day again."""
    row = changes.db.get(Holiday, day)
    if row is not None:
        changes.db.delete(row)
        changes.tell(HolidayMarked(at=changes.now, by=changes.by, day=day.isoformat(), off=False))


def session_of(changes: Changes, session: str) -> CourseSession:
    """Raises NotFoundError."""
    found = changes.db.get(CourseSession, session)
    if found is None:
        raise NotFoundError("Không có buổi học này.", "There is no such session.")
    return found
