"""What every agent asks: to join, for the time, and to be believed."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from central_server.accounts.guard import guard
from central_server.bridge_points.joining import join
from central_server.bridge_points.rotation import rotate
from central_server.bridge_points.signature import KnownDevice, check_claim, claim_in
from central_server.errors import CutOffError, InvalidError, SignatureError, TooLargeError, TooSlowError
from central_server.ledger.ingest import BODY_LIMIT
from central_server.services import Services, ServicesDep
from central_server.web.description import described
from models.reasons import reason
from models.receipts import Receipt
from models.wire import JoinAnswer, JoinRequest, Message, RotateAnswer, RotateRequest, ServerTime

T = TypeVar("T", bound=Message)

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose signature was found to be its device's."""

    device: KnownDevice
    body: bytes


async def read_body(request: Request, seconds: float) -> bytes:
    """The request's body.

    Raises TooLargeError as soon as it is longer than the largest valid batch, TooSlowError when it is not whole after
    `seconds`, CutOffError when the line is cut before.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                body += part
                if len(body) > BODY_LIMIT:
                    raise TooLargeError(
                        f"Yêu cầu lớn hơn {BODY_LIMIT} byte.", f"The request is longer than {BODY_LIMIT} bytes."
                    )
    except TimeoutError as error:
        raise TooSlowError(seconds) from error
    except ClientDisconnect as error:
        raise CutOffError() from error
    return bytes(body)


async def known_device(of: Services, device: str, now: int) -> KnownDevice:
    """The device with that id and its present key. Raises UnknownDeviceError or KeyRevokedError."""
    known = of.keys.remembered(device, now)
    return await run_in_threadpool(of.keys.of, device, now) if known is None else known


async def signed_request(request: Request, of: ServicesDep) -> SignedRequest:
    """Dependency of every route that only a joined device may use."""
    body = await read_body(request, of.config.body_seconds)
    claim, now = claim_in(request.headers.get("authorization", "")), of.now()
    device = await known_device(of, claim.device, now)
    check_claim(claim, device, request.method, request.scope["path"], body, now)
    return SignedRequest(device, body)


SignedDep = Annotated[SignedRequest, Depends(signed_request)]


def decode_message(body: bytes, kind: type[T]) -> T:
    """The message in a body. Raises InvalidError."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = reason(error)
        raise InvalidError(f"Yêu cầu không hợp lệ: {why.vi}.", f"The request is not valid: {why.en}.") from error


def answer(message: Message | Receipt) -> Response:
    """A message as a response."""
    return Response(msgspec.json.encode(message), media_type="application/json")


@router.get("/time", **described(ServerTime))
async def time(of: ServicesDep) -> Response:
    """The server's clock."""
    return answer(ServerTime(server_time=of.now()))


@router.post("/join", **described(JoinAnswer, JoinRequest, (400, 403, 408, 413, 422)))
async def join_route(request: Request, of: ServicesDep) -> Response:
    """Join with a one-time token."""
    asked = decode_message(await read_body(request, of.config.body_seconds), JoinRequest)
    joined = await asyncio.wrap_future(of.writer.submit(join(asked, of.now(), of.server_key.public)))
    log.info("joined device=%s bridge_point=%s", joined.device, joined.bridge_point)
    return answer(joined)


@router.post("/rotate", **described(RotateAnswer, RotateRequest, (400, 401, 408, 413, 422)))
async def rotate_route(request: Request, of: ServicesDep) -> Response:
    """Give a device a new key; the old one, even when its answer was lost, signs the request."""
    body = await read_body(request, of.config.body_seconds)
    claim, path, now = claim_in(request.headers.get("authorization", "")), request.scope["path"], of.now()
    device = await run_in_threadpool(of.keys.of, claim.device, now)
    try:
        check_claim(claim, device, request.method, path, body, now)
    except SignatureError:
        device = await run_in_threadpool(of.keys.previous, claim.device, now)
        check_claim(claim, device, request.method, path, body, now)
    asked = decode_message(body, RotateRequest)
    rotated = await asyncio.wrap_future(of.writer.submit(rotate(device, asked, now)))
    of.keys.forget(device.id)
    log.info("rotated device=%s", device.id)
    return answer(rotated)
