"""The first page: today's sessions, and all courses."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from central_server.accounts.guard import guard
from central_server.courses.queries import all_sessions
from central_server.services import ReadingDep, ServicesDep
from central_server.web.figures import day
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("signed_in")])


@router.get("/")
def first_page(request: Request, of: ServicesDep, db: ReadingDep) -> HTMLResponse:
    """Today's sessions first, then each course with its sessions."""
    now = of.now()
    rows = all_sessions(db)
    today = [row for row in rows if day(row.start) == day(now) or row.start <= now < row.end]
    courses: dict[str, list[object]] = {}
    for row in rows:
        courses.setdefault(row.course, []).append(row)
    context = {"now": now, "today": today, "courses": courses}
    return HTMLResponse(of.pages.html("first.html", page_language(request), **context))
