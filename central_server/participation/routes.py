"""A session's live page, its event stream, its sheets and its figures for programs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import Points, PointsDep, guard, still_allowed
from central_server.participation.feed import Feed
from central_server.participation.figures import figures_of
from central_server.participation.sheet import sheet_of
from central_server.participation.sheet_files import sheet_csv, sheet_xlsx
from central_server.participation.state import part_of
from central_server.participation.view import SessionView, by_trouble
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language
from models.language import Language

router = APIRouter(dependencies=[guard("see_session")])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


SIGNED_IN_CHECK_S = 5.0
"""How often an open stream asks whether its viewer still may see it."""


async def _feed(of: Services, session: str, lang: Language, points: Points) -> Feed:
    view = SessionView(of.books.of(session), of.pages, lang, of.now, points)
    return await of.feeds.of(session, lang, view.parts, points)


@router.get("/sessions/{session}")
async def session_page(request: Request, session: str, of: ServicesDep, points: PointsDep) -> Response:
    """The live page of a session."""
    feed = await _feed(of, session, page_language(request), points)
    state = part_of(await run_in_threadpool(of.books.of(session).state, of.now()), points)
    if any(f"point-{point.facts.id}" not in feed.parts for point in state.points) or any(
        f"learner-{learner.facts.id}" not in feed.parts for learner in state.learners
    ):
        await feed.refresh()  # enrolment changed within the last second
    mark, parts = feed.mark, {name: part.html for name, part in feed.parts.items()}
    context = {"state": state, "points": by_trouble(state.points), "parts": parts, "mark": mark}
    return of.pages.page(request, "session.html", **context)


@router.get("/sessions/{session}/events")
async def session_events(
    request: Request, session: str, of: ServicesDep, points: PointsDep, since: str = ""
) -> StreamingResponse:
    """Server-sent events: what changes on the session's page, once a second, the same bytes for all viewers.

    A viewer who was signed out meanwhile, or may not see the session any more, gets no more of it: the page is told to
    load anew, which says why.
    """
    feed = await _feed(of, session, page_language(request), points)
    mark = request.headers.get("last-event-id") or since

    async def stream() -> AsyncIterator[bytes]:
        checked = time.monotonic()
        async for message in feed.stream(mark):
            if time.monotonic() - checked >= SIGNED_IN_CHECK_S:
                checked = time.monotonic()
                if not await run_in_threadpool(still_allowed, request, of, "see_session", points):
                    yield b"event: reload\ndata: \n\n"
                    return
            yield message

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


@router.get("/sessions/{session}/sheet.xlsx")
def session_xlsx(request: Request, session: str, of: ServicesDep, points: PointsDep) -> Response:
    """The attendance sheet as an Excel file."""
    sheet = sheet_of(part_of(of.books.of(session).state(of.now()), points), page_language(request))
    return _download(sheet_xlsx(sheet), f"diem-danh-{session}.xlsx", XLSX)


@router.get("/sessions/{session}/sheet.csv")
def session_csv(request: Request, session: str, of: ServicesDep, points: PointsDep) -> Response:
    """The attendance sheet as a CSV file."""
    sheet = sheet_of(part_of(of.books.of(session).state(of.now()), points), page_language(request))
    return _download(sheet_csv(sheet), f"diem-danh-{session}.csv", "text/csv; charset=utf-8")


@router.get("/api/sessions/{session}/participation")
def session_figures(session: str, of: ServicesDep, points: PointsDep) -> Response:
    """Everybody's participation in a session, for programs (participation/figures.py)."""
    figures = figures_of(part_of(of.books.of(session).state(of.now()), points))
    return Response(msgspec.json.encode(figures), media_type="application/json")


def _download(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)
