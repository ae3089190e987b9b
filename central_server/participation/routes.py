"""A session's live page, its event stream and its figures for programs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote, urlencode

import msgspec
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import Seen, SeenDep, guard, still_allowed
from central_server.participation.feed import Feed
from central_server.participation.figures import figures_of
from central_server.participation.finding import Listing, Wanted
from central_server.participation.state import part_of
from central_server.participation.view import SessionView, groups_of
from central_server.services import Services, ServicesDep
from central_server.web.description import gives_file
from central_server.web.headers import page_language
from models.language import Language

router = APIRouter(dependencies=[guard("see_session")])


SIGNED_IN_CHECK_S = 5.0
"""How often an open stream asks whether its viewer still may see it."""


async def session_feed(of: Services, session: str, lang: Language, seen: Seen) -> Feed:
    """The feed of a session, as much of it as somebody may see. Raises NotFoundError."""

    def view() -> SessionView:
        return SessionView(of.watches.of(session), of.pages, lang, of.now, seen.points, seen.flags)

    return await of.feeds.of(session, lang, seen, view)


@router.get("/sessions/{session}")
async def session_page(
    request: Request,
    session: str,
    of: ServicesDep,
    seen: SeenDep,
    text: Annotated[str, Query(max_length=200)] = "",
    trouble: Wanted = "",
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    opened: Annotated[list[str], Query(alias="open")] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """The live page of a session. text, trouble: which bridge points it lists; open: which of them show learners."""
    feed = await session_feed(of, session, page_language(request), seen)
    mark = feed.mark
    shown = await run_in_threadpool(feed.view.page, text, trouble, page, opened)
    context = {
        "state": shown.state,
        "listing": shown.listing,
        "parts": shown.rendered.parts,
        "mark": mark,
        "asked": {"text": text, "trouble": trouble},
        "live": _events(session, mark, shown.listing),
    }
    return of.pages.page(request, "session.html", **context)


def _events(session: str, mark: str, listed: Listing) -> str:
    query = {"since": mark, "points": ",".join(listed.points), "open": ",".join(listed.opened)}
    return f"/sessions/{quote(session)}/events?{urlencode(query, safe=',')}"


@router.get("/sessions/{session}/points/{bridge_point}")
async def session_point(
    request: Request, session: str, bridge_point: str, of: ServicesDep, seen: SeenDep
) -> HTMLResponse:
    """The learners of one bridge point: what the page puts in when somebody opens it."""
    lang = page_language(request)
    feed = await session_feed(of, session, lang, seen)
    state, rendered = await run_in_threadpool(feed.view.point, bridge_point)
    context = {"state": state, "point": bridge_point, "parts": rendered.parts}
    return HTMLResponse(of.pages.html("point_learners.html", lang, **context))


@router.get("/sessions/{session}/events", response_class=Response, responses=gives_file("text/event-stream"))
async def session_events(
    request: Request,
    session: str,
    of: ServicesDep,
    places: SeenDep,
    since: str = "",
    points: str = "",
    open: str = "",
) -> StreamingResponse:
    """Server-sent events: what changes on a session's page, once a second, the same bytes for all who see the same.

    points, open: ids of the bridge points that the page lists and of those that it shows with their learners. A viewer
    who was signed out meanwhile, or may not see the session any more, gets no more of it: the page is told to load
    anew, which says why.
    """
    feed = await session_feed(of, session, page_language(request), places)
    mark = request.headers.get("last-event-id") or since
    groups = groups_of([id_ for id_ in points.split(",") if id_], [id_ for id_ in open.split(",") if id_])

    async def stream() -> AsyncIterator[bytes]:
        checked = time.monotonic()
        async for message in feed.stream(mark, groups):
            if time.monotonic() - checked >= SIGNED_IN_CHECK_S:
                checked = time.monotonic()
                if not await run_in_threadpool(still_allowed, request, of, "see_session", places):
                    yield b"event: reload\ndata: \n\n"
                    return
            yield message

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


@router.get("/api/sessions/{session}/participation")
def session_figures(session: str, of: ServicesDep, seen: SeenDep) -> Response:
    """Everybody's participation in a session, for programs (participation/figures.py)."""
    figures = figures_of(part_of(of.books.of(session).state(of.now()), *seen))
    return Response(msgspec.json.encode(figures), media_type="application/json")
