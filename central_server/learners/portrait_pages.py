"""The page that takes a zip of portraits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, func, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.queries import course_of
from central_server.courses.tables import Enrolment
from central_server.learners.consents import consents_on_file
from central_server.learners.portrait_policy import days_kept
from central_server.learners.portraits import ZIP_LIMIT, Looked, PortraitsZipError, look_at_zip
from central_server.learners.tables import FaceTemplate
from central_server.learners.templates_kept import AT_ONCE, Kept, keep_templates, refresh_templates
from central_server.services import Services, ServicesDep
from central_server.web.forms import Form, read_form
from central_server.web.headers import page_language

router = APIRouter(prefix="/courses/{course}/portraits", dependencies=[guard("manage_course")])


@router.get("")
def portraits_page(request: Request, course: str, of: ServicesDep) -> HTMLResponse:
    """How many learners have consented, how many have a template, and where to send the zip."""
    return _page(request, course, of)


async def _read(request: Request) -> AsyncIterator[Form]:
    async for form in read_form(request, ZIP_LIMIT):
        yield form


@router.post("")
async def send_portraits(
    request: Request, course: str, of: ServicesDep, actor: ActorDep, form: Annotated[Form, Depends(_read)]
) -> Response:
    """Make templates of the portraits of learners whose consent is on file; the pictures are dropped unless kept."""

    def look(source: UploadFile) -> Looked:
        with Session(of.engine) as db:
            return look_at_zip(db, of.config.data_folder, course, source.file)

    lang = page_language(request)
    try:
        file = form.files.get("file")
        if file is None:
            raise PortraitsZipError("Chưa chọn tệp zip.", "No zip file was chosen.")
        looked = await run_in_threadpool(look, file)
    except PortraitsZipError as error:
        return await run_in_threadpool(_page, request, course, of, error.sentence(lang))
    kept = await _keep(of, looked, course, actor.account)
    return await run_in_threadpool(_page, request, course, of, "", looked, kept)


async def _keep(of: Services, looked: Looked, course: str, by: str) -> Kept:
    """Keep the templates, some at a time."""
    await run_in_threadpool(refresh_templates, of.engine, of.templates, looked.encoder)
    done = Kept(0, 0)
    for at in range(0, len(looked.made), AT_ONCE):
        some = looked.made[at : at + AT_ONCE]
        job = keep_templates(some, looked.encoder, of.sealing, of.templates, course, of.now(), by)
        kept = await asyncio.wrap_future(of.writer.submit(job))
        done = Kept(done.templates + kept.templates, done.lookalikes + kept.lookalikes)
    return done


def _page(
    request: Request, course: str, of: Services, sentence: str = "", looked: Looked | None = None,
    kept: Kept | None = None,
) -> HTMLResponse:  # fmt: skip
    with Session(of.engine) as db:
        learners = list(db.exec(select(Enrolment.learner).where(Enrolment.course == course)))
        templates = db.exec(
            select(func.count(func.distinct(FaceTemplate.learner)))
            .join(Enrolment, col(Enrolment.learner) == FaceTemplate.learner)
            .where(Enrolment.course == course)
        ).one()
        consents = len(consents_on_file(db, learners))
        return of.pages.page(
            request, "portraits.html", 422 if sentence else 200, course=course_of(db, course),
            learners=len(learners), consents=consents, keep_days=days_kept(db, course),
            templates=templates, sentence=sentence, looked=looked, kept=kept,
        )  # fmt: skip
