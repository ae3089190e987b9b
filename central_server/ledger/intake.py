"""Batches that arrive together go into the ledger together: while the writer is at one group, the next one gathers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from central_server.database import Writer
from central_server.errors import RefusedError, UnavailableError
from central_server.ledger.ingest import Held, ReadBatch, take_in

GROUP_RECORDS = 5_000
"""A group that holds so many is full: some 40 ms of writing, so that others who want to write wait no longer."""

_Waiting = tuple[ReadBatch, "asyncio.Future[Held | RefusedError]"]


class Intake:
    """The queue before the ledger. Used from the server's event loop only."""

    def __init__(self, writer: Writer, now: Callable[[], int]) -> None:
        self._writer = writer
        self._now = now
        self._waiting: list[_Waiting] = []
        self._working: asyncio.Task[None] | None = None

    async def take_in(self, read: ReadBatch) -> Held | RefusedError:
        """What `ingest.take_in` says of the batch, once it is durable. Raises UnavailableError."""
        outcome: asyncio.Future[Held | RefusedError] = asyncio.get_running_loop().create_future()
        self._waiting.append((read, outcome))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await outcome

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._give(self._next_group())
        finally:
            self._working = None

    def _next_group(self) -> list[_Waiting]:
        """Those who came first, one batch of each log: a log's next batch needs the head that this one leaves."""
        group: dict[tuple[str, str], _Waiting] = {}
        later: list[_Waiting] = []
        records = 0
        for one in self._waiting:
            point = one[0].batch.signed.checkpoint
            which = (point.device, point.log)
            if which in group or records >= GROUP_RECORDS:
                later.append(one)
            else:
                group[which] = one
                records += len(one[0].records)
        self._waiting = later
        return list(group.values())

    async def _give(self, group: list[_Waiting]) -> None:
        job = asyncio.wrap_future(self._writer.submit(take_in([read for read, _ in group], self._now())))
        await asyncio.wait([job])
        error = job.exception()
        if error is None:
            for (_, outcome), held in zip(group, job.result(), strict=True):
                if not outcome.done():  # its request may be gone
                    outcome.set_result(held)
        elif len(group) == 1 or isinstance(error, UnavailableError):
            for _, outcome in group:
                if not outcome.done():
                    outcome.set_exception(error)
        else:  # one that can't be written must not hold the others up
            for one in group:
                await self._give([one])
