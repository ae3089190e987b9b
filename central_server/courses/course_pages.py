"""A course's own page, what it is called and its class rules, publishing, and the address of its calendar."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import text
from sqlmodel import Session

from central_server.accounts.guard import ActorDep, guard, hidden
from central_server.accounts.permission import Actor
from central_server.courses.acts import edit_course, join_points, publish, renew_calendar
from central_server.courses.attention import attention
from central_server.courses.calendar import calendar_key
from central_server.courses.doing import do
from central_server.courses.new_course import choices
from central_server.courses.queries import course_of
from central_server.courses.situation import situation_of
from central_server.courses.tables import Course, Programme
from central_server.health.reading import heard_by
from central_server.learners.lookalikes import alike_of
from central_server.participation.course import course_participation
from central_server.participation.course_bar import course_bar
from central_server.participation.outlook_wording import at_two_at_once, damaged_notices, outlook, to_speak_with
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter()
RULES_MOST = 20_000
SHOWN = 100
"""Learners on the course's own page; the page of participation has them all."""
_ENROLLED = text("SELECT 1 FROM enrolment WHERE course = :course AND learner = :learner")


def calendar_address(request: Request, of: Services, course: Course) -> str:
    """Where calendars read the course's sessions."""
    base = (of.config.public_address or str(request.base_url)).rstrip("/")
    key = calendar_key(of.server_key.private, course.id, course.calendar)
    return f"{base}/courses/{course.id}/calendar.ics?key={key}"


@router.get("/courses/{course}", dependencies=[guard("see_course")])
def course_page(
    request: Request, course: str, actor: ActorDep, of: ServicesDep, db: ReadingDep, new: int = 0, known: int = 0
) -> Response:
    """What needs doing, then the sessions, then the learners. new, known: whom a roster has just enrolled."""
    found, now = course_of(db, course), of.now()
    around = situation_of(db, found, now, heard_by(db, of))
    sessions = around.sessions
    held = [one for one in sessions if not one.cancelled]
    attended = course_participation(db, of.books, of.settling, found, now, sessions)
    lang, manages = page_language(request), actor.may("manage_course", course=course)
    context = {
        "course": found,
        "manages": manages,
        "attended": attended,
        "rows": [
            (one, outlook(one.forecast, lang), course_bar(one.facts.name, attended.sessions, one.parts, lang))
            for one in attended.learners[:SHOWN]
        ],
        "programme": db.get(Programme, found.programme) if found.programme else None,
        "notices": sorted(
            (
                *damaged_notices(attended),
                *at_two_at_once(attended),
                *attention(around),
                *to_speak_with(course, attended),
            ),
            key=lambda one: not one.urgent,
        ),
        "sessions": sessions,
        "names": around.names,
        "learners": len(attended.learners),
        "periods": around.planned_periods,
        "missing_points": any(
            around.learners.get(point) and point not in one.points
            for one in held
            for point in around.names
            if one.phase != "over" and not one.field_visit
        ),
        "calendar": calendar_address(request, of, found) if found.published else None,
        "first": min((one.start for one in held), default=None),
        "last": max((one.end for one in held), default=None),
        "now": now,
        "just_enrolled": new + known,
        "alike": alike_of(db, course) if manages else {},
    }
    return of.pages.page(request, "course.html", **context)


@router.get("/courses/{course}/edit", dependencies=[guard("manage_course")])
def edit_page(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """Title, programme, length of a period and class rules."""
    found = course_of(db, course)
    form = Form.filled(
        title=found.title,
        programme=found.programme or "",
        period_minutes=str(found.period_minutes),
        class_rules=found.class_rules,
    )
    return of.pages.page(request, "course_edit.html", course=found, form=form, **choices(db))


@router.post("/courses/{course}/edit", dependencies=[guard("manage_course")])
def save_course(
    request: Request, course: str, form: FormDep, actor: ActorDep, of: ServicesDep, db: ReadingDep
) -> Response:
    """Save them; with errors, the form as it was typed."""
    found = course_of(db, course)
    title, rules = form.words("title", needed=True), form.text("class_rules", RULES_MOST)
    minutes = form.whole("period_minutes", 10, 120) or found.period_minutes
    programme = form.value("programme") or None
    if programme is not None and db.get(Programme, programme) is None:
        form.fail("programme", "Chương trình này không còn; hãy chọn lại.", "That programme is gone; choose again.")
    if form.errors:
        return of.pages.page(request, "course_edit.html", 422, course=found, form=form, **choices(db))
    values = {"title": title, "programme": programme, "period_minutes": minutes, "class_rules": rules}
    do(of, actor, lambda changes: edit_course(changes, course, **values))
    return RedirectResponse(f"/courses/{course}", 303)


@router.get("/courses/{course}/class-rules", dependencies=[guard("signed_in")])
def rules_page(request: Request, course: str, actor: ActorDep, of: ServicesDep, db: ReadingDep) -> Response:
    """The class rules, for the course's learners once it is published, and for who may see the course."""
    found = db.get(Course, course)
    if found is None or not (actor.may("see_course", course=course) or _learns(db, actor, found)):
        raise hidden()
    return of.pages.page(request, "class_rules.html", course=found, sees=actor.may("see_course", course=course))


def _learns(db: Session, actor: Actor, course: Course) -> bool:
    if actor.learner is None or not course.published or not actor.may("see_own"):
        return False
    return db.execute(_ENROLLED, {"course": course.id, "learner": actor.learner}).first() is not None


@router.post("/courses/{course}/publish", dependencies=[guard("manage_course")])
def publish_course(course: str, form: FormDep, actor: ActorDep, of: ServicesDep) -> Response:
    """Publish a course, or make it a draft again (`published=no`)."""
    published = form.value("published") != "no"
    do(of, actor, lambda changes: publish(changes, course, published))
    return RedirectResponse(f"/courses/{course}", 303)


@router.post("/courses/{course}/join-points", dependencies=[guard("manage_course")])
def join_learners_points(course: str, actor: ActorDep, of: ServicesDep) -> Response:
    """Let every learner's bridge point take part in all sessions to come."""
    do(of, actor, lambda changes: join_points(changes, course))
    return RedirectResponse(f"/courses/{course}", 303)


@router.post("/courses/{course}/calendar", dependencies=[guard("manage_course")])
def new_calendar_address(course: str, actor: ActorDep, of: ServicesDep) -> Response:
    """Give the calendar another address."""
    do(of, actor, lambda changes: renew_calendar(changes, course))
    return RedirectResponse(f"/courses/{course}#calendar", 303)
