"""A course's learners: the list, transfers, guests, signed consent forms."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, guard
from central_server.bridge_points.tables import BridgePoint
from central_server.courses.queries import course_of
from central_server.courses.tables import CourseSession, Enrolment, SessionBridgePoint
from central_server.database import Job, T
from central_server.enrolment.leaving import end_enrolments, ended_in
from central_server.enrolment.listing import (
    ListedLearner,
    guests_of,
    listed,
    listed_csv,
    listed_xlsx,
    moves_of,
    shown,
)
from central_server.enrolment.moving import NewGuest, admit_guest, remove_guest, transfer, undo_transfer
from central_server.enrolment.rows import name_fault, tidy
from central_server.errors import ConflictError, NotFoundError
from central_server.learners.consent_text import VERSION, keeping_version
from central_server.learners.consents import sign_forms
from central_server.learners.lookalikes import pairs_of
from central_server.learners.portrait_policy import days_kept
from central_server.learners.sensitive import ethnicity_totals
from central_server.learners.signed_forms import signed_at, version_on_paper
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.downloads import CSV, XLSX, download
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/courses/{course}")
manage = [guard("manage_course")]
MOST = 1_000
"""Rows on the page; the counts and the files hold all."""


@router.get("/learners", dependencies=[guard("see_course")])
def learners_page(request: Request, course: str, of: ServicesDep, db: ReadingDep, actor: ActorDep) -> HTMLResponse:
    """The learners, found and sorted as asked."""
    return _page(request, course, of, db, actor.may("manage_course", course=course), Form({}))


@router.get("/learners.csv", dependencies=[guard("see_course")])
def learners_csv(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """What the list shows, as CSV."""
    rows = _shown(request, db, course, of)
    name = f"hoc-vien-{course_of(db, course).code}.csv"
    return download(listed_csv(rows, page_language(request)), name, CSV)


@router.get("/learners.xlsx", dependencies=[guard("see_course")])
def learners_xlsx(request: Request, course: str, of: ServicesDep, db: ReadingDep) -> Response:
    """What the list shows, as an Excel file."""
    found = course_of(db, course)
    content = listed_xlsx(_shown(request, db, course, of), found.title, page_language(request))
    return download(content, f"hoc-vien-{found.code}.xlsx", XLSX)


@router.post("/transfers", dependencies=manage)
async def make_transfers(
    request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep
) -> Response:  # fmt: skip
    """Seat the chosen learners at another bridge point from a session on."""
    learners, session, point = form.values("learner"), form.value("session"), form.value("bridge_point")
    if not learners:
        form.fail("learner", "Hãy đánh dấu ít nhất một học viên trong danh sách.", "Tick at least one learner.")
    if not session or not point:
        form.fail("session", "Hãy chọn buổi học và điểm cầu mới.", "Choose the session and the new bridge point.")
    job = transfer(course, learners, session, point, of.now(), actor.account)
    return await _done(request, course, of, form, job, "moved")


@router.post("/transfers/undo", dependencies=manage)
async def undo(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Take a transfer back."""
    since = form.whole("since", 0, 2**53) or 0
    job = undo_transfer(course, form.value("learner"), since, of.now(), actor.account)
    return await _done(request, course, of, form, job, "undone")


