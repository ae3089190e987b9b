"""A learner's record: who it is, in which courses, and the consent; and the consent form to be printed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from sqlmodel import Session, col, select

from central_server.accounts.guard import ActorDep, guard
from central_server.accounts.permission import Actor
from central_server.database import Job, T
from central_server.errors import ConflictError, NotFoundError
from central_server.learners.consent_text import VERSION, keeping_version, text_of
from central_server.learners.consents import agreed_to_keep, consent_on_screen, sign_forms, withdraw
from central_server.learners.kept_portraits import kept_of
from central_server.learners.own_guard import own_guard
from central_server.learners.portrait_policy import days_asked
from central_server.learners.signed_forms import signed_at, version_on_paper
from central_server.learners.tables import Consent, FaceTemplate, Learner, LearnerMeans
from central_server.participation.course_bar import course_bar
from central_server.participation.of_learner import Attended, Seat, attended, seats
from central_server.participation.outlook_wording import needed, outlook
from central_server.services import ReadingDep, Services, ServicesDep
from central_server.web.forms import Form, FormDep
from central_server.web.headers import page_language
from models.language import Language

router = APIRouter()


@dataclass(frozen=True, slots=True)
class CourseOf:
    """A course that a learner belongs to, with what the page says of it."""

    seat: Seat
    attended: Attended | None
    """None for a guest."""
    outlook: str
    needed: str
    bar: Markup


@router.get("/learners/{learner}", dependencies=[guard("see_learner")])
def learner_page(request: Request, learner: str, of: ServicesDep, db: ReadingDep, actor: ActorDep) -> HTMLResponse:
    """The record."""
    return _page(request, learner, of, db, actor, Form({}))


@router.get("/learners/{learner}/own", dependencies=[own_guard()])
def own_page(request: Request, learner: str, of: ServicesDep, db: ReadingDep, actor: ActorDep) -> HTMLResponse:
    """The learner's own view of the record, with the consent to give or withdraw."""
    return _page(request, learner, of, db, actor, Form({}))


@router.get("/consent-form", dependencies=[guard("signed_in")])
def consent_form(request: Request, of: ServicesDep, version: str = VERSION) -> HTMLResponse:
    """The text of the consent, with room for name, day and signature."""
    return of.pages.page(
        request, "consent_form.html", version=version, paragraphs=_paragraphs(version, page_language(request))
    )


def _paragraphs(version: str, lang: Language) -> tuple[str, ...]:
    found = text_of(version)
    if found is None:
        raise NotFoundError("Không có bản đồng ý này.", "There is no such text of the consent.")
    return found[lang == "en"]


@router.post("/learners/{learner}/consent/signed", dependencies=[guard("manage_course")])
async def enter_form(
    request: Request, learner: str, of: ServicesDep, actor: ActorDep, form: FormDep
) -> Response:  # fmt: skip
    """Enter a signed form, of the text that stands on the paper: the policy may have changed since it was printed."""
    at, version = signed_at(form, of.now()), version_on_paper(form)
    if form.errors:
        with Session(of.engine) as db:
            return _page(request, learner, of, db, actor, form)
    return await _do(of, learner, sign_forms([learner], at, of.now(), actor.account, version))


@router.post("/learners/{learner}/consent/withdrawn", dependencies=[guard("manage_course")])
async def enter_withdrawal(learner: str, of: ServicesDep, actor: ActorDep) -> Response:
    """Enter that a learner withdrew the consent; face templates are erased at once."""
    return await _do(of, learner, withdraw(learner, of.now(), actor.account))


@router.post("/learners/{learner}/consent", dependencies=[own_guard()])
async def consent(learner: str, of: ServicesDep, actor: ActorDep, version: str = "") -> Response:
    """The learner agrees to the version of the text that the page showed, in his or her own account."""
    with Session(of.engine) as db:
        if version not in (VERSION, keeping_version(days_asked(db, learner))):
            raise ConflictError(
                "Nội dung đồng ý vừa được thay bằng bản mới. Chưa lưu gì; hãy tải lại trang và đọc bản mới.",
                "The consent text was just replaced. Nothing was kept; load the page again and read the new one.",
            )
    return await _do(of, f"{learner}/own", consent_on_screen(learner, of.now(), actor.account, version))


@router.post("/learners/{learner}/consent/withdraw", dependencies=[own_guard()])
async def withdraw_own(learner: str, of: ServicesDep, actor: ActorDep) -> Response:
    """The learner withdraws the consent; face templates are erased at once."""
    return await _do(of, f"{learner}/own", withdraw(learner, of.now(), actor.account))


async def _do(of: Services, page: str, job: Job[T]) -> Response:
    await asyncio.wrap_future(of.writer.submit(job))
    return RedirectResponse(f"/learners/{page}", 303)


def _page(request: Request, learner: str, of: Services, db: Session, actor: Actor, form: Form) -> HTMLResponse:
    who = db.get(Learner, learner)
    if who is None:
        raise NotFoundError("Không có học viên này.", "There is no such learner.")
    own, lang, now = actor.is_learner(learner), page_language(request), of.now()
    belongs = seats(db, learner)
    courses = [
        _course(db, of, seat, who, now, lang)
        for seat in belongs
        if (own and seat.course.published) or actor.may_part("see_learner", seat.course.id, seat.points)
    ]
    courses.sort(key=_soonest)
    consents = db.exec(select(Consent).where(Consent.learner == learner).order_by(col(Consent.given_at))).all()
    templates = db.exec(
        select(FaceTemplate).where(FaceTemplate.learner == learner).order_by(col(FaceTemplate.version).desc())
    ).all()
    asked, agreed = days_asked(db, learner), agreed_to_keep(db, [learner]).get(learner, 0)
    portraits = [
        (seat.course, [one.number for one in kept_of(db, learner) if one.course == seat.course.id])
        for seat in belongs
        if actor.may("manage_course", course=seat.course.id)
    ]
    return of.pages.page(
        request, "learner_record.html", 422 if form.errors else 200, learner=who, courses=courses,
        consents=consents, holds=any(one.withdrawn_at is None for one in consents), templates=templates, own=own,
        means=db.get(LearnerMeans, learner), keep_days=of.config.template_retention_days,
        manages=any(actor.may("manage_course", course=seat.course.id) for seat in belongs), form=form,
        errors=[form.error(name, lang) for name in form.errors], version=VERSION, keeping=keeping_version(asked),
        paragraphs=_paragraphs(keeping_version(asked), lang), asks=asked > agreed,
        portraits=[one for one in portraits if one[1]], kept=len(kept_of(db, learner)),
    )  # fmt: skip


def _course(db: Session, of: Services, seat: Seat, who: Learner, now: int, lang: Language) -> CourseOf:
    part = None if seat.guest_of else attended(db, of.books, of.settling, seat.course, who.id, now)
    if part is None:
        return CourseOf(seat, None, "", "", Markup())
    it = part.learner.forecast
    bar = course_bar(who.name, part.now.sessions, part.learner.parts, lang)
    return CourseOf(seat, part, outlook(it, lang), needed(it, lang), bar)


def _soonest(one: CourseOf) -> tuple[bool, int]:
    """What runs or comes next stands first, what is over and where the learner is a guest last."""
    coming = one.attended.next if one.attended is not None else None
    return coming is None, coming.start if coming is not None else 0
