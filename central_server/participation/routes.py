"""A session's live page, its event stream, its sheets and its figures for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import guard
from central_server.participation.feed import Feed
from central_server.participation.figures import figures_of
from central_server.participation.sheet import sheet_of
from central_server.participation.sheet_files import sheet_csv, sheet_xlsx
from central_server.participation.view import SessionView, by_trouble
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language
from models.language import Language

router = APIRouter(dependencies=[guard("see_session")])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def _feed(of: Services, session: str, lang: Language) -> Feed:
    view = SessionView(of.books.of(session), of.pages, lang, of.now)
    return await of.feeds.of(session, lang, view.parts)


@router.get("/sessions/{session}")
async def session_page(request: Request, session: str, of: ServicesDep) -> HTMLResponse:
    """The live page of a session."""
    lang = page_language(request)
    feed = await _feed(of, session, lang)
    state = await run_in_threadpool(of.books.of(session).state, of.now())
    if any(f"point-{point.facts.id}" not in feed.parts for point in state.points) or any(
        f"learner-{learner.facts.id}" not in feed.parts for learner in state.learners
    ):
        await feed.refresh()  # enrolment changed within the last second
    mark, parts = feed.mark, {name: part.html for name, part in feed.parts.items()}
    context = {"state": state, "points": by_trouble(state.points), "parts": parts, "mark": mark}
    return HTMLResponse(of.pages.html("session.html", lang, **context))


@router.get("/sessions/{session}/events")
async def session_events(request: Request, session: str, of: ServicesDep, since: str = "") -> StreamingResponse:
    """Server-sent events: what changes on the session's page, once a second, the same bytes for all viewers."""
    feed = await _feed(of, session, page_language(request))
    mark = request.headers.get("last-event-id") or since

    async def stream() -> AsyncIterator[bytes]:
        async for message in feed.stream(mark):
            yield message

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


@router.get("/sessions/{session}/sheet.xlsx")
def session_xlsx(request: Request, session: str, of: ServicesDep) -> Response:
    """The attendance sheet as an Excel file."""
    sheet = sheet_of(of.books.of(session).state(of.now()), page_language(request))
    return download(sheet_xlsx(sheet), f"diem-danh-{session}.xlsx", XLSX)


@router.get("/sessions/{session}/sheet.csv")
def session_csv(request: Request, session: str, of: ServicesDep) -> Response:
    """The attendance sheet as a CSV file."""
    sheet = sheet_of(of.books.of(session).state(of.now()), page_language(request))
    return download(sheet_csv(sheet), f"diem-danh-{session}.csv", "text/csv; charset=utf-8")


@router.get("/api/sessions/{session}/participation")
def session_figures(session: str, of: ServicesDep) -> Response:
    """Everybody's participation in a session, for programs (participation/figures.py)."""
    figures = figures_of(of.books.of(session).state(of.now()))
    return Response(msgspec.json.encode(figures), media_type="application/json")


def download(content: bytes, name: str, media_type: str) -> Response:
    """A file to be saved by the browser."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return Response(content, media_type=media_type, headers=headers)
