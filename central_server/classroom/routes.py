"""A session's classroom: its page, its events, and what people do in it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from central_server.classroom import floor
from central_server.classroom.classrooms import Classroom
from central_server.classroom.floor import By
from central_server.classroom.keeping import asking
from central_server.classroom.seats import Seat, SeatDep, SeatGuard, ice_of, play_tokens, read_seat, still_seated
from central_server.classroom.view import Messages, facts_of, parts_of, plan_mark
from central_server.errors import ConflictError, ForbiddenError, InputError
from central_server.services import Services, ServicesDep
from central_server.web.description import gives_file
from central_server.web.forms import FormDep
from central_server.web.headers import page_language

router = APIRouter(prefix="/sessions/{session}/classroom", dependencies=[Depends(SeatGuard())])
acts = APIRouter(prefix="/api/sessions/{session}/classroom", dependencies=[Depends(SeatGuard())])

BEAT_S = 2.0
"""A message comes at least so often; a page that hears nothing for 5 s says that it is not live."""
SEATED_CHECK_S = 5.0
"""How often an open stream asks whether its viewer still has that seat."""
QUESTION_LENGTH = 500
PAGE_LENGTH = 40
"""Of the random id that a page gives itself."""
MEDIA_ALLOWED = "camera=(), microphone=(self), display-capture=(self), geolocation=()"
"""This page alone asks for a microphone and for a screen."""


@router.get("")
async def classroom_page(request: Request, session: str, of: ServicesDep, room: str = "") -> Response:
    """The classroom, as this seat sees it. room: which of several rooms the seat is in."""
    lang = page_language(request)
    plan, seat = await run_in_threadpool(read_seat, request, of, room)
    state = (await of.classrooms.of(session)).state()
    context = {
        "plan": plan,
        "seat": seat,
        "state": state,
        "parts": parts_of(state, of.pages, lang, seat.leads),
        "facts": facts_of(state, of.pictures.times(session, of.now()), of.now()),
        "mark": plan_mark(state.plan),
        "question_length": QUESTION_LENGTH,
    }
    page = of.pages.page(request, "classroom.html", **context)
    page.headers["Permissions-Policy"] = MEDIA_ALLOWED
    return page


@router.get("/events", response_class=Response, responses=gives_file("text/event-stream"))
async def classroom_events(
    request: Request,
    session: str,
    of: ServicesDep,
    seat: SeatDep,
    page: Annotated[str, Query(max_length=PAGE_LENGTH)] = "",
) -> StreamingResponse:
    """Server-sent events: parts of the page and what its scripts have to know, as they change.

    page: the page's own random id, where it has a microphone. Whoever has that seat no longer is told to load the page
    anew, which says why.
    """
    room = await of.classrooms.of(session)
    messages = Messages(of.pages, page_language(request), seat.leads)

    async def stream() -> AsyncIterator[bytes]:
        checked = time.monotonic()
        async with room.page(page, seat.room):
            while not room.over:
                state = room.state()
                yield messages.next(state, of.pictures.times(session, of.now()), of.now())
                await room.changed(state.version, BEAT_S)
                if time.monotonic() - checked >= SEATED_CHECK_S:
                    checked = time.monotonic()
                    if not await run_in_threadpool(still_seated, request, of, seat):
                        yield b"event: reload\ndata: \n\n"
                        return

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


@acts.get("/tokens")
async def tokens(request: Request, session: str, of: ServicesDep, seat: SeatDep) -> Response:
    """By room, the token with which this seat may play it now (`play`)."""
    room = await of.classrooms.of(session)
    state = room.state()
    heard = state.heard if state.open else frozenset()
    play = play_tokens(of.media.tokens, seat, state.plan, heard, of.now())
    return JSONResponse({"play": play, "ice": ice_of(of)})


def _room_of(seat: Seat) -> str:
    if seat.room is None:
        raise ConflictError(
            "Đồng chí không ở phòng học nào của buổi này nên chỉ theo dõi, không phát biểu được.",
            "You are in none of this session's rooms, so you can look on but not speak.",
        )
    return seat.room


def _leader(seat: Seat) -> None:
    if not seat.leads:
        raise ForbiddenError(
            "Việc này do giảng viên hoặc cán bộ quản lý lớp làm.", "The lecturer or the class manager does that."
        )


def _by(of: Services, seat: Seat) -> By:
    return By(seat.session, of.now(), seat.account, None if seat.account else seat.device)


async def _classroom(of: Services, seat: Seat) -> Classroom:
    return await of.classrooms.of(seat.session)


def _done(**more: Any) -> Response:
    return JSONResponse(more)


@acts.post("/hand")
async def hand(form: FormDep, of: ServicesDep, seat: SeatDep) -> Response:
    """Raise this room's hand, or lower it (`raised`)."""
    room, by, classroom = _room_of(seat), _by(of, seat), await _classroom(of, seat)
    if form.has("raised"):
        await classroom.do(lambda now, _: floor.raise_hand(now, by, room, classroom.plan.main))
    else:
        await classroom.do(lambda now, _: floor.lower_hand(now, by, room))
    return _done()


