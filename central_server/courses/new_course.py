"""Making a course on one page: what it is called, its sessions by the week, who teaches where, who learns."""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.acts import NewCourse, add_course
from central_server.courses.changes import changing
from central_server.courses.overview import holidays, point_names
from central_server.courses.plan_form import USUAL, WEEKDAYS, read_held, read_series
from central_server.courses.standing import lecturer_name
from central_server.courses.tables import PERIOD_MINUTES, Course, Lecturer, Programme
from central_server.enrolment.faults import RosterError
from central_server.enrolment.grid import Grid
from central_server.enrolment.kept import KeptRoster
from central_server.enrolment.pages import read_sent
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("create_course")])
CODE = re.compile(r"[A-Za-z0-9_-]{1,30}")


def choices(db: Session) -> dict[str, object]:
    """What the forms that plan sessions offer."""
    programmes = db.exec(select(Programme).order_by(col(Programme.title))).all()
    lecturers = db.exec(select(Lecturer).order_by(col(Lecturer.name))).all()
    return {
        "programmes": [(one.id, f"{one.title} ({one.code})") for one in programmes],
        "lecturers": [f"{lecturer_name(one)}, {one.unit}".removesuffix(", ") for one in lecturers],
        "points": list(point_names(db).items()),
        "weekdays": WEEKDAYS,
    }


@router.get("/courses/new")
def new_page(request: Request, of: ServicesDep, db: ReadingDep) -> Response:
    """The form, with usual times filled in."""
    context = {"form": Form.filled(**USUAL), "planned": None, **choices(db)}
    return of.pages.page(request, "course_new.html", **context)


@router.post("/courses/new/sessions")
def planned_part(request: Request, form: FormDep, of: ServicesDep, db: ReadingDep) -> Response:
    """What the series in the form comes to: the part of the page that shows it before anything is saved."""
    planned = read_series(form, holidays(db))
    context = {"partial": True, "form": form, "planned": planned, "period_minutes": PERIOD_MINUTES}
    return Response(of.pages.html("planned.html", page_language(request), **context), media_type="text/html")


@router.post("/courses/new")
async def make_course(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep) -> Response:
    """Make the course as a draft and show its roster before anybody is enrolled; with errors, the form as it was typed.

    A roster that can't be read is an error of the form: then no course is made.
    """
    new, context = await run_in_threadpool(_read, form, of)
    grids: tuple[Grid, ...] = ()
    file = form.files.get("roster")
    looks = form.value("act") == "look"
    if file is not None and not form.errors and not looks:
        try:
            grids = await read_sent(of, file)
        except RosterError as error:
            form.fail("roster", error.vi, error.en)
    if form.errors or looks:
        return of.pages.page(request, "course_new.html", 422 if form.errors else 200, **context)
    everywhere = actor.may("manage_course")
    job = changing(lambda changes: add_course(changes, new, grant_maker=not everywhere), of.now(), actor.account)
    course = await asyncio.wrap_future(of.writer.submit(job))
    if file is None:
        return RedirectResponse(f"/courses/{course.id}", 303)
    kept = KeptRoster(course.id, (file.filename or "")[-120:], grids)
    token = await run_in_threadpool(of.rosters.keep, kept)
    return RedirectResponse(f"/courses/{course.id}/roster/{token}", 303)


def _read(form: Form, of: Services) -> tuple[NewCourse, dict[str, object]]:
    """The course in a form, whose errors are told in the form; and what its page needs to be shown again."""
    with Session(of.engine) as db:
        title, code = form.words("title", needed=True), form.words("code", 30)
        _check_code(form, db, code)
        programme = form.value("programme") or None
        if programme is not None and db.get(Programme, programme) is None:
            form.fail("programme", "Chương trình này không còn; hãy chọn lại.", "That programme is gone; choose again.")
        held = read_held(form, point_names(db))
        wanted = any(form.value(name).strip() for name in ("first", "last", "count"))
        planned = read_series(form, holidays(db)) if wanted else None
        new = NewCourse(title, code, programme, held, planned.slots if planned else ())
        return new, {"form": form, "planned": planned, **choices(db)}


def _check_code(form: Form, db: Session, code: str) -> None:
    if code and not CODE.fullmatch(code):
        form.fail("code", "Mã lớp chỉ gồm chữ không dấu, số, - và _. Có thể để trống, máy sẽ đặt mã.",
                  "A code has plain letters, figures, - and _ only. Leave it empty and one is made.")  # fmt: skip
    elif code and db.exec(select(Course.id).where(Course.code == code)).first() is not None:
        form.fail("code", f"Mã {code} đã có lớp khác dùng.", f"Another course has the code {code}.")
