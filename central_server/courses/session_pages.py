"""Adding sessions to a course, changing and moving one, cancelling it and taking that back."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.acts import add_sessions, edit_session, session_of
from central_server.courses.doing import do
from central_server.courses.moving import cancel, drop, restore
from central_server.courses.new_course import choices
from central_server.courses.overview import PlannedRow, holidays, planned_sessions, point_names
from central_server.courses.plan_form import USUAL, Held, read_held, read_one, read_series
from central_server.courses.queries import course_of
from central_server.courses.series import Slot
from central_server.courses.tables import Course, CourseSession, Lecturer
from central_server.errors import NotFoundError
from central_server.services import ReadingDep, ServicesDep
from central_server.web.figures import day, day_time
from central_server.web.forms import NEEDED, Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("manage_course")])
REASON_MOST = 300


def _taken(db: Session, course: Course, now: int, but: str = "") -> list[Slot]:
    rows = planned_sessions(db, course, now)
    return [Slot(one.start, one.end) for one in rows if not one.cancelled and one.id != but]


@router.get("/courses/{course}/sessions/new")
def new_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The form: one session, or a series by the week; lecturer and places as in the course's last session."""
    found = course_of(db, course)
    rows = planned_sessions(db, found, of.now())
    last = rows[-1] if rows else None
    places = {"lecturer": last.lecturer, "main_point": last.main_point or "", "point": last.points} if last else {}
    form = Form.filled(**{**USUAL, "how": "one", **places})
    return of.pages.page(request, "session_new.html", course=found, form=form, planned=None, **choices(db))


@router.post("/courses/{course}/sessions/new/look")
def look(request: Request, course: str, form: FormDep, of: ServicesDep, db: ReadingDep) -> Response:
    """What the series in the form comes to: the part of the page that shows it before anything is saved."""
    found = course_of(db, course)
    planned = read_series(form, holidays(db), _taken(db, found, of.now()))
    context = {"partial": True, "form": form, "planned": planned, "period_minutes": found.period_minutes}
    return Response(of.pages.html("planned.html", page_language(request), **context), media_type="text/html")


@router.post("/courses/{course}/sessions/new")
def add(request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Add the sessions; with errors, or to look only, the form as it was typed."""
    found = course_of(db, course)
    taken, title = _taken(db, found, of.now()), form.words("title")
    held = read_held(form, point_names(db))
    planned, slots = None, ()  # type: tuple[Slot, ...]
    if form.value("how") == "series":
        planned = read_series(form, holidays(db), taken)
        slots = planned.slots if planned else ()
    else:
        one = read_one(form, taken)
        slots = (one,) if one else ()
    if form.errors or form.value("act") == "look":
        context = {"course": found, "form": form, "planned": planned, **choices(db)}
        return of.pages.page(request, "session_new.html", 422 if form.errors else 200, **context)
    do(of, actor, lambda changes: add_sessions(changes, course_of(changes.db, course), slots, held, title))
    return RedirectResponse(f"/courses/{course}#sessions", 303)


def _session(db: Session, course: Course, session: str, now: int) -> tuple[CourseSession, PlannedRow]:
    row = next((one for one in planned_sessions(db, course, now) if one.id == session), None)
    found = db.get(CourseSession, session)
    if row is None or found is None:
        raise NotFoundError("Không có buổi học này.", "There is no such session.")
    return found, row


@router.get("/courses/{course}/sessions/{session}/edit")
def edit_page(request: Request, course: str, session: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The form of one session, and what became of it so far."""
    its_course = course_of(db, course)
    found, row = _session(db, its_course, session, of.now())
    form = _as_it_is(db, found, row)
    return of.pages.page(request, "session_edit.html", course=its_course, session=row, form=form, **choices(db))


def _as_it_is(db: Session, found: CourseSession, row: PlannedRow) -> Form:
    lecturer = db.get(Lecturer, found.lecturer) if found.lecturer else None
    return Form.filled(
        title=row.title,
        first=day(row.start),
        start=day_time(row.start),
        end=day_time(row.end),
        breaks=", ".join(f"{day_time(a)}–{day_time(b)}" for a, b in row.breaks),
        lecturer=f"{row.lecturer}, {lecturer.unit}".removesuffix(", ") if lecturer else "",
        main_point=row.main_point or "",
        point=row.points,
        field_visit="yes" if row.field_visit else "",
    )


@router.post("/courses/{course}/sessions/{session}/edit")
def save(
    request: Request, course: str, session: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Save a session; other times need a reason, which everybody is told."""
    its_course = course_of(db, course)
    _, row = _session(db, its_course, session, of.now())
    title, reason = form.words("title", needed=True), form.words("reason", REASON_MOST)
    held: Held = read_held(form, point_names(db))
    times = read_one(form, _taken(db, its_course, of.now(), but=session))
    if times is not None and (times.start, times.end) != (row.start, row.end) and not reason:
        form.fail("reason", "Giờ học thay đổi: hãy ghi lý do để học viên và điểm cầu biết.",
                  "The times change: write why, so that learners and bridge points know.")  # fmt: skip
    if form.errors or times is None:
        context = {"course": its_course, "session": row, "form": form, **choices(db)}
        return of.pages.page(request, "session_edit.html", 422, **context)
    do(of, actor, lambda changes: edit_session(changes, session, title, times, held, reason))
    return RedirectResponse(f"/courses/{course}#s-{session}", 303)


@router.post("/courses/{course}/sessions/{session}/cancel")
def cancel_session(
    request: Request, course: str, session: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Cancel it, with a reason; the course's page offers to take that back."""
    reason = form.words("cancel_reason", REASON_MOST)
    if not reason:
        form.fail("cancel_reason", *NEEDED)
    if form.errors:
        its_course = course_of(db, course)
        found, row = _session(db, its_course, session, of.now())
        shown = _as_it_is(db, found, row)
        shown.errors = form.errors
        context = {"course": its_course, "session": row, "form": shown, **choices(db)}
        return of.pages.page(request, "session_edit.html", 422, **context)
    do(of, actor, lambda changes: cancel(changes, session_of(changes, session), reason))
    return RedirectResponse(f"/courses/{course}#s-{session}", 303)


@router.post("/courses/{course}/sessions/{session}/restore")
def restore_session(course: str, session: str, actor: ActorDep, of: ServicesDep) -> Response:
    """Hold a cancelled session after all."""
    do(of, actor, lambda changes: restore(changes, session_of(changes, session)))
    return RedirectResponse(f"/courses/{course}#s-{session}", 303)


@router.post("/courses/{course}/sessions/{session}/drop")
def drop_session(course: str, session: str, actor: ActorDep, of: ServicesDep) -> Response:
    """Take a cancelled session of which no record speaks out of the plan. Raises ConflictError else."""
    do(of, actor, lambda changes: drop(changes, session_of(changes, session)))
    return RedirectResponse(f"/courses/{course}#sessions", 303)
