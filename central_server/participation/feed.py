"""The live page's feed: one rendering a second for all who watch a session in one language.

A page is made of parts with ids (the headline, a bridge point's condition, a learner's row). Each second the parts that
changed are rendered once and the same bytes go to every viewer. A viewer who falls behind, or comes back, says which
version it has and gets what changed since; from another feed (the server was restarted) it gets all parts. When the set
of parts is another than the viewer's, the page is told to say so: rows are never put in under a reader's eyes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from central_server.errors import ServerError
from models.language import Language

TICK_S = 1.0
IDLE_TICKS = 30
"""A feed that nobody watches ends after so many ticks."""

Render = Callable[[], dict[str, Markup]]
"""The parts of the page now, by id, in order; called in a thread."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page, and the version in which it last changed."""

    html: Markup
    version: int


class Feed:
    """The parts of one page, kept up to date while somebody watches."""

    def __init__(self, render: Render) -> None:
        self._render = render
        self._name = secrets.token_hex(4)
        self._set = ""
        self._changed = asyncio.Condition()
        self._delta = b""
        self._viewers = 0
        self._idle = 0
        self.version = 0
        self.parts: dict[str, Part] = {}
        self.over = False

    @property
    def mark(self) -> str:
        """What a page remembers to say which version it has."""
        return f"{self._set}-{self._name}-{self.version}"

    async def refresh(self) -> None:
        """Render anew and tell the viewers. Raises NotFoundError or SQLAlchemyError; the parts then stay."""
        new = await asyncio.to_thread(self._render)
        self.version += 1
        self._set = hashlib.sha256("\n".join(sorted(new)).encode()).hexdigest()[:12]
        self.parts = {
            name: before if (before := self.parts.get(name)) and before.html == html else Part(html, self.version)
            for name, html in new.items()
        }
        self._delta = self._since(self.version - 1)
        async with self._changed:
            self._changed.notify_all()

    async def run(self) -> None:
        """Refresh every second until nobody has watched for a while, or `end`."""
        try:
            while not self.over and self._idle < IDLE_TICKS:
                await asyncio.sleep(TICK_S)
                self._idle = 0 if self._viewers else self._idle + 1
                try:
                    await self.refresh()
                except (ServerError, SQLAlchemyError):
                    log.warning("the live page could not be computed", exc_info=True)
        finally:
            await self.end()

    async def end(self) -> None:
        """End all streams; browsers come back by themselves."""
        self.over = True
        async with self._changed:
            self._changed.notify_all()

    async def stream(self, mark: str) -> AsyncIterator[bytes]:
        """Server-sent events from the version that `mark` names on."""
        parts, _, rest = mark.partition("-")
        name, _, number = rest.partition("-")
        have = int(number) if name == self._name and number.isdigit() else 0
        parts = parts or self._set
        self._viewers += 1
        try:
            while not self.over:
                version = self.version
                if parts != self._set:
                    have = 0
                    yield b"event: reload\ndata: \n\n"
                elif have != version:
                    message = self._delta if have == version - 1 else self._since(have)
                    have = version
                    yield message
                async with self._changed:
                    while not self.over and version == self.version:
                        await self._changed.wait()
        finally:
            self._viewers -= 1

    def _since(self, version: int) -> bytes:
        """The message with all parts that changed after `version`."""
        partials = "".join(
            f'<hx-partial hx-target="#{name}" hx-swap="outerMorph">{part.html}</hx-partial>'
            for name, part in self.parts.items()
            if part.version > version
        )
        data = "".join(f"data: {line}\n" for line in partials.splitlines() or [""])  # empty: still alive
        return f"id: {self.mark}\n{data}\n".encode()


class Feeds:
    """The feeds that run, by session, language and the bridge points that are shown (None: all)."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, Language, frozenset[str] | None], tuple[Feed, asyncio.Task[None]]] = {}

    async def of(
        self, session: str, lang: Language, render: Render, points: frozenset[str] | None = None
    ) -> Feed:  # fmt: skip
        """The feed of a session in a language, up to date; it starts when nobody had it. Raises NotFoundError."""
        wanted = (session, lang, points)
        for key in [key for key, (feed, task) in self._running.items() if feed.over or task.done()]:
            del self._running[key]
        if wanted not in self._running:
            feed = Feed(render)
            await feed.refresh()
            if wanted not in self._running:  # or somebody else was faster meanwhile
                self._running[wanted] = (feed, asyncio.create_task(feed.run()))
        return self._running[wanted][0]

    async def end(self) -> None:
        """End all feeds and their streams."""
        for feed, _ in self._running.values():
            await feed.end()
        for _, task in self._running.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)
        self._running.clear()
