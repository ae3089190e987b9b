"""The loop that serves the desk's pages, to this PC alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.desk import Desk
from bridge_agent.console.app import create_app
from bridge_agent.console.serving import serve
from bridge_agent.errors import ConsoleError
from bridge_agent.journal import Journal
from bridge_agent.setup.wizard import Wizard
from models.health import Health

AGAIN_S = 30.0


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

    While the port can't be had an alarm says so, and recording goes on.
    """

    def listening(address: str) -> None:
        alarms.clear("console")
        journal.say("console", f"Trang điểm danh: {address}", f"The pages: {address}", port=port)

    while True:
        setup = wizard(desk)
        try:
            app = create_app(desk, report, health=health, support=support, wizard=setup)
            await serve(app, port=port, listening=listening)
        except ConsoleError as error:
            alarms.set("console", error.vi, error.en)
        finally:
            await setup.close()
        await asyncio.sleep(AGAIN_S)
