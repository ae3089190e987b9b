"""The lecturers, and with which account each of them teaches."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.giving import login_of
from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.permission import Actor
from central_server.courses.doing import do
from central_server.courses.lecturers import bind_lecturer, lecturer_rows, lecturers_accounts
from central_server.errors import InputError
from central_server.services import ReadingDep, ServicesDep
from central_server.web.forms import Form, FormDep

router = APIRouter(prefix="/lecturers", dependencies=[guard("create_course")])


def _page(request: Request, of: ServicesDep, db: Session, actor: Actor, form: Form, status: int = 200) -> Response:
    rows = lecturer_rows(db, actor)
    chosen = next((one for one in rows if one.id == form.value("lecturer") and one.bindable), None)
    accounts = lecturers_accounts(db, actor) if chosen else []
    return of.pages.page(request, "lecturers.html", status, form=form, rows=rows, chosen=chosen, accounts=accounts)


@router.get("")
def lecturers_page(request: Request, actor: ActorDep, of: ServicesDep, db: ReadingDep, lecturer: str = "") -> Response:
    """All lecturers of the courses that one manages; `lecturer` (id) opens the form for that one."""
    login = next((one.login for one in lecturer_rows(db, actor) if one.id == lecturer), "")
    return _page(request, of, db, actor, Form.filled(lecturer=lecturer, account=login))


@router.post("")
def bind(request: Request, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Bind a lecturer (`lecturer`, id) to an account (`account`, login; empty: to none)."""
    lecturer, login = form.value("lecturer"), login_of(form.words("account", 64))
    try:
        if not form.errors:
            do(of, actor, lambda changes: bind_lecturer(changes, actor, lecturer, login))
    except InputError as error:
        form.fail("account", error.vi, error.en)
    if form.errors:
        return _page(request, of, db, actor, form, 422)
    return RedirectResponse("/lecturers", 303)
