"""The pages of a PC that has not joined: the wizard and nothing else, behind the same guard."""

from __future__ import annotations

import secrets

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bridge_agent.console.guard import SAFE, Guard
from bridge_agent.console.rendering import STATIC, Pages, font_folder
from bridge_agent.console.setup_pages import SetupPages
from bridge_agent.setup.wizard import Wizard


def create_first_app(wizard: Wizard) -> Starlette:
    """The application. `app.state.live.end()` ends the open streams, as the console's does."""
    token, run = secrets.token_urlsafe(24), secrets.token_hex(8)
    setup = SetupPages(wizard, Pages(token, run), run)

    async def to_setup(request: Request) -> Response:
        return RedirectResponse("/setup", 303)

    async def not_there(request: Request, error: Exception) -> Response:
        if request.method in SAFE:
            return RedirectResponse("/setup", 303)  # whatever page was bookmarked: this PC is set up first
        status = error.status_code if isinstance(error, HTTPException) else 404
        return JSONResponse({"vi": "Máy này chưa gia nhập máy chủ.", "en": "This PC has not joined a server."}, status)

    app = Starlette(
        routes=[
            Route("/", to_setup),
            *setup.routes(),
            Mount("/static/fonts", StaticFiles(directory=font_folder())),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, token=token)],
        exception_handlers={HTTPException: not_there},
    )
    app.state.live = setup
    return app
