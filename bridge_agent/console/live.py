"""Server-sent events: a page's parts as they change, and what its script has to know; each message also says that the
agent is alive.

A message is JSON: {"run", "clock", "now" (server time, ms), "parts": {id: html of the element}, "state": {...}}. Parts
that did not change since the stream's last message are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from bridge_agent.check_in.desk import Desk, DeskError, DeskView
from bridge_agent.console.guard import OTHER_SITE
from bridge_agent.console.words import second_time

BEAT_S = 2.0
"""A message comes at least so often; a page that hears nothing for 5 s says that it is not live."""
LINGER_S = 10.0
"""A page that is loaded anew is back by then; after it, the camera is let go."""

Show = Callable[[DeskView], tuple[dict[str, str], dict[str, Any]]]
"""Of a view: the parts' HTML by id, and the state."""


class EventStream(StreamingResponse):
    """An answer that ends its generator at once when the page is gone."""

    media_type = "text/event-stream"

    def __init__(self, messages: AsyncGenerator[str]) -> None:
        super().__init__(messages)
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the page or the agent ends. Not to who opens the stream as if it were a page: any site's link may
        do that (console.guard), and streams have the camera used."""
        try:
            if Headers(scope=scope).get("sec-fetch-mode") == "navigate":
                await PlainTextResponse(" ".join(OTHER_SITE), 403)(scope, receive, send)
                return
            await super().__call__(scope, receive, send)
        finally:
            await self._messages.aclose()


class Live:
    """All open streams of one console."""

    def __init__(self, desk: Desk, run: str, linger_s: float = LINGER_S) -> None:
        self._desk = desk
        self._run = run
        self._linger_s = linger_s
        self._ending = asyncio.Event()
        self._open: dict[str, int] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self.also: Callable[[], None] = lambda: None
        """Ends other streams of the same console."""

    def end(self) -> None:
        """End all streams now: they would hold the agent's end back."""
        self._ending.set()
        self.also()
        for task in self._leaving.values():
            task.cancel()

    async def stream(self, show: Show, at_most_every_s: float = 0.0) -> AsyncGenerator[str]:
        """The messages of one page. `at_most_every_s`: a dense page needs no more."""
        sent: dict[str, str] = {}
        while not self._ending.is_set():
            view = self._desk.view()
            parts, state = show(view)
            new = {key: html for key, html in parts.items() if sent.get(key) != html}
            sent |= new
            message = {
                "run": self._run, "clock": second_time(view.now), "now": view.now, "parts": new, "state": state,
            }  # fmt: skip
            yield f"data: {msgspec.json.encode(message).decode()}\n\n"
            if at_most_every_s:
                await self._or_end(asyncio.sleep(at_most_every_s))
            await self._or_end(self._desk.changed(view.version, BEAT_S))

    async def _or_end(self, wait: Coroutine[Any, Any, object]) -> None:
        """Wait for something, or until the agent ends."""
        waits = {asyncio.ensure_future(wait), asyncio.ensure_future(self._ending.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    def come(self, page: str) -> None:
        """A page was opened that uses the camera."""
        self._open[page] = self._open.get(page, 0) + 1
        if (task := self._leaving.pop(page, None)) is not None:
            task.cancel()

    def go(self, page: str, last: Callable[[], None]) -> None:
        """It was closed. When the last one is and none comes back soon, `last` is called."""
        self._open[page] -= 1
        if self._open[page] == 0 and not self._ending.is_set():
            self._leaving[page] = asyncio.create_task(self._left(page, last))

    async def _left(self, page: str, last: Callable[[], None]) -> None:
        await asyncio.sleep(self._linger_s)
        self._leaving.pop(page, None)
        last()


def opener(desk: Desk) -> Callable[[DeskView], tuple[str, str] | None]:
    """Has the camera used for check-in whenever nobody is being enrolled; says why where that can't be."""

    def open_for(view: DeskView) -> tuple[str, str] | None:
        if view.session is None or view.purpose == "check_in" or view.enrolling is not None:
            return None
        try:
            desk.open("check_in")
        except DeskError as error:
            return error.vi, error.en
        return None

    return open_for
