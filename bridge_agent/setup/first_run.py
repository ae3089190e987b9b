"""A PC that has not joined: the wizard alone is served, at the pages' own port, until it is a device of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge_agent import heartbeat
from bridge_agent.config import Settings
from bridge_agent.console.first_app import create_first_app
from bridge_agent.console.serving import serve
from bridge_agent.journal import Journal
from bridge_agent.key_store import KeyStore
from bridge_agent.setup.wizard import Wizard


async def first_run(
    settings: Settings, keys: KeyStore, journal: Journal, stop: asyncio.Event, wall: Callable[[], int]
) -> bool:
    """Serve the wizard until this PC has joined (True), or `stop` is set. Raises ConsoleError, DataFolderError."""
    wizard = Wizard(settings, keys, wall)

    def listening(address: str) -> None:
        journal.say(
            "setup",
            f"Máy này chưa gia nhập máy chủ nào. Hãy mở {address} để cài đặt.",
            f"This PC has not joined a server. Open {address} to set it up.",
        )

    serving = asyncio.create_task(
        serve(create_first_app(wizard), port=settings.config.console_port, listening=listening)
    )
    events = [asyncio.create_task(event.wait()) for event in (wizard.joined, stop)]
    try:
        with heartbeat.watched_loop(settings.folder.hung):
            await asyncio.wait([serving, *events], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving  # raises why it can't be served
    finally:
        for task in (serving, *events):
            task.cancel()
        await asyncio.gather(serving, *events, return_exceptions=True)
        await wizard.close()
    if not wizard.has_joined:
        journal.note("stopped")
    return wizard.has_joined
