"""Still pictures of rooms: their agents send them, and whoever is in the class gets them, rooms included."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard, hidden
from central_server.bridge_points.routes import SignedDep, answer
from central_server.classroom.seats import SeatGuard
from central_server.courses.queries import sessions_at
from central_server.errors import InvalidError
from central_server.services import ServicesDep
from central_server.web.description import described, gives_file, takes_jpeg
from models.wire import PictureAnswer

router = APIRouter()
JPEG = "image/jpeg"


@router.post(
    "/api/agent/sessions/{session}/picture",
    dependencies=[guard("device")],
    **described(PictureAnswer, None, (400, 401, 408, 413, 422)),
    openapi_extra=takes_jpeg(),
)
async def put_picture(session: str, signed: SignedDep, of: ServicesDep) -> Response:
    """Take in a picture of the asking device's room, in a session that has not ended."""
    now, room = of.now(), signed.device.bridge_point

    def end() -> int | None:
        with Session(of.engine) as db:
            return next((one.end for one, _ in sessions_at(db, room, now) if one.id == session), None)

    ends = await run_in_threadpool(end)
    if ends is None:
        raise InvalidError(
            "Điểm cầu này không có buổi học đó hôm nay nên không được gửi hình.",
            "This bridge point has no such session today, so it may not send pictures of it.",
        )
    return answer(PictureAnswer(next_in_s=of.pictures.put(session, room, signed.body, now, ends)))


@router.get(
    "/sessions/{session}/rooms/{room}/picture",
    dependencies=[Depends(SeatGuard())],
    response_class=Response,
    responses=gives_file(JPEG),
)
async def get_picture(session: str, room: str, of: ServicesDep) -> Response:
    """The newest picture of a room, for whoever is in its class: 404 while there is none."""
    picture = of.pictures.get(session, room, of.now())
    if picture is None:
        raise hidden()
    return Response(picture.jpeg, media_type=JPEG, headers={"Cache-Control": "no-store"})
