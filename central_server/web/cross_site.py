"""An ASGI layer that refuses changes which pages of other sites ask for in a signed-in person's name.

The rule is the one of Go's net/http.CrossOriginProtection: browsers say where a request comes from (Sec-Fetch-Site,
since 2023 all of them; before that Origin on every POST); what says neither was sent by no browser and brings nobody's
cookie but its own. Forms therefore need no token. The agents' addresses are signed request by request and left alone.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from central_server.errors import CrossSiteError
from central_server.web.rendering import Pages
from central_server.web.rendering_errors import render_error

SAFE = ("GET", "HEAD", "OPTIONS")


def refused(method: str, headers: Headers, public_address: str | None) -> bool:
    """Whether the request would change something at the wish of another site."""
    if method in SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    if public_address is not None and origin == public_address.rstrip("/"):
        return False
    try:
        return urlsplit(origin).netloc != headers.get("host") or origin == "null"
    except ValueError:
        return True


class SameSiteOnly:
    """The layer."""

    def __init__(self, app: ASGIApp, public_address: str | None, pages: Pages) -> None:
        self._app = app
        self._pages = pages
        self._public_address = public_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on unless it is refused."""
        if (
            scope["type"] == "http"
            and not scope["path"].startswith("/api/agent/")
            and refused(scope["method"], Headers(scope=scope), self._public_address)
        ):
            error = CrossSiteError(
                "Yêu cầu này đến từ một trang khác nên không được thực hiện. Hãy mở trang Điểm danh và làm lại ở đó.",
                "This request came from another site and was not done. Open the attendance page and do it there.",
            )
            answer = render_error(self._pages, Request(scope), error, error.status)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)
