"""How a course is corrected, on the web: the rule in force, changing it, all versions."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard
from central_server.corrections.forms import WORDS_MOST
from central_server.corrections.rule import Correcting, correcting_of, save_correcting, versions_of
from central_server.courses.doing import do
from central_server.courses.queries import course_of
from central_server.errors import ConflictError
from central_server.participation.queries import names_of
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import NEEDED, Form, FormDep

router = APIRouter(dependencies=[guard("manage_course")])
MOST_DAYS = 365


@router.get("/courses/{course}/correcting")
def rule_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The rule in a form, and its versions."""
    now = correcting_of(db, course)
    form = Form.filled(
        version=str(now.version), second_person="yes" if now.second_person else "", contest_days=str(now.contest_days)
    )
    return _page(request, course, of, db, form)


def _page(request: Request, course: str, of: Services, db: Session, form: Form, status: int = 200) -> Response:
    versions = versions_of(db, course)
    names = names_of(db, {one.by for one in versions if one.by is not None})
    context = {"course": course_of(db, course), "form": form, "versions": versions, "names": names}
    return of.pages.page(request, "correcting.html", 422 if form.errors else status, **context)


@router.post("/courses/{course}/correcting")
def save_rule(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Make the next version."""
    days, version = form.whole("contest_days", 0, MOST_DAYS), form.whole("version", 0, 10**9)
    reason = form.words("reason", WORDS_MOST, needed=True)
    if days is None or version is None:
        form.fail("contest_days", *NEEDED)
        return _page(request, course, of, db, form)
    if not form.errors:
        rule = Correcting(version, form.has("second_person"), days)
        try:
            do(of, actor, lambda changes: save_correcting(changes, course, rule, reason))
            return RedirectResponse(f"/courses/{course}/correcting#versions", 303)
        except ConflictError as error:
            db.rollback()
            form.fail("reason", error.vi, error.en)
    return _page(request, course, of, db, form)
