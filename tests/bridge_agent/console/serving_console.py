"""The real console on a free port, over the scripted desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from tests.bridge_agent.console.scripted_desk import ScriptedDesk

NOWHERE = Path("no-calibration.html")


@dataclass
class Console:
    """A console that runs."""

    desk: ScriptedDesk
    address: str
    task: asyncio.Task[None]

    async def stop(self) -> None:
        """As the agent ends it."""
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def token(self, client: httpx.AsyncClient) -> str:
        """What our own pages hold."""
        page = (await client.get(self.address)).text
        return page.split('<meta name="token" content="')[1].split('"')[0]


@asynccontextmanager
async def console(
    desk: ScriptedDesk | None = None, port: int = 0, linger_s: float = 10.0, report: Path = NOWHERE
) -> AsyncIterator[Console]:
    """Serve until the block ends."""
    desk = desk or ScriptedDesk()
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(create_app(desk, report, linger_s), port=port, listening=address.set_result))
    running = Console(desk, await address, task)
    try:
        yield running
    finally:
        await running.stop()
