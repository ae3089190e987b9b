"""A course's participation and forecast: the page, and what it shows as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

from fastapi import APIRouter, Request, Response

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.queries import course_of
from central_server.learners.names import given_name_first, plain
from central_server.participation.course import CourseLearner, course_participation
from central_server.participation.course_bar import course_bar
from central_server.participation.outlook_wording import ENDED, OUTLOOKS, needed, outlook
from central_server.participation.wording import damaged_said
from central_server.services import ReadingDep, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("see_course")])
PAGE = 100
"""Learners on one page of the list."""
Order = Literal["mend", "name", "share", "point"]
RANK = {"possible": 0, "undecided": 1, "too_late": 2, "enough": 3}


@router.get("/courses/{course}/participation")
def participation_page(
    request: Request,
    course: str,
    actor: ActorDep,
    of: ServicesDep,
    db: ReadingDep,
    find: str = "",
    state: str = "",
    order: Order = "mend",
    page: int = 1,
) -> Response:
    """Everybody's share and outlook; first those with whom somebody should speak, while it can still be mended."""
    found, lang = course_of(db, course), page_language(request)
    now = course_participation(db, of.books, of.settling, found, of.now())
    rows = chosen(now.learners, find, state, order)
    pages = max(1, -(-len(rows) // PAGE))
    page = min(max(page, 1), pages)
    shown = rows[(page - 1) * PAGE : page * PAGE]
    context = {
        "course": found,
        "now": now,
        "damaged": damaged_said(now.damaged),
        "counts": {key: sum(one.forecast.outlook == key for one in now.learners) for key in OUTLOOKS},
        "behind": sum(one.behind for one in now.learners),
        "rows": [
            (
                one,
                outlook(one.forecast, lang),
                needed(one.forecast, lang),
                course_bar(one.facts.name, now.sessions, one.parts, lang),
            )
            for one in shown
        ],
        "count": len(rows),
        "find": find,
        "state": state,
        "order": order,
        "page_number": page,
        "pages": pages,
        "outlooks": OUTLOOKS if any(one.forecast.left_ms for one in now.learners) else ENDED,
        "manages": actor.may("manage_course", course=course),
    }
    return of.pages.page(request, "course_participation.html", **context)


def chosen(learners: tuple[CourseLearner, ...], find: str, state: str, order: Order) -> list[CourseLearner]:
    """Those of the learners in whom all words are found and whose outlook is `state`, in the wanted order."""
    words = plain(find).split()
    rows = [
        one
        for one in learners
        if state in ("", one.forecast.outlook) or (state == "behind" and one.behind)
        if all(word in _text(one) for word in words)
    ]
    return sorted(rows, key=cast("Callable[[CourseLearner], tuple[int, ...]]", KEYS[order]))


def _text(one: CourseLearner) -> str:
    who = one.facts
    return plain(f"{who.code} {who.name} {who.unit} {who.point}") + f" {who.birth_year or ''}"


def _mend(one: CourseLearner) -> tuple[int, int]:
    """First who can still make it and has the least to spare."""
    return RANK[one.forecast.outlook], one.forecast.spare_ms or 0


KEYS: dict[Order, Callable[[CourseLearner], object]] = {
    "mend": _mend,
    "name": lambda one: given_name_first(one.facts.name),
    "share": lambda one: one.forecast.done.share if one.forecast.done.share is not None else 2.0,
    "point": lambda one: (plain(one.facts.point), given_name_first(one.facts.name)),
}
