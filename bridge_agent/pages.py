"""The loop that serves the desk's pages, to this PC alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import Desk
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.errors import ConsoleError
from bridge_agent.journal import Journal
from bridge_agent.setup.wizard import Wizard
from models.health import Health

AGAIN_S = 3.0
LET_GO_S = 2.0
ASK_S = 3.0
"""The pages are asked for so often, as a browser would; one that gets no answer within as long, twice, is told."""


async def pages(
    port: int,
    report: Path,
    support: Callable[[], bytes],
    journal: Journal,
    wizard: Callable[[Desk], Wizard],
    desk: Desk,
    alarms: Alarms,
    health: Callable[[], Health] | None,
) -> None:
    """Serve the pages on this port until cancelled, `report`, `support` and `wizard` (create_app) among them.

    While the port can't be had an alarm says so, and recording goes on. Pages that do not answer are served anew.
    """
    address = f"http://127.0.0.1:{port}"

    def listening(where: str) -> None:
        nonlocal address
        address = where
        alarms.clear("console")
        journal.say("console", f"Trang điểm danh: {address}", f"The pages: {address}", port=port)

    while True:
        setup = wizard(desk)
        app = create_app(desk, report, health=health, support=support, wizard=setup)
        serving = asyncio.create_task(serve(app, port=port, listening=listening))
        try:
            await _while_it_answers(serving, lambda: address)
        except ConsoleError as error:
            alarms.set("console", error.vi, error.en)
        else:
            journal.lost("console", "no answer")
        finally:
            serving.cancel()
            await asyncio.wait({serving}, timeout=LET_GO_S)
            await setup.close()
        await asyncio.sleep(AGAIN_S)


async def _while_it_answers(serving: asyncio.Task[None], address: Callable[[], str]) -> None:
    """Until it gives no answer twice in a row, or ends. Raises what serving raises."""
    silent = 0
    while silent < 2:
        await asyncio.wait({serving}, timeout=ASK_S)
        if serving.done():
            return await serving
        silent = 0 if await _answers(urlsplit(address()).port) else silent + 1


async def _answers(port: int | None) -> bool:
    """The lightest page comes."""
    try:
        async with asyncio.timeout(ASK_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"HEAD /static/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).startswith(b"HTTP/1.1 ")
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
