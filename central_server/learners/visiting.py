"""A learner's way to his or her own pages from a bridge point, and out again."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import Connection
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard
from central_server.accounts.limiting import begin_try, fail, of_device, of_learner, succeed
from central_server.bridge_points.routes import SignedDep, answer, decode_message
from central_server.errors import InvalidError, NotSignedInError, SignInError
from central_server.learners.at_point import Known, known_at
from central_server.learners.visits import Visit, drop_visit_cookie, set_visit_cookie, visit_cookie
from central_server.own_log.writing import append
from central_server.services import Services, ServicesDep
from central_server.web.description import described
from central_server.web.figures import second_time
from models.own_records import AnyOwnRecord
from models.sealed_box import SealedBoxError, open_sealed
from models.visit_records import LearnerEntered, LearnerLeft, LearnerStayed
from models.wire import LearnerTicket, LearnerTicketRequest

router = APIRouter(prefix="/own", dependencies=[guard("everybody")])
staying = APIRouter(prefix="/api/own", dependencies=[guard("everybody")])
agents = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
ENTRANCE = "/own/enter#"
"""The ticket follows as the address's fragment, which browsers send to nobody."""
PIN_MOST = 64


@agents.post("/learner-ticket", **described(LearnerTicket, LearnerTicketRequest, (400, 401, 408, 413, 422)))
async def ticket_route(signed: SignedDep, of: ServicesDep) -> Response:
    """A ticket for a learner of the asking device's bridge point whose PIN is right; wrong ones are counted."""
    asked, device = decode_message(signed.body, LearnerTicketRequest), signed.device
    try:
        pin = open_sealed(of.server_key.private, asked.pin).decode().strip()
    except (SealedBoxError, UnicodeDecodeError) as error:
        raise InvalidError(
            "Mã PIN không được mã hóa cho máy chủ này. Máy điểm cầu cần gia nhập lại.",
            "The PIN is not sealed to this server's key. The agent must join again.",
        ) from error
    found = await run_in_threadpool(_known, of, device.bridge_point, asked.code)
    counters = of_device(device.id), of_learner(found.id if found else asked.code.casefold())
    await asyncio.wrap_future(of.writer.submit(begin_try(counters, of.now(), _too_often)))
    right = len(pin) <= PIN_MOST and await of.hasher.matches_pin(pin, found.pin if found else None)
    if found is None or not right:
        await asyncio.wrap_future(of.writer.submit(fail(counters, found.id if found else None, of.now())))
        raise InvalidError(
            "Mã học viên hoặc mã PIN không đúng. Nếu chưa có mã PIN, hãy hỏi cán bộ quản lý lớp.",
            "The learner's code or the PIN is wrong. If you have no PIN yet, ask the class manager.",
        )
    await asyncio.wrap_future(of.writer.submit(lambda connection: succeed(connection, counters)))
    ticket = of.visits.invite(found.id, found.name, device.id, device.bridge_point, asked.console_port, of.now())
    return answer(LearnerTicket(path=ENTRANCE + ticket.value, expires_at=ticket.expires_at))


def _known(of: Services, bridge_point: str, code: str) -> Known | None:
    with Session(of.engine) as db:
        return known_at(db, of.sealing, bridge_point, code)


def _too_often(until: int) -> InvalidError:
    return InvalidError(
        f"Đã nhập sai nhiều lần nên tạm dừng đến {second_time(until)}. Sau đó hãy thử lại, hoặc hỏi cán bộ quản lý "
        "lớp.",
        f"Too many tries were wrong, so this pauses until {second_time(until)}. Then try again, or ask the class "
        "manager.",
    )


@router.get("/enter")
async def entrance(request: Request, of: ServicesDep) -> Response:
    """The page that sends the ticket of its address by itself; a mere look at an address uses nothing up."""
    return of.pages.page(request, "own_enter.html")


@router.post("/enter")
async def enter(request: Request, of: ServicesDep, ticket: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Use the ticket. Raises SignInError."""
    entered = of.visits.enter(ticket, of.now())
    if entered is None:
        raise SignInError(
            "Vé xem này không còn dùng được: mỗi vé dùng một lần, trong một phút. Hãy nhập lại mã học viên và mã PIN ở "
            "màn hình điểm danh.",
            "This ticket is no longer good: each is used once, within a minute. Enter your code and PIN on the "
            "check-in screen again.",
        )
    key, visit, ended = entered
    who, device, point = visit.learner, visit.device, visit.bridge_point
    told = LearnerEntered(
        at=visit.began_at, by=who, learner=who, device=device, bridge_point=point, until=visit.ends_at
    )  # fmt: skip
    await _tell(of, *(_left(one, visit.began_at, by=who) for one in ended), told)
    to = RedirectResponse(f"/learners/{visit.learner}/own", 303)
    set_visit_cookie(to, request, of.config, key, visit.console_port)
    return to


@staying.post("/longer")
async def longer(request: Request, of: ServicesDep) -> Response:
    """The learner goes on reading: for how long now (ms). Raises NotSignedInError."""
    now = of.now()
    visit = of.visits.longer(visit_cookie(request, of.config)[0], now)
    if visit is None:
        raise NotSignedInError("visit")
    who, device, point = visit.learner, visit.device, visit.bridge_point
    told = LearnerStayed(at=now, by=who, learner=who, device=device, bridge_point=point, until=visit.ends_at)
    await _tell(of, told)
    return JSONResponse({"left_ms": visit.ends_at - now})


@router.post("/leave")
async def leave(request: Request, of: ServicesDep) -> Response:
    """The learner is done."""
    await _leave(of, visit_cookie(request, of.config)[0])
    return RedirectResponse("/own/left", 303)


@router.get("/left")
async def left(request: Request, of: ServicesDep) -> Response:
    """It is over: nothing of the learner is here any more, and the way back to the agent's pages."""
    key, port = visit_cookie(request, of.config)
    page = of.pages.page(request, "own_left.html", port=port)
    if key:
        await _leave(of, key)
        drop_visit_cookie(page, request, of.config)
    return page


async def _leave(of: Services, key: str) -> None:
    now = of.now()
    if (visit := of.visits.leave(key, now)) is not None:
        await _tell(of, _left(visit, now, by=visit.learner))


def _left(visit: Visit, at: int, by: str) -> LearnerLeft:
    return LearnerLeft(at=at, by=by, learner=visit.learner, device=visit.device, bridge_point=visit.bridge_point)


async def _tell(of: Services, *records: AnyOwnRecord) -> None:
    def job(connection: Connection) -> None:
        append(connection, *records)

    await asyncio.wrap_future(of.writer.submit(job))
