"""The page that takes a zip of portraits."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, func, select
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import ActorDep, guard
from central_server.courses.queries import course_of
from central_server.courses.tables import Enrolment
from central_server.learners.consents import consents_on_file
from central_server.learners.portraits import ZIP_LIMIT, Looked, PortraitsZipError, look_at_zip
from central_server.learners.tables import FaceTemplate
from central_server.learners.templates_kept import keep_templates
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/courses/{course}/portraits", dependencies=[guard("manage_course")])


@router.get("")
def portraits_page(request: Request, course: str, of: ServicesDep) -> HTMLResponse:
    """How many learners have consented, how many have a template, and where to send the zip."""
    return _page(request, course, of)


@router.post("")
async def send_portraits(
    request: Request, course: str, of: ServicesDep, actor: ActorDep, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Make templates of the portraits of learners whose consent is on file; the pictures are dropped."""

    def look(source: UploadFile) -> Looked:
        with Session(of.engine) as db:
            return look_at_zip(db, of.config.data_folder, course, source.file)

    lang = page_language(request)
    try:
        if file is None or not file.filename:
            raise PortraitsZipError("Chưa chọn tệp zip.", "No zip file was chosen.")
        if (file.size or 0) > ZIP_LIMIT:
            raise PortraitsZipError(
                f"Tệp zip lớn quá {ZIP_LIMIT // 1024**2} MB. Hãy chia thành nhiều tệp.",
                f"The zip is larger than {ZIP_LIMIT // 1024**2} MB. Split it into several.",
            )
        looked = await run_in_threadpool(look, file)
    except PortraitsZipError as error:
        return await run_in_threadpool(_page, request, course, of, error.sentence(lang))
    job = keep_templates(looked.made, looked.encoder, of.sealing, of.now(), actor.account)
    kept = await asyncio.wrap_future(of.writer.submit(job))
    return await run_in_threadpool(_page, request, course, of, "", looked, kept)


def _page(
    request: Request, course: str, of: Services, sentence: str = "", looked: Looked | None = None, kept: int = 0
) -> HTMLResponse:
    with Session(of.engine) as db:
        learners = list(db.exec(select(Enrolment.learner).where(Enrolment.course == course)))
        templates = db.exec(
            select(func.count(func.distinct(FaceTemplate.learner)))
            .join(Enrolment, col(Enrolment.learner) == FaceTemplate.learner)
            .where(Enrolment.course == course)
        ).one()
        consents = len(consents_on_file(db, learners))
        return of.pages.page(
            request, "portraits.html", status=422 if sentence else 200, course=course_of(db, course),
            learners=len(learners), consents=consents, templates=templates, sentence=sentence, looked=looked, kept=kept,
        )  # fmt: skip
