"""The agents' live status comes in here."""

from __future__ import annotations

from fastapi import APIRouter, Response

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.participation.live import LiveReport
from central_server.services import ServicesDep
from central_server.web.description import described
from models.wire import LiveStatus, ServerTime

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])


@router.post("/status", **described(ServerTime, LiveStatus, (400, 401, 408, 413, 422)))
async def status(signed: SignedDep, of: ServicesDep) -> Response:
    """Take a live status in."""
    told, now = decode_message(signed.body, LiveStatus), of.now()
    of.live.put(LiveReport(signed.device.id, signed.device.bridge_point, now, told))
    return answer(ServerTime(server_time=now))