@acts.post("/floor")
async def give_or_take_floor(form: FormDep, of: ServicesDep, seat: SeatDep) -> Response:
    """Give a room (`room`) the floor; without one, take it from whoever has it."""
    _leader(seat)
    room, by, classroom = form.value("room"), _by(of, seat), await _classroom(of, seat)
    if room and not classroom.plan.has(room):
        raise InputError("Phòng này không dự buổi học.", "This room takes no part in the session.")
    if room:
        await classroom.do(lambda now, spoken: floor.give_floor(now, by, room, classroom.plan.main, spoken))
    else:
        await classroom.do(lambda now, spoken: floor.end_turn(now, by, "taken", spoken))
    return _done()


@acts.post("/give-back")
async def give_back(of: ServicesDep, seat: SeatDep) -> Response:
    """This room is done with the floor."""
    room, by, classroom = _room_of(seat), _by(of, seat), await _classroom(of, seat)
    await classroom.do(lambda now, spoken: floor.give_back(now, by, room, spoken))
    return _done()


@acts.post("/questions")
async def ask(form: FormDep, of: ServicesDep, seat: SeatDep) -> Response:
    """Ask in writing (`text`)."""
    room, classroom = _room_of(seat), await _classroom(of, seat)
    text = form.words("text", QUESTION_LENGTH, needed=True)
    if form.errors:
        raise InputError(*form.errors["text"])
    await classroom.ask(asking(_by(of, seat), room, text))
    return _done()


@acts.post("/questions/{question}/answered")
async def answered(question: int, of: ServicesDep, seat: SeatDep) -> Response:
    """A question has been answered."""
    _leader(seat)
    by, classroom = _by(of, seat), await _classroom(of, seat)
    await classroom.do(lambda now, _: floor.answer(now, by, question))
    return _done()


@acts.post("/screen")
async def screen(form: FormDep, of: ServicesDep, seat: SeatDep) -> Response:
    """The lecturer's screen is to be shown (`shown`), or no longer; with the token to publish it."""
    if not seat.teaches:
        raise ForbiddenError("Chỉ giảng viên chiếu màn hình cho lớp.", "Only the lecturer shows a screen to the class.")
    by, classroom = _by(of, seat), await _classroom(of, seat)
    main, shown = classroom.plan.main, form.has("shown")
    if main is None:
        raise ConflictError("Buổi học chưa có điểm cầu chính.", "The session has no main bridge point.")
    await classroom.do(lambda now, _: floor.show_screen(now, by, shown))
    token = of.media.tokens.issue(seat.holder, seat.session, main, "publish", ("screen",), of.now()) if shown else None
    return _done(room=main, token=token, ice=ice_of(of))


@acts.post("/microphone")
async def microphone(form: FormDep, of: ServicesDep, seat: SeatDep) -> Response:
    """This page's (`page`) microphone is to be the room's (`on`), with the token to publish it; or is off.

    Raises ConflictError for a room that is not heard: it has not the floor.
    """
    room, classroom, page = _room_of(seat), await _classroom(of, seat), form.value("page")
    if not 0 < len(page) <= PAGE_LENGTH:
        raise InputError("Yêu cầu thiếu mã của trang. Hãy tải lại trang lớp học.",
                         "The request lacks the page's id. Load the classroom page again.")  # fmt: skip
    if not form.has("on"):
        await classroom.drop_microphone(room, page)
        return _done(token=None)
    state = classroom.state()
    if not state.open or room not in state.heard:
        raise ConflictError(
            "Phòng này chưa được mời phát biểu nên micro chưa bật được. Hãy giơ tay.",
            "This room has not the floor, so its microphone can't be turned on. Raise the hand.",
        )
    await classroom.take_microphone(room, page)
    token = of.media.tokens.issue(seat.holder, seat.session, room, "publish", ("sound",), of.now())
    return _done(room=room, token=token, ice=ice_of(of))
