"""What an agent asks about faces, cards and PINs: today's gallery; and the enrolments that it sends."""

from __future__ import annotations

import asyncio
import logging

from fastapi import APIRouter, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard
from central_server.accounts.witnesses import technicians_of
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.courses.periods import DAY_MS
from central_server.courses.queries import expected_at, sessions_at
from central_server.errors import InvalidError
from central_server.learners.desk_enrolments import Desk, check_request, keep_enrolment
from central_server.learners.gallery import gallery
from central_server.learners.templates_kept import refresh_templates
from central_server.services import ServicesDep
from central_server.web.description import described
from models.sealed_box import SealedBoxError, open_sealed
from models.wire import REQUEST_TIME_LIMIT_MS, EnrolmentAnswer, EnrolmentRequest, GalleryAnswer

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)
LATE_MS = 7 * DAY_MS
"""An enrolment may come so long after the session's end: a line may be down from Friday to Monday and longer."""


@router.get("/gallery", **described(GalleryAnswer, refused=(400, 401, 408, 413)))
async def gallery_route(signed: SignedDep, of: ServicesDep) -> Response:
    """What the learners of the asking device's sessions of today can be known by."""

    def read() -> GalleryAnswer:
        with Session(of.engine) as db:
            learners = expected_at(db, signed.device.bridge_point, of.now())
            return gallery(db, of.sealing, signed.device.key, sorted(learners))

    return answer(await run_in_threadpool(read))


@router.post("/enrolments", **described(EnrolmentAnswer, EnrolmentRequest, (400, 401, 408, 413, 422)))
async def enrol_route(signed: SignedDep, of: ServicesDep) -> Response:
    """Keep a consent given at the bridge point, the template made under it, and the portraits that it lets be kept."""
    asked, point, now = decode_message(signed.body, EnrolmentRequest), signed.device.bridge_point, of.now()
    try:
        vector = open_sealed(of.server_key.private, asked.template)
        pictures = tuple(open_sealed(of.server_key.private, one) for one in asked.pictures)
    except SealedBoxError as error:
        raise InvalidError(
            "Dữ liệu khuôn mặt không được mã hóa cho máy chủ này. Chưa lưu gì; máy điểm cầu cần gia nhập lại.",
            "The template is not sealed to this server's key. Nothing was kept; the agent must join again.",
        ) from error
    check_request(asked, vector, pictures, now)
    await run_in_threadpool(refresh_templates, of.engine, of.templates, asked.encoder)

    # Whom the agent expected when the learner agreed, by its own reckoning of the server's time.
    late_ms = min(now - asked.consented_at + REQUEST_TIME_LIMIT_MS, LATE_MS)

    def courses(db: Session) -> frozenset[str]:
        return frozenset(course.id for _, course in sessions_at(db, point, now, late_ms=late_ms))

    desk = Desk(
        signed.device.id,
        lambda db: expected_at(db, point, now, late_ms=late_ms),
        lambda db: technicians_of(db, point, courses(db)),
        courses,
    )
    job = keep_enrolment(asked, vector, pictures, desk, of.sealing, of.templates, now)
    kept = await asyncio.wrap_future(of.writer.submit(job))
    log.info("enrolled learner=%s version=%d lookalikes=%d", kept.learner, kept.version, len(kept.lookalikes))
    return answer(kept)
