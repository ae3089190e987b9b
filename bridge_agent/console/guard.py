"""An ASGI layer: who may ask the console for anything, how much a request may bring, and what protects each answer.

The console has no passwords: whoever sits at this PC may open it. So nobody else may: not another machine (the socket
is on 127.0.0.1), and not a page of the internet that this PC's browser shows. Such a page can

- have its own name resolve to 127.0.0.1 (DNS rebinding): the Host must be one of this PC's own names;
- send requests without reading the answers: Sec-Fetch-Site and Origin tell where they come from, and whatever changes
  something brings the token that only our own pages hold;
- show ours in a frame, or our picture in an <img>: frame-ancestors and Cross-Origin-Resource-Policy.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bridge_agent.console.words import LANGUAGE_COOKIE, THEME_COOKIE, Sentence

OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
SAFE = ("GET", "HEAD")
BODY_LIMIT = 4096
"""Bytes: the longest form is a learner's id and a PIN."""
TOKEN_HEADER = "x-diemdanh-token"  # noqa: S105 - the header's name
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CHOICE_S = 365 * 86_400

NOT_HERE: Sentence = (
    "Trang này chỉ mở được ngay trên máy của điểm cầu, tại địa chỉ http://localhost.",
    "This page can only be opened on the bridge point's own PC, at http://localhost.",
)
OTHER_SITE: Sentence = (
    "Yêu cầu này đến từ một trang khác nên không được thực hiện. Hãy mở trang Điểm danh và làm lại ở đó.",
    "This request came from another site and was not done. Open the attendance page and do it there.",
)
OLD_PAGE: Sentence = (
    "Chương trình điểm danh đã được khởi động lại. Hãy tải lại trang này rồi làm lại.",
    "The attendance program was started anew. Load this page again, then repeat what you did.",
)
TOO_LONG: Sentence = (
    "Nội dung gửi đi quá dài. Hãy tải lại trang và nhập lại.",
    "What was sent is too long. Load the page again and type it anew.",
)


def own_host(host: str) -> bool:
    """Whether a Host header names this PC as its own browser does; the port does not matter."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not name:
        name, port = host, ""
    return name.lower() in OWN_NAMES and (port == "" or port.isdecimal())


def refusal(method: str, headers: Headers, token: str) -> tuple[int, Sentence] | None:
    """Why a request is refused, as its status and a sentence; None when it may pass."""
    host = headers.get("host", "")
    if not own_host(host):
        return 421, NOT_HERE
    site = headers.get("sec-fetch-site")
    opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    if site not in (None, "same-origin", "none") and not (method in SAFE and opened):
        return 403, OTHER_SITE
    if method in SAFE:
        return None
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host.lower()}":
        return 403, OTHER_SITE
    if not secrets.compare_digest(headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        return 403, OLD_PAGE
    length = headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 9 or int(length) > BODY_LIMIT:
        return 413, TOO_LONG
    return None


class Guard:
    """The layer."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless it is refused, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        asked = QueryParams(scope["query_string"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["Cache-Control"] = "max-age=86400" if static else "no-store"
                for key, cookie, known in (
                    ("lang", LANGUAGE_COOKIE, ("vi", "en")),
                    ("theme", THEME_COOKIE, ("dark", "light")),
                ):
                    if (wanted := asked.get(key)) in known and not static:
                        headers.append(
                            "Set-Cookie", f"{cookie}={wanted}; Path=/; Max-Age={CHOICE_S}; SameSite=Strict; HttpOnly"
                        )
            await send(message)

        refused = refusal(scope["method"], Headers(scope=scope), self._token)
        if refused is None:
            await self._app(scope, receive, with_headers)
            return
        answer = _answer(scope["method"], *refused)
        await answer(scope, receive, with_headers)


def _answer(method: str, status: int, sentence: Sentence) -> Response:
    vi, en = sentence
    if method in SAFE:
        return PlainTextResponse(f"{vi}\n{en}\n", status)
    return JSONResponse({"vi": vi, "en": en}, status)