@router.post("/enrolments/end", dependencies=manage)
async def end(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Take the chosen learners off the roster, with the reason."""
    learners = form.values("learner")
    if not learners:
        form.fail("learner", "Hãy đánh dấu ít nhất một học viên trong danh sách.", "Tick at least one learner.")
    reason = tidy(form.words("reason", 300))
    if not reason:
        form.fail("reason", "Hãy ghi lý do bỏ khỏi danh sách.", "Write why they are taken off.")
    job = end_enrolments(course, learners, reason, of.now(), actor.account)
    return await _done(request, course, of, form, job, "ended")


@router.post("/guests", dependencies=manage)
async def add_guest(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Let a guest into a session."""
    name, unit = tidy(form.words("name", 150, needed=True)), tidy(form.words("unit", 150, needed=True))
    if name and (wrong := name_fault(name)):
        form.fail("name", *(sentence[0].upper() + sentence[1:] for sentence in wrong))
    year = form.whole("birth_year", 1900, 2100)
    if not form.value("session") or not form.value("bridge_point"):
        form.fail("guest_session", "Hãy chọn buổi học và điểm cầu.", "Choose the session and the bridge point.")
    code = tidy(form.words("code", 30)).replace(" ", "")
    guest = NewGuest(form.value("session"), form.value("bridge_point"), name, unit, year, code)
    return await _done(request, course, of, form, admit_guest(course, guest, of.now(), actor.account), "guest")


@router.post("/guests/remove", dependencies=manage)
async def take_guest_back(request: Request, course: str, of: ServicesDep, actor: ActorDep, form: FormDep) -> Response:
    """Take a guest's place back."""
    job = remove_guest(course, form.value("session"), form.value("learner"), of.now(), actor.account)
    return await _done(request, course, of, form, job, "undone")


@router.post("/consents", dependencies=manage)
async def enter_forms(
    request: Request, course: str, of: ServicesDep, db: ReadingDep, actor: ActorDep, form: FormDep
) -> Response:
    """Enter the signed forms of the chosen learners."""
    chosen = set(form.values("learner"))
    enrolled = db.exec(select(Enrolment.learner).where(Enrolment.course == course)).all()
    learners = sorted(chosen.intersection(enrolled))
    if not learners:
        form.fail("learner", "Hãy đánh dấu ít nhất một học viên trong danh sách.", "Tick at least one learner.")
    at, version = signed_at(form, of.now()), version_on_paper(form)
    job = sign_forms(learners, at, of.now(), actor.account, version)
    return await _done(request, course, of, form, job, "consents")


async def _done(request: Request, course: str, of: Services, form: Form, job: Job[T], what: str) -> Response:
    """Do the job and go back to the list; where the form can't be done, the list with it as it was typed."""
    if not form.errors:
        try:
            await asyncio.wrap_future(of.writer.submit(job))
        except (ConflictError, NotFoundError) as error:
            form.fail("", error.vi, error.en)
        else:
            return RedirectResponse(f"/courses/{course}/learners?{urlencode({'done': what})}", 303)
    with Session(of.engine) as db:
        return _page(request, course, of, db, True, form)


def _shown(request: Request, db: Session, course: str, of: Services) -> list[ListedLearner]:
    asked = request.query_params
    return shown(listed(db, course, of.now()), asked.get("find", ""), asked.get("sort", ""))


def _page(request: Request, course: str, of: Services, db: Session, manages: bool, form: Form) -> HTMLResponse:
    found = course_of(db, course)
    sessions = db.exec(
        select(CourseSession).where(CourseSession.course == course).order_by(col(CourseSession.start))
    ).all()  # fmt: skip
    places = select(SessionBridgePoint.bridge_point).where(
        col(SessionBridgePoint.session).in_([session.id for session in sessions])
    )
    points = db.exec(select(BridgePoint).where(col(BridgePoint.id).in_(places)).order_by(col(BridgePoint.name))).all()
    everybody = listed(db, course, of.now())
    asked = request.query_params
    rows = shown(everybody, asked.get("find", ""), asked.get("sort", ""))
    lang, days = page_language(request), days_kept(db, course)
    return of.pages.page(
        request, "course_learners.html", 422 if form.errors else 200, course=found, rows=rows[:MOST], found=len(rows),
        everybody=len(everybody), days_kept=days, consents=sum(row.consent for row in everybody),
        templates=sum(row.template for row in everybody), sessions=sessions, points=points, manages=manages,
        moves=moves_of(db, course), guests=guests_of(db, course), pairs=pairs_of(db, course) if manages else [],
        ended=ended_in(db, course) if manages else [],
        totals=ethnicity_totals(db, of.sealing, course) if manages else None,
        version=VERSION, keeping=keeping_version(days),
        form=form, asked=asked, errors=[form.error(name, lang) for name in form.errors],
        query=urlencode({name: asked[name] for name in ("find", "sort") if asked.get(name)}),
    )  # fmt: skip
