"""The agents' records come in here."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response

from central_server.bridge_points.routes import answer, signed_request
from central_server.errors import KeyExpiredError, RefusedError
from central_server.ledger.ingest import read_batch
from central_server.services import services_of

router = APIRouter()
log = logging.getLogger(__name__)


async def batches(request: Request) -> Response:
    """Take a batch in (models.records.Batch, NDJSON); the Receipt is sent when the records are durable."""
    of = services_of(request)
    signed, now = await signed_request(request, of), of.now()
    if now >= signed.device.expires_at:
        raise KeyExpiredError()
    read = read_batch(signed.body, signed.device)
    held = await of.intake.take_in(read)
    if isinstance(held, RefusedError):
        log.warning("refused reason=%s device=%s first=%d", held.reason, signed.device.id, read.batch.first_seq)
        raise held
    receipt = of.server_key.sign(held.receipt)
    of.live.records_came(signed.device.id, now)
    return answer(receipt)


# A route of Starlette's: finding dependencies takes FastAPI as long as checking a signature.
router.add_route("/api/agent/batches", batches, methods=["POST"])
