"""/admin/bridge-points: which there are, when each was heard last, letting a PC join, and putting one out of use."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, text
from starlette.concurrency import run_in_threadpool

from central_server.accounts.guard import ActorDep, guard
from central_server.bridge_points.joining import NewToken, make_token
from central_server.bridge_points.rotation import revoke
from central_server.errors import InputError, NotFoundError, ServerError
from central_server.participation.live import LiveBoard
from central_server.services import Services, ServicesDep
from central_server.web.headers import page_language
from models import join_code

router = APIRouter(prefix="/admin/bridge-points", dependencies=[guard("administer")])

Typed = Annotated[str, Form()]

_THIS_HOST = frozenset({"localhost", "127.0.0.1", "::1"})
"""A line with such an address helps no PC but the server itself."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
_POINTS = text("SELECT id, code, name FROM bridge_point ORDER BY code")
_DEVICES = text(
    "SELECT d.id, d.bridge_point, d.joined_at, k.expires_at, k.revoked, max(h.received_at) AS received_at"
    " FROM device d JOIN device_key k ON k.device = d.id"
    " AND k.number = (SELECT max(number) FROM device_key WHERE device = d.id)"
    " LEFT JOIN signed_head h ON h.device = d.id GROUP BY d.id ORDER BY d.joined_at DESC"
)
_CODE_OF = text("SELECT code FROM bridge_point WHERE id = :point")
_TAKEN = text("SELECT 1 FROM bridge_point WHERE code = :code")
_ADD = text("INSERT INTO bridge_point (id, code, name) VALUES (:id, :code, :name)")


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A PC that has joined. Times: server time, ms."""

    id: str
    joined_at: int
    heard_at: int | None
    """Last batch or live status."""
    good: bool
    """Its key is neither revoked nor expired."""
    revoked: bool


@dataclass(frozen=True, slots=True)
class PointRow:
    """A bridge point in the list."""

    id: str
    code: str
    name: str
    devices: tuple[DeviceRow, ...]
    """Newest first."""


def list_points(connection: Connection, live: LiveBoard, now: int) -> list[PointRow]:
    """All bridge points with their PCs."""
    devices: dict[str, list[DeviceRow]] = {}
    for row in connection.execute(_DEVICES):
        heard = [at for at in (row.received_at, live.heard(row.id)) if at is not None]
        one = DeviceRow(
            row.id, row.joined_at, max(heard, default=None), not row.revoked and row.expires_at > now, bool(row.revoked)
        )
        devices.setdefault(row.bridge_point, []).append(one)
    return [PointRow(row.id, row.code, row.name, tuple(devices.get(row.id, ()))) for row in connection.execute(_POINTS)]


async def _page(
    request: Request, of: Services, *, made: NewToken | None = None, done: str = "", error: ServerError | None = None,
    typed: tuple[str, str] = ("", ""),
) -> Response:  # fmt: skip
    def read() -> list[PointRow]:
        with of.engine.connect() as connection:
            return list_points(connection, of.live, of.now())

    sentence = error.sentence(page_language(request)) if error else None
    context = {
        "points": await run_in_threadpool(read), "made": made, "done": done, "sentence": sentence, "typed": typed,
        "now": of.now(),
    }  # fmt: skip
    if made is not None:
        line = join_code.write(of.config.public_address or str(request.base_url), made.token)
        only_here = of.config.public_address is None and request.base_url.hostname in _THIS_HOST
        context |= {
            "only_here": only_here,
            "line": line,
            "code": segno.make(line, error="m").svg_inline(scale=5, border=4, light="#fff"),
        }
    return of.pages.page(request, "bridge_points.html", error.status if error else 200, **context)


@router.get("")
async def points_page(request: Request, of: ServicesDep, done: str = "") -> Response:
    """The list."""
    return await _page(request, of, done=done)


@router.post("")
async def add_point(request: Request, of: ServicesDep, code: Typed = "", name: Typed = "") -> Response:
    """Add a bridge point."""
    code, name = code.strip(), " ".join(name.split())

    def job(connection: Connection) -> None:
        if not _CODE.fullmatch(code) or not 1 <= len(name) <= 120:
            raise InputError(
                "Hãy ghi mã (chữ không dấu, số, . _ -, tối đa 32 ký tự) và tên điểm cầu.",
                "Write a code (plain letters, figures, . _ -, at most 32 characters) and the bridge point's name.",
            )
        if connection.execute(_TAKEN, {"code": code}).first() is not None:
            raise InputError(f'Đã có điểm cầu mã "{code}".', f'There is a bridge point with the code "{code}".')
        connection.execute(_ADD, {"id": f"p-{secrets.token_hex(8)}", "code": code, "name": name})

    try:
        await asyncio.wrap_future(of.writer.submit(job))
    except InputError as error:
        return await _page(request, of, error=error, typed=(code, name))
    return RedirectResponse("/admin/bridge-points?done=added", 303)


async def _code_of(of: Services, point: str) -> str:
    def read() -> str | None:
        with of.engine.connect() as connection:
            return connection.execute(_CODE_OF, {"point": point}).scalar_one_or_none()

    code = await run_in_threadpool(read)
    if code is None:
        raise NotFoundError("Không có điểm cầu này.", "There is no such bridge point.")
    return code


@router.post("/{bridge_point}/token")
async def new_token(request: Request, of: ServicesDep, actor: ActorDep, bridge_point: str) -> Response:
    """Make a one-time join token and show it, once."""
    code = await _code_of(of, bridge_point)
    made = await asyncio.wrap_future(of.writer.submit(make_token(code, of.now(), by=actor.account)))
    return await _page(request, of, made=made)


@router.post("/{bridge_point}/revoke")
async def revoke_devices(of: ServicesDep, actor: ActorDep, bridge_point: str) -> Response:
    """Revoke the keys of the bridge point's PCs: a PC that was lost or replaced."""
    code = await _code_of(of, bridge_point)
    devices = await asyncio.wrap_future(of.writer.submit(revoke(code, of.now(), by=actor.account)))
    for device in devices:
        of.keys.forget(device)
    return RedirectResponse("/admin/bridge-points?done=revoked", 303)
