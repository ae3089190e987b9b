"""Whether a course keeps portraits, set by its class managers; and each look at one that is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard
from central_server.corrections.forms import WORDS_MOST
from central_server.courses.doing import do
from central_server.courses.queries import course_of
from central_server.errors import ConflictError
from central_server.learners.kept_portraits import look_at
from central_server.learners.portrait_policy import save_policy, versions_of
from central_server.participation.queries import names_of
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import NEEDED, Form, FormDep
from models.portrait_records import DAYS_MOST, PORTRAITS_MOST

router = APIRouter(dependencies=[guard("manage_course")])
SUGGESTED_DAYS = 30
"""Stands in the form of a course that keeps none: a month, in which what learners contest is settled."""


@router.get("/courses/{course}/keeping")
def policy_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """The policy in a form, and its versions."""
    found = versions_of(db, course)[:1]
    version, days = (found[0].version, found[0].days) if found else (0, 0)
    form = Form.filled(version=str(version), keep="yes" if days else "", days=str(days or SUGGESTED_DAYS))
    return _page(request, course, of, db, form)


def _page(request: Request, course: str, of: Services, db: Session, form: Form) -> Response:
    versions = versions_of(db, course)
    names = names_of(db, {one.by for one in versions if one.by is not None})
    context = {"course": course_of(db, course), "form": form, "versions": versions, "names": names}
    return of.pages.page(request, "keeping.html", 422 if form.errors else 200, **context)


@router.post("/courses/{course}/keeping")
def save(request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Make the next version; where portraits are kept no longer, those that were are erased at once."""
    days, version = form.whole("days", 1, DAYS_MOST), form.whole("version", 0, 10**9)
    reason = form.words("reason", WORDS_MOST, needed=True)
    if not form.has("keep"):
        form.errors.pop("days", None)  # nobody needs a term of nothing
        days = 0
    elif days is None:
        form.fail("days", *NEEDED)
    if version is None or days is None or form.errors:
        return _page(request, course, of, db, form)
    try:
        do(of, actor, lambda changes: save_policy(changes, course, version, days, reason))
        return RedirectResponse(f"/courses/{course}/keeping#versions", 303)
    except ConflictError as error:
        db.rollback()
        form.fail("reason", error.vi, error.en)
    return _page(request, course, of, db, form)


@router.get(
    "/courses/{course}/learners/{learner}/portraits/{number}",
    response_class=Response,
    responses={200: {"description": "The picture.", "content": {"image/jpeg": {"schema": {"type": "string"}}}}},
)
def portrait(
    course: str, learner: str, number: Annotated[int, Path(ge=1, le=PORTRAITS_MOST)], actor: ActorDep, of: ServicesDep
) -> Response:
    """A portrait that is kept; the own log is told who looked before it is shown."""
    content = do(of, actor, lambda changes: look_at(changes, of.sealing, course, learner, number))
    return Response(content, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
