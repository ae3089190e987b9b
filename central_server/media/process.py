"""The relay process as the server sees it: started, watched, started again, ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from central_server.media import relay_start
from central_server.media.messages import Command, Event, Settings, Stop
from models.child_process import ChildProcess

log = logging.getLogger(__name__)
START_S = 60.0
"""A relay that is not ready after this long is started anew: a machine with thirty times too much to do takes 20 s."""
SILENT_S = 5.0
"""A relay that tells nothing for so long hangs, and is killed: it tells something every second."""
AGAIN_S = (0.1, 0.1, 0.5, 1.0, 5.0)
"""Pauses before it is started again; the last one is kept while it dies within CALM_S."""
CALM_S = 30.0
STOP_S = 2.0


class RelayProcess:
    """Keeps one relay running, in a task of the server's event loop.

    settings: what each relay is started with. on_event: gets what it tells; on_lost: it ended, and is started again.
    """

    def __init__(
        self, settings: Callable[[], Settings], on_event: Callable[[Event], None], on_lost: Callable[[], None]
    ) -> None:  # fmt: skip
        self._settings, self._on_event, self._on_lost = settings, on_event, on_lost
        self._child: ChildProcess[Event, Command] | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The relay's process id, while one runs."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start it, if it was not started already."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._keep())

    def tell(self, command: Command) -> None:
        """Tell the relay, if one runs."""
        if self._child is not None:
            self._child.tell(command)

    async def end(self) -> None:
        """End it."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait([self._task])
        if self._child is not None:
            await self._child.stop(Stop(), lambda event: None, STOP_S)
            self._child = None

    async def _keep(self) -> None:
        loop, deaths = asyncio.get_running_loop(), 0
        while True:
            began = loop.time()
            try:
                why = await self._listen()
            except TimeoutError:
                why = "silent"
            except (
                Exception
            ) as error:  # a supervisor: without it no class would have pictures until the server restarts
                why = type(error).__name__
                log.warning("relay not kept", exc_info=True)
            self._lost()
            deaths = deaths + 1 if loop.time() - began < CALM_S else 0
            log.warning("relay lost why=%s", why)
            await asyncio.sleep(AGAIN_S[min(deaths, len(AGAIN_S) - 1)])

    async def _listen(self) -> str:
        """One relay until it ends: how. Raises TimeoutError when it is silent, OSError when it can't be started."""
        child = self._child = ChildProcess[Event, Command]("relay", relay_start.main, self._settings(), daemon=True)
        limit = START_S
        while (event := await child.event(limit)) is not None:
            limit = SILENT_S
            self._on_event(event)
        return f"exit {await child.exit_code()}"

    def _lost(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None
        try:
            self._on_lost()
        except Exception:  # as in _keep
            log.warning("the relay's loss was not told to all", exc_info=True)
