"""The first page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.queries import all_sessions
from central_server.services import ReadingDep, ServicesDep
from central_server.web.figures import day

router = APIRouter(dependencies=[guard("signed_in")])


@router.get("/")
def first_page(request: Request, of: ServicesDep, db: ReadingDep, actor: ActorDep) -> Response:
    """Home, by role: today's sessions first, then each course with its sessions; accounts; or what is still missing."""
    if not actor.granted("see_courses"):
        if actor.may("administer"):
            return RedirectResponse("/admin/accounts", 303)
        return of.pages.page(request, "nothing_yet.html")
    now = of.now()
    rows = all_sessions(db, actor)
    today = [row for row in rows if day(row.start) == day(now) or row.start <= now < row.end]
    courses: dict[str, list[object]] = {}
    for row in rows:
        courses.setdefault(row.course, []).append(row)
    return of.pages.page(request, "first.html", now=now, today=today, courses=courses)
