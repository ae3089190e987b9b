"""An agent asks for the token with which it publishes its room."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.courses.queries import sessions_at
from central_server.errors import InvalidError
from central_server.media.tokens import TOKEN_LIFE_MS
from central_server.services import ServicesDep
from central_server.web.description import described
from models.wire import MediaTokenAnswer, MediaTokenRequest, Source

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)
AGENTS_SOURCES: frozenset[Source] = frozenset({"camera", "sound"})
"""What an agent publishes; a screen is the lecturer's page's."""


@router.post("/media-token", **described(MediaTokenAnswer, MediaTokenRequest, (400, 401, 408, 413, 422)))
async def media_token(signed: SignedDep, of: ServicesDep) -> Response:
    """Let the asking device publish in a session of `today`, as its own bridge point."""
    asked, device, now = decode_message(signed.body, MediaTokenRequest), signed.device, of.now()
    if not AGENTS_SOURCES.issuperset(asked.sources):
        raise InvalidError(
            "Máy ở điểm cầu chỉ phát hình camera và tiếng của phòng (camera, sound).",
            "A bridge point's PC publishes its room's camera and sound only.",
        )

    def takes_part() -> bool:
        with Session(of.engine) as db:
            return asked.session in {session.id for session, _ in sessions_at(db, device.bridge_point, now)}

    if not await run_in_threadpool(takes_part):
        raise InvalidError(
            "Điểm cầu này không có buổi học đó hôm nay nên không được phát hình.",
            "This bridge point has no such session today, so it may not publish.",
        )
    of.media.start()
    token = of.media.tokens.issue(
        f"device:{device.id}", asked.session, device.bridge_point, "publish", asked.sources, now
    )
    return answer(
        MediaTokenAnswer(
            token=token, room=device.bridge_point, expires_at=now + TOKEN_LIFE_MS, ice_servers=of.media.ice_servers()
        )
    )
