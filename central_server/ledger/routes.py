"""The agents' records come in here."""

from __future__ import annotations

import logging

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import answer, known_device, read_body
from central_server.errors import KeyExpiredError, RefusedError, ServerError
from central_server.ledger.ingest import decoded, read_batch
from central_server.services import ServicesDep, services_of
from central_server.web.description import described, takes_lines
from central_server.web.rendering_errors import answer_error, answer_unexpected
from models.receipts import Receipt

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)
PATH = "/api/agent/batches"


@router.post(
    "/batches",
    openapi_extra=takes_lines("A signed checkpoint, then the records' lines (models.records.Batch)."),
    **described(Receipt, refused=(400, 401, 408, 409, 413, 422)),
)
async def batches(request: Request, of: ServicesDep) -> Response:
    """Take a batch in (models.records.Batch, NDJSON); the Receipt is sent when the records are durable.

    The batch's own signature tells whose it is; one over the request would prove nothing more, for a batch that is sent
    again by whomever changes nothing.
    """
    batch = decoded(await read_body(request, of.config.body_seconds))
    now = of.now()
    device = await known_device(of, batch.signed.checkpoint.device, now)
    if now >= device.expires_at:
        raise KeyExpiredError()
    held = await of.intake.take_in(read_batch(batch, device))
    if isinstance(held, RefusedError):
        log.warning("refused reason=%s device=%s first=%d", held.reason, device.id, batch.first_seq)
        raise held
    receipt = of.server_key.sign(held.receipt)
    of.live.records_came(device.id, now)
    return answer(receipt)


class BatchesFirst:
    """The app as it is served: batches go past its layers, which cost a third of the event loop's time for a batch.

    What they do is for people's pages; the route above says to the API's description and the guards what stands here.
    """

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a batch; pass all else on."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        request = Request(scope, receive)
        of = services_of(request)
        try:
            response = await batches(request, of)
        except ServerError as error:
            response = answer_error(of.pages, request, error, PATH)
        except Exception:  # whatever nobody foresaw gets the app's sentence; uvicorn logs what is raised on
            await answer_unexpected(of.pages, request)(scope, receive, send)
            raise
        await response(scope, receive, send)
