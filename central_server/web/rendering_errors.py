"""The one place where errors become answers: a refusal for agents, JSON for programs, a page for people."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from central_server.errors import (
    NotFoundError,
    NotSignedInError,
    RefusedError,
    ServerError,
)
from central_server.web.headers import page_language
from central_server.web.rendering import Pages
from models.errors import DiemdanhError

log = logging.getLogger(__name__)

SECOND_STEPS = {"code": "/sign-in/code", "second_factor": "/account/second-factor", "visit": "/own/left"}
"""Where a sign-in goes on that waits for its second step; a visit from a bridge point is over."""


def step_address(step: str, then: str) -> str:
    """The address of a step of signing in that leads on to a path of ours."""
    return step if then == "/" else f"{step}?{urlencode({'next': then})}"


def render_error(pages: Pages, request: Request, error: DiemdanhError, status: int) -> Response:
    """The answer for an error: a refusal for agents, JSON for programs, a page for people."""
    if isinstance(error, RefusedError):
        return Response(msgspec.json.encode(error.refusal()), status, media_type="application/json")
    if request.url.path.startswith(("/api/", "/media/")):
        body = {"vi": error.vi, "en": error.en}
        wait = error.retry_after if isinstance(error, ServerError) else None
        again = {} if wait is None else {"Retry-After": str(wait)}
        return Response(msgspec.json.encode(body), status, again, media_type="application/json")
    return pages.page(request, "error.html", status, sentence=error.sentence(page_language(request)))


def answer_error(pages: Pages, request: Request, error: ServerError, route: str = "") -> Response:
    """The answer for an error of ours, with one line for the log. route: its address, where the app did not find it."""
    # Never the address that was asked for: it may name a learner, or hold what opens a stream.
    route = route or getattr(request.scope.get("route"), "path", "other")
    log.info("refused path=%s status=%d error=%s", route, error.status, type(error).__name__)
    return render_error(pages, request, error, error.status)


def answer_unexpected(pages: Pages, request: Request) -> Response:
    """The answer for an error that nobody foresaw. What serves the app logs the error itself."""
    sentence = (
        "Máy chủ gặp lỗi khi mở trang này. Bản ghi điểm danh không bị ảnh hưởng; hãy thử lại sau ít phút.",
        "The server failed on this page. No attendance record is affected; try again in a few minutes.",
    )
    return render_error(pages, request, ServerError(*sentence), 500)


def add_error_handlers(app: FastAPI, pages: Pages) -> None:
    """Every error of the app ends in one of these."""

    def render(request: Request, error: DiemdanhError, status: int) -> Response:
        return render_error(pages, request, error, status)

    async def not_signed_in(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotSignedInError)  # noqa: S101 - registered for nothing else
        asks_for_a_page = request.method in ("GET", "HEAD") and not request.url.path.startswith("/api/")
        if not asks_for_a_page or "text/event-stream" in request.headers.get("accept", ""):
            return render(request, error, error.status)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(step_address(SECOND_STEPS.get(error.waits_for or "", "/sign-in"), here), 303)

    async def server_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServerError)  # noqa: S101 - registered for nothing else
        return answer_error(pages, request, error)

    async def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 422
        sentence = {
            404: ("Không có trang này. Hãy kiểm tra lại địa chỉ.", "There is no such page. Check the address."),
            405: ("Địa chỉ này không nhận yêu cầu như vậy.", "This address doesn't take such a request."),
        }.get(status, ("Yêu cầu không hợp lệ.", "The request is not valid."))
        return render(request, NotFoundError(*sentence), status)

    async def unexpected(request: Request, error: Exception) -> Response:
        return answer_unexpected(pages, request)

    app.add_exception_handler(NotSignedInError, not_signed_in)
    app.add_exception_handler(ServerError, server_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, http_error)
    app.add_exception_handler(Exception, unexpected)
