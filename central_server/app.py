"""The app factory: the only place where the server is wired together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from fastapi import FastAPI, Request, Response

import central_server.bridge_points.routes
import central_server.courses.routes
import central_server.ledger.routes
import central_server.participation.agent_routes
from central_server.bridge_points.signature import DeviceKeys
from central_server.config import Config
from central_server.database import Writer, open_database
from central_server.errors import RefusedError, ServerError
from central_server.participation.live import LiveBoard
from central_server.services import Clock, Services


def wall_clock() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def create_app(config: Config, now: Clock = wall_clock) -> FastAPI:
    """The server as an ASGI app. The database is opened when it starts, not here.

    now: the server's clock, ms since 1970 UTC.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = open_database(config.database)
        try:
            with Writer(engine) as writer:
                app.state.services = Services(config, now, engine, writer, DeviceKeys(engine), LiveBoard())
                yield
        finally:
            engine.dispose()

    # Its description of itself is no page: the browser page for it would load scripts from elsewhere.
    app = FastAPI(title="Điểm danh", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(central_server.bridge_points.routes.router)
    app.include_router(central_server.courses.routes.router)
    app.include_router(central_server.ledger.routes.router)
    app.include_router(central_server.participation.agent_routes.router)
    app.add_exception_handler(ServerError, render_error)
    app.add_api_route("/health", health, methods=["GET"])
    return app


async def health() -> Response:
    """Whether the server runs: the one page for everybody."""
    return Response('{"ok":true}', media_type="application/json")


async def render_error(request: Request, error: Exception) -> Response:
    """Every ServerError ends here."""
    if isinstance(error, RefusedError):
        return Response(msgspec.json.encode(error.refusal()), error.status, media_type="application/json")
    raise error
