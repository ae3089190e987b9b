"""A browser on a bridge point's PC becomes that room, by the one-time ticket that its agent asked for."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.classroom.tickets import make_ticket, set_room_cookie, use_ticket
from central_server.services import ServicesDep
from central_server.web.description import described
from models.wire import ClassroomTicket, ClassroomTicketRequest

router = APIRouter(prefix="/classroom/enter", dependencies=[guard("everybody")])
agents = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
ENTRANCE = "/classroom/enter#"
"""The ticket follows as the address's fragment, which browsers send to nobody."""


@agents.post("/classroom-ticket", **described(ClassroomTicket, ClassroomTicketRequest, (400, 401, 408, 413, 422)))
async def ticket_route(signed: SignedDep, of: ServicesDep) -> Response:
    """Make a one-time ticket for the asking device's room."""
    asked = decode_message(signed.body, ClassroomTicketRequest)
    made = await asyncio.wrap_future(of.writer.submit(make_ticket(signed.device, asked.session, of.now())))
    return answer(ClassroomTicket(path=ENTRANCE + made.ticket, expires_at=made.expires_at))


@router.get("")
async def entrance(request: Request, of: ServicesDep) -> Response:
    """The page that sends the ticket of its address by itself; a mere look at an address uses nothing up."""
    return of.pages.page(request, "classroom_enter.html")


@router.post("")
async def enter(request: Request, of: ServicesDep, ticket: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Use the ticket. Raises SignInError."""
    entered = await asyncio.wrap_future(of.writer.submit(use_ticket(ticket, of.now())))
    to = RedirectResponse(f"/sessions/{quote(entered.session)}/classroom", 303)
    set_room_cookie(to, request, of.config, entered)
    return to
