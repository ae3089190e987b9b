"""Looking into one room: its live picture beside who is expected and who is there, live as on the session's page."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import ActorDep, SeenDep, guard, hidden
from central_server.classroom.seats import ice_of
from central_server.media.tokens import seat_holder
from central_server.participation.routes import session_feed
from central_server.services import ServicesDep
from central_server.web.headers import page_language

router = APIRouter(dependencies=[guard("see_session")])


@router.get("/sessions/{session}/rooms/{bridge_point}")
async def look_in(
    request: Request, session: str, bridge_point: str, of: ServicesDep, seen: SeenDep
) -> Response:  # fmt: skip
    """The page of one room in a session. Raises NotFoundError when it takes no part."""
    lang = page_language(request)
    feed = await session_feed(of, session, lang, seen)
    mark = feed.mark
    state, rendered = await run_in_threadpool(feed.view.point, bridge_point)
    query = urlencode({"since": mark, "points": bridge_point, "open": bridge_point}, safe=",")
    context = {
        "state": state,
        "row": state.rows[bridge_point],
        "point": bridge_point,
        "parts": rendered.parts,
        "live": f"/sessions/{quote(session)}/events?{query}",
    }
    return of.pages.page(request, "look_in.html", **context)


@router.get("/api/sessions/{session}/rooms/{bridge_point}/tokens")
async def look_in_tokens(
    session: str, bridge_point: str, of: ServicesDep, actor: ActorDep
) -> Response:  # fmt: skip
    """The token with which this room's picture may be played (`play`). Raises NotFoundError when it takes no part."""
    if not (await of.classrooms.of(session)).plan.has(bridge_point):
        raise hidden()
    holder = seat_holder(actor.browser_session)
    token = of.media.tokens.issue(holder, session, bridge_point, "play", ("camera",), of.now())
    return JSONResponse({"play": {bridge_point: token}, "ice": ice_of(of)})
