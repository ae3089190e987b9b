"""The first page: today's sessions and what needs doing; and the list of all courses."""

from __future__ import annotations

import csv
import io
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.permission import visible_courses
from central_server.courses.overview import CourseRow, course_rows
from central_server.courses.queries import sessions_of_day
from central_server.courses.situation import to_do
from central_server.health.reading import heard_by
from central_server.learners.names import plain
from central_server.services import ReadingDep, ServicesDep
from central_server.web.figures import day
from central_server.web.headers import page_language

router = APIRouter()
PAGE = 100
"""Courses on one page of the list."""
Order = Literal["start", "title", "code", "learners"]
STATES = {
    "draft": ("bản nháp", "draft"),
    "to_come": ("sắp mở", "to come"),
    "running": ("đang học", "running"),
    "over": ("đã kết thúc", "over"),
}


@router.get("/", dependencies=[guard("signed_in")])
def first_page(request: Request, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """Today's sessions, what needs doing in the courses, and for who has no course yet the form to make one.

    An administrator's first page is how the bridge points are, a learner's the own one.
    """
    if not actor.granted("see_courses"):
        if actor.may("administer"):
            return RedirectResponse("/admin/health", 303)
        if actor.may("see_own"):
            return RedirectResponse(f"/learners/{actor.learner}/own", 303)
        return of.pages.page(request, "nothing_yet.html")
    now = of.now()
    rows = course_rows(db, now, visible_courses(actor))
    if not rows and actor.may("create_course"):
        return RedirectResponse("/courses/new", 303)
    today = sessions_of_day(db, now, actor)
    mine = [row for row in rows if actor.may("manage_course", course=row.id)]
    context = {"now": now, "today": today, "to_do": to_do(db, mine, now, heard_by(db, of)), "courses": len(rows)}
    return of.pages.page(request, "home.html", **context)


@router.get("/courses", dependencies=[guard("see_courses")])
def courses_page(
    request: Request,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    find: str = "",
    state: str = "",
    order: Order = "start",
    page: int = 1,
) -> Response:
    """The courses that the actor may see: searched, sorted, a hundred at a time."""
    rows = chosen(course_rows(db, of.now(), visible_courses(actor)), find, state, order)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    context = {
        "rows": rows[(page - 1) * PAGE : page * PAGE], "count": len(rows), "find": find, "state": state, "order": order,
        "number_of_page": page, "pages": pages, "states": STATES,
    }  # fmt: skip
    return of.pages.page(request, "courses.html", **context)


@router.get("/courses.csv", dependencies=[guard("see_courses")])
def courses_file(
    request: Request,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    find: str = "",
    state: str = "",
    order: Order = "start",
) -> Response:
    """The same list as a file for Excel."""
    english = page_language(request) == "en"
    head = (
        ["Code", "Course", "Programme", "State", "First day", "Last day", "Sessions", "Held", "Learners"]
        if english
        else ["Mã lớp", "Lớp", "Chương trình", "Tình trạng", "Ngày đầu", "Ngày cuối", "Số buổi", "Đã học", "Học viên"]
    )
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(head)
    for row in chosen(course_rows(db, of.now(), visible_courses(actor)), find, state, order):
        days = [day(ms) if ms is not None else "" for ms in (row.first, row.last)]
        words = [row.code, row.title, row.programme, STATES[row.state][english]]
        table.writerow([*map(_no_formula, words), *days, row.sessions, row.over, row.learners])
    headers = {"Content-Disposition": "attachment; filename=lop.csv"}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def chosen(rows: list[CourseRow], find: str, state: str, order: Order) -> list[CourseRow]:
    """Those of the courses in which all words are found, with or without accents, in the wanted order."""
    words = plain(find).split()
    found = [
        row
        for row in rows
        if (not state or row.state == state)
        and all(word in plain(f"{row.code} {row.title} {row.programme}") for word in words)
    ]
    if order == "title":
        found.sort(key=lambda row: plain(row.title))
    elif order == "code":
        found.sort(key=lambda row: row.code)
    elif order == "learners":
        found.sort(key=lambda row: -row.learners)
    return found


def _no_formula(text: str) -> str:
    """Excel must not take a title that begins with = for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
