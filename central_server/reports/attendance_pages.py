"""The attendance sheet of a session, to look at, print and save; and a course's participation as a file."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from central_server.accounts.guard import SeenDep, guard, hidden
from central_server.courses.queries import course_of
from central_server.participation.course import CourseParticipation, course_participation
from central_server.participation.course_routes import Order, chosen
from central_server.participation.state import SessionState, part_of
from central_server.reports.attendance_reading import attendance_of
from central_server.reports.csv_file import Separator
from central_server.reports.download import SHEETS, Ending, sheet_file
from central_server.reports.participation_sheet import participation_sheet
from central_server.reports.reading import letterhead_at
from central_server.services import ReadingDep, ServicesDep
from central_server.web.headers import page_language

router = APIRouter()


def _at(state: SessionState, point: str) -> SessionState:
    """One bridge point of what is seen of a session; all without one. Raises NotFoundError."""
    if not point:
        return state
    if all(one.facts.id != point for one in state.points):
        raise hidden()
    return part_of(state, frozenset({point}), None)  # flags that are not seen are gone already


@router.get("/sessions/{session}/sheet", dependencies=[guard("see_session")])
def attendance_page(
    request: Request, session: str, of: ServicesDep, db: ReadingDep, seen: SeenDep, point: str = ""
) -> Response:
    """The attendance sheet as it will be printed. point: id of the one bridge point that it is for."""
    whole = part_of(of.books.of(session).state(of.now()), *seen)
    names = [(one.facts.id, one.facts.name) for one in whole.points]
    sheet = attendance_of(db, _at(whole, point), page_language(request))
    context = {"sheet": sheet, "facts": whole.facts, "points": names, "point": point}
    return of.pages.page(request, "attendance_sheet.html", **context)


@router.get(
    "/sessions/{session}/sheet.{ending}", dependencies=[guard("see_session")], response_class=Response, responses=SHEETS
)
def attendance_file(
    request: Request, session: str, ending: Ending, of: ServicesDep, db: ReadingDep, seen: SeenDep,
    point: str = "", separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """The same as a file."""
    state = _at(part_of(of.books.of(session).state(of.now()), *seen), point)
    return sheet_file(attendance_of(db, state, page_language(request)), ending, separator)


@router.get(
    "/courses/{course}/participation.{ending}", dependencies=[guard("see_course")], response_class=Response,
    responses=SHEETS,
)  # fmt: skip
def participation_file(
    request: Request, course: str, ending: Ending, of: ServicesDep, db: ReadingDep,
    find: str = "", state: str = "", order: Order = "mend", separator: Separator = "semicolon",
) -> Response:  # fmt: skip
    """What the page of participation shows, all pages of it, as a file."""
    found, at = course_of(db, course), of.now()
    now = course_participation(db, of.books, of.settling, found, at)
    shown = CourseParticipation(now.rule, now.sessions, tuple(chosen(now.learners, find, state, order)))
    head = letterhead_at(db, at).of("completion")
    return sheet_file(participation_sheet(found, shown, at, head, page_language(request)), ending, separator)
