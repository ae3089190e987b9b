"""The agents' records come in here."""

from __future__ import annotations

import asyncio
import logging

from fastapi import APIRouter
from starlette.responses import Response

from central_server.accounts.guard import guard
from central_server.bridge_points.routes import SignedDep, answer
from central_server.errors import KeyExpiredError, RefusedError
from central_server.ledger.ingest import read_batch, take_in
from central_server.services import ServicesDep

router = APIRouter(prefix="/api/agent", dependencies=[guard("device")])
log = logging.getLogger(__name__)


@router.post("/batches")
async def batches(signed: SignedDep, of: ServicesDep) -> Response:
    """Take a batch in (models.records.Batch, NDJSON); the Receipt is sent when the records are durable."""
    now = of.now()
    if now >= signed.device.expires_at:
        raise KeyExpiredError()
    read = read_batch(signed.body, signed.device)
    held = await asyncio.wrap_future(of.writer.submit(take_in(read, now)))
    if isinstance(held, RefusedError):
        log.warning("refused reason=%s device=%s first=%d", held.reason, signed.device.id, read.batch.first_seq)
        raise held
    receipt = of.server_key.sign(held.receipt)
    of.live.records_came(signed.device.id, now)
    log.info("batch device=%s log=%s first=%d seq=%d", receipt.device, receipt.log, read.batch.first_seq, receipt.seq)
    return answer(receipt)
