"""The one place where errors become answers: a refusal for agents, JSON for programs, a page for people."""

from __future__ import annotations

import logging

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from central_server.errors import NotFoundError, RefusedError, ServerError
from central_server.web.headers import page_language
from central_server.web.rendering import Pages
from models.errors import DiemdanhError

log = logging.getLogger(__name__)


def add_error_handlers(app: FastAPI, pages: Pages) -> None:
    """Every error of the app ends in one of these."""

    def render(request: Request, error: DiemdanhError, status: int) -> Response:
        if isinstance(error, RefusedError):
            return Response(msgspec.json.encode(error.refusal()), status, media_type="application/json")
        if request.url.path.startswith("/api/"):
            body = {"vi": error.vi, "en": error.en}
            return Response(msgspec.json.encode(body), status, media_type="application/json")
        lang = page_language(request)
        return HTMLResponse(pages.html("error.html", lang, sentence=error.sentence(lang), status=status), status)

    async def server_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServerError)  # noqa: S101 - registered for nothing else
        log.info("refused path=%s status=%d error=%s", request.url.path, error.status, type(error).__name__)
        return render(request, error, error.status)

    async def http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 422
        sentence = {
            404: ("Không có trang này. Hãy kiểm tra lại địa chỉ.", "There is no such page. Check the address."),
            405: ("Địa chỉ này không nhận yêu cầu như vậy.", "This address doesn't take such a request."),
        }.get(status, ("Yêu cầu không hợp lệ.", "The request is not valid."))
        return render(request, NotFoundError(*sentence), status)

    async def unexpected(request: Request, error: Exception) -> Response:
        sentence = (
            "Máy chủ gặp lỗi khi mở trang này. Bản ghi điểm danh không bị ảnh hưởng; hãy thử lại sau ít phút.",
            "The server failed on this page. No attendance record is affected; try again in a few minutes.",
        )
        return render(request, ServerError(*sentence), 500)

    app.add_exception_handler(ServerError, server_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, http_error)
    app.add_exception_handler(Exception, unexpected)
