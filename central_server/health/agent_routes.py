"""Agents tell here how they are, and measure their line."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.health.board import Told, keep
from central_server.services import ServicesDep
from central_server.web.description import described, takes_bytes
from models.health import Health, LineAnswer, UdpAnswer
from models.wire import ServerTime

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])


@router.post("/health", **described(ServerTime, Health, (400, 401, 408, 413, 422)))
async def health(signed: SignedDep, of: ServicesDep) -> Response:
    """Take an agent's report in."""
    now = of.now()
    told = Told(signed.device.id, signed.device.bridge_point, now, decode_message(signed.body, Health))
    if of.agents.put(told):
        await asyncio.wrap_future(of.writer.submit(keep(told)))
    return answer(ServerTime(server_time=now))


@router.post("/line", openapi_extra=takes_bytes(), **described(LineAnswer, None, (400, 401, 408, 413)))
async def line(signed: SignedDep, of: ServicesDep) -> Response:
    """Drop what was sent, which is no longer than a batch of records may be: an agent's doctor measures its line."""
    return answer(LineAnswer(bytes=len(signed.body), server_time=of.now()))


@router.post("/udp", **described(UdpAnswer, None, (400, 401, 408, 413, 429)))
async def udp(signed: SignedDep, of: ServicesDep) -> Response:
    """Open a port that answers the asking device for some seconds: its doctor finds out whether UDP gets through."""
    port, key = await of.media.udp_checks.open(signed.device.id)
    return answer(UdpAnswer(port=port, key=key, ice_servers=of.media.ice_servers()))
