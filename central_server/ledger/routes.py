"""The agents' records come in here."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import answer, known_device, read_body
from central_server.errors import KeyExpiredError, RefusedError
from central_server.ledger.ingest import decoded, read_batch
from central_server.services import ServicesDep
from central_server.web.description import described, takes_lines
from models.receipts import Receipt

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)


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
