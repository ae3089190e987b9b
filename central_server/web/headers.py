"""An ASGI layer that gives every answer its security headers and remembers a language chosen by ?lang=."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.language import Language

LANGUAGE_COOKIE = "diemdanh_lang"
HEADERS = {
    # data: pictures are Pico's arrows and ticks, inside its style sheet
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: with it forms say "Origin: null", and over plain http nothing else tells that they are our own.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
PER_PAGE = "Permissions-Policy"
"""A route may say another one for its page: the classroom asks for a microphone."""
YEAR_S = 365 * 86_400


def _kept(scope: Scope) -> str:
    """How long a static file is kept: for a day, but a script that another one imports, whose address has no mark of
    its content, is asked for again each time (and mostly not sent again)."""
    return "no-cache" if scope["path"].endswith(".js") and not scope["query_string"] else "max-age=86400"


class Headers:
    """The layer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")
        wanted = QueryParams(scope["query_string"]).get("lang")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name != PER_PAGE or name not in headers:
                        headers[name] = value
                headers.setdefault("Cache-Control", _kept(scope) if static else "no-store")
                if wanted in ("vi", "en") and not static:
                    cookie = f"{LANGUAGE_COOKIE}={wanted}; Path=/; Max-Age={YEAR_S}; SameSite=Strict; HttpOnly"
                    headers.append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, with_headers)


def page_language(request: Request) -> Language:
    """The language of a page: ?lang=, else the cookie, else what the browser prefers, else Vietnamese."""
    for said in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if said == "vi":
            return "vi"
        if said == "en":
            return "en"
    for part in request.headers.get("accept-language", "").lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("vi"):
            return "vi"
        if tag.startswith("en"):
            return "en"
    return "vi"
