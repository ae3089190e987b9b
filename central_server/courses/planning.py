"""Writing courses and their sessions: the one way, for course files and for pages."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from central_server.courses.changes import Changes, digest, new_id
from central_server.courses.moving import change_session
from central_server.courses.series import Times
from central_server.courses.tables import (
    Course,
    CourseSession,
    Lecturer,
    Programme,
    SessionBreak,
    SessionBridgePoint,
)
from central_server.participation.rules import add_rule
from models.own_records import CoursePlanned, ProgrammeKept, SessionHeld, SessionPlanned, TakesPart
from models.participation import Rule


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """A session as it is to be. Times in ms since 1970 UTC; bridge points, lecturer by their ids."""

    id: str
    title: str
    start: int
    end: int
    breaks: Times
    bridge_points: tuple[str, ...]
    lecturer: str | None = None
    main_point: str | None = None
    field_visit: bool = False


def put_course(changes: Changes, code: str, **values: object) -> Course:
    """Bring the course with this code to the given columns; it is made where there is none, as a draft.

    A new one starts with the usual participation rule.
    """
    course = changes.db.exec(select(Course).where(Course.code == code)).first()
    new = course is None
    course = course or Course(id=new_id("c"), code=code, title="")
    planned = planned_record(course, changes)
    changes.put(course, **values)
    if new:
        add_rule(changes, course.id, Rule())
    if new or planned_record(course, changes) != planned:
        changes.tell(planned_record(course, changes))
    return course


def planned_record(course: Course, changes: Changes) -> CoursePlanned:
    """What the own log is told of a course."""
    return CoursePlanned(
        at=changes.now,
        by=changes.by,
        course=course.id,
        programme=course.programme,
        period_minutes=course.period_minutes,
        starts=course.starts.isoformat() if course.starts else None,
        ends=course.ends.isoformat() if course.ends else None,
        published=course.published,
        class_rules=digest(course.class_rules),
        calendar=course.calendar,
    )


def put_session(changes: Changes, course: str, plan: PlannedSession, reason: str = "") -> CourseSession:
    """Bring a session to what the plan says. Other times than it had make a move, told with `reason`."""
    db = changes.db
    session = db.get(CourseSession, plan.id)
    new = session is None
    session = session or CourseSession(id=plan.id, course=course, title="", start=plan.start, end=plan.end)
    if not new and (session.start, session.end) != (plan.start, plan.end):
        change_session(changes, session, "moved", reason)
    held = (session.lecturer, session.main_point, session.field_visit)
    times = (session.start, session.end)
    changes.put(session, title=plan.title, start=plan.start, end=plan.end, lecturer=plan.lecturer,
                main_point=plan.main_point, field_visit=plan.field_visit)  # fmt: skip
    before = db.exec(select(SessionBreak).where(SessionBreak.session == plan.id)).all()
    breaks = [SessionBreak(session=plan.id, start=start, end=end) for start, end in plan.breaks]
    if changes.replace(before, breaks, of_new=new) or new or times != (plan.start, plan.end):
        changes.tell(
            SessionPlanned(
                at=changes.now, by=changes.by, session=plan.id, course=session.course, start=plan.start, end=plan.end,
                breaks=plan.breaks,
            )
        )  # fmt: skip
    if held != (plan.lecturer, plan.main_point, plan.field_visit) or (new and held != (None, None, False)):
        changes.tell(
            SessionHeld(
                at=changes.now, by=changes.by, session=plan.id, lecturer=plan.lecturer, main_point=plan.main_point,
                field_visit=plan.field_visit,
            )
        )  # fmt: skip
    _put_places(changes, plan, of_new=new)
    return session


def _put_places(changes: Changes, plan: PlannedSession, of_new: bool) -> None:
    query = select(SessionBridgePoint).where(SessionBridgePoint.session == plan.id)
    places = changes.db.exec(query).all()
    wanted = dict.fromkeys(plan.bridge_points)
    for point in sorted({place.bridge_point for place in places} ^ set(wanted)):
        taking = TakesPart(
            at=changes.now, by=changes.by, session=plan.id, bridge_point=point, takes_part=point in wanted
        )
        changes.tell(taking)
    rows = [SessionBridgePoint(session=plan.id, bridge_point=point) for point in wanted]
    changes.replace(places, rows, of_new=of_new)


def next_session_ids(changes: Changes, course: Course, count: int) -> list[str]:
    """Ids for `count` new sessions of a course, numbered on; a number is never given twice."""
    prefix = f"{course.code}."
    ids = changes.db.exec(select(CourseSession.id).where(CourseSession.course == course.id))
    numbers = [int(rest) for one in ids if (rest := one.removeprefix(prefix)).isascii() and rest.isdigit()]
    first = max(course.last_session, *numbers, 0) + 1
    course.last_session = first + count - 1
    return [f"{prefix}{number}" for number in range(first, first + count)]


def put_programme(changes: Changes, code: str, title: str, periods: int) -> Programme:
    """Bring the programme with this code to this title and number of teaching periods."""
    found = changes.db.exec(select(Programme).where(Programme.code == code)).first()
    programme = found or Programme(id=new_id("g"), code=code, title="", periods=0)
    before = programme.periods
    changes.put(programme, title=title, periods=periods)
    if found is None or before != periods:
        changes.tell(ProgrammeKept(at=changes.now, by=changes.by, programme=programme.id, periods=periods))
    return programme


def find_or_add_lecturer(changes: Changes, degree: str, name: str, unit: str) -> Lecturer:
    """The lecturer of this name and unit (of any unit when none is said and only one has the name), added if new."""
    found = _lecturers(changes.db, name, unit)
    if len(found) == 1:
        lecturer = found[0]
        changes.put(lecturer, degree=degree or lecturer.degree)
        return lecturer
    lecturer = Lecturer(id=new_id("t"), name=name)
    changes.put(lecturer, degree=degree, unit=unit)
    return lecturer


def _lecturers(db: Session, name: str, unit: str) -> list[Lecturer]:
    query = select(Lecturer).where(Lecturer.name == name)
    if unit:
        query = query.where(Lecturer.unit == unit)
    return list(db.exec(query.order_by(col(Lecturer.id))))
