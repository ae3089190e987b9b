"""What an agent asks about courses: its sessions of today."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard
from central_server.accounts.witnesses import witnesses_of
from central_server.bridge_points.routes import SignedDep, answer
from central_server.courses.queries import sessions_at, today
from central_server.learners.consent_text import consent_now
from central_server.learners.portrait_policy import days_by_learner
from central_server.services import ServicesDep
from central_server.web.description import described
from models.wire import KeepingConsent, Today

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])


@router.get("/today", **described(Today, refused=(400, 401, 408, 413)))
async def today_route(signed: SignedDep, of: ServicesDep) -> Response:
    """The sessions of the asking device's bridge point with their rosters, who may be on duty, the consent's texts."""

    def read() -> Today:
        with Session(of.engine) as db:
            point, now = signed.device.bridge_point, of.now()
            courses = {course.id for _, course in sessions_at(db, point, now)}
            told = today(db, point, now)
            return msgspec.structs.replace(
                told,
                witnesses=witnesses_of(db, of.sealing, point, courses),
                consent=consent_now(),
                keeping=_keeping(days_by_learner(db, courses), told),
                retention_hours=of.config.retention_hours,
            )

    return answer(await run_in_threadpool(read))


def _keeping(days: dict[str, int], told: Today) -> tuple[KeepingConsent, ...]:
    """The texts by which portraits are kept, and who of these rosters is asked by them."""
    here = {one.id for session in told.sessions for one in session.learners} & days.keys()
    terms = sorted({days[one] for one in here})
    return tuple(
        KeepingConsent(text=consent_now(term), learners=tuple(sorted(one for one in here if days[one] == term)))
        for term in terms
    )
