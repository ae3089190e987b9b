"""The iCalendar feed of a course: whoever has its secret address may read it, and no learner is named in it."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Response
from sqlmodel import Session

from central_server.accounts.guard import guard
from central_server.courses.calendar import CalendarSession, calendar_key, calendar_text
from central_server.courses.overview import planned_sessions, point_names
from central_server.courses.tables import Course
from central_server.errors import NotFoundError
from central_server.services import ReadingDep, ServicesDep
from models.language import Language

router = APIRouter(dependencies=[guard("everybody")])


@router.get("/courses/{course}/calendar.ics")
def calendar(course: str, of: ServicesDep, db: ReadingDep, key: str = "", lang: Language = "vi") -> Response:
    """The sessions of a published course. A wrong or old key, a draft and no course are told apart by nobody."""
    found = db.get(Course, course)
    good = found is not None and secrets.compare_digest(
        calendar_key(of.server_key.private, found.id, found.calendar).encode(), key.encode("utf-8", "surrogateescape")
    )
    if found is None or not found.published or not good:
        raise NotFoundError(
            "Không có lịch ở địa chỉ này. Có thể địa chỉ đã được đổi; hãy hỏi cán bộ quản lý lớp.",
            "There is no calendar at this address. It may have been changed; ask the class manager.",
        )
    body = calendar_text(found.id, found.title, calendar_sessions(db, found, of.now()), of.now(), lang)
    headers = {"Content-Disposition": f'inline; filename="{found.code}.ics"', "Cache-Control": "private, max-age=300"}
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


def calendar_sessions(db: Session, course: Course, now: int) -> list[CalendarSession]:
    """What the calendar tells of a course's sessions."""
    rows = planned_sessions(db, course, now)
    names = point_names(db, sorted({point for row in rows for point in row.points}))
    sessions = []
    for row in rows:
        ordered = sorted(row.points, key=lambda point: (point != row.main_point, list(names).index(point)))
        last = row.changes[-1] if row.changes else None
        sessions.append(
            CalendarSession(
                row.id, row.title, row.start, row.end, row.breaks, tuple(names[point] for point in ordered),
                row.field_visit, row.lecturer, row.cancelled, last.number if last else 0, last.at if last else None,
                last.reason if last else "",
            )
        )  # fmt: skip
    return sessions
