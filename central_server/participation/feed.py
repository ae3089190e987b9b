"""The live page's feed: one rendering a second for all who watch a session in one language.

A page is made of groups of parts: its head, each bridge point's row, each opened bridge point's learners. A viewer says
which groups its page shows. Each second the groups that anybody shows are rendered once, and what changed is made into
bytes once; viewers who show the same groups get the same message. A viewer who falls behind, or comes back, says which
version it has and gets what changed since; from another feed (the server was restarted) it gets all its parts. When
bridge points or learners have come or gone, the page is told to say so: nothing is put in under a reader's eyes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from central_server.errors import ServerError
from central_server.participation.view import HEAD, SessionView
from central_server.works import Works, told
from models.language import Language

TICK_S = 1.0
WORK = "live pages"
"""Its name in central_server.works."""
IDLE_TICKS = 30
"""A feed that nobody watches ends after so many ticks."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page as it is sent, and the version in which it last changed."""

    html: Markup
    sent: str
    version: int


class Feed:
    """The parts of one page, kept up to date while somebody watches."""

    def __init__(self, view: SessionView, works: Works, session: str) -> None:
        self.view = view
        self._works, self._session = works, session
        self._name = secrets.token_hex(4)
        self._plan = ""
        self._changed = asyncio.Condition()
        self._groups: dict[str, dict[str, Part]] = {}
        self._messages: dict[tuple[frozenset[str], int], bytes] = {}
        self._shown: Counter[str] = Counter()
        self._viewers = 0
        self._idle = 0
        self.version = 0
        self.over = False

    @property
    def mark(self) -> str:
        """What a page remembers to say which version it has."""
        return f"{self._plan}-{self._name}-{self.version}"

    async def refresh(self) -> None:
        """Render anew and tell the viewers. Raises NotFoundError or SQLAlchemyError; the parts then stay."""
        new = await asyncio.to_thread(self.view.render, {HEAD, *self._shown})
        self.version += 1
        self._plan = new.plan
        self._groups = {group: self._parts(group, parts) for group, parts in new.groups.items()}
        self._messages.clear()
        async with self._changed:
            self._changed.notify_all()

    def _parts(self, group: str, new: Mapping[str, Markup]) -> dict[str, Part]:
        before = self._groups.get(group, {})
        return {
            name: old if (old := before.get(name)) and old.html == html else Part(html, _sent(name, html), self.version)
            for name, html in new.items()
        }

    async def run(self) -> None:
        """Refresh every second until nobody has watched for a while, or `end`."""
        try:
            while not self.over and self._idle < IDLE_TICKS:
                await asyncio.sleep(TICK_S)
                self._idle = 0 if self._viewers else self._idle + 1
                try:
                    await self.refresh()
                    self._works.well(WORK, self._session)
                except (ServerError, SQLAlchemyError) as error:
                    self._works.failed(WORK, *told(error), thing=self._session)
                    log.warning("the live page could not be computed", exc_info=True)
        finally:
            self._works.well(WORK, self._session)  # nobody watches any more
            await self.end()

    async def end(self) -> None:
        """End all streams; browsers come back by themselves."""
        self.over = True
        async with self._changed:
            self._changed.notify_all()

    async def stream(self, mark: str, groups: Collection[str] = ()) -> AsyncIterator[bytes]:
        """Server-sent events for a page that shows these groups, from the version that `mark` names on."""
        shown = frozenset({HEAD, *groups})
        plan, _, rest = mark.partition("-")
        name, _, number = rest.partition("-")
        have = int(number) if name == self._name and number.isdigit() else 0
        plan = plan or self._plan
        self._viewers += 1
        self._shown.update(shown)
        try:
            while not self.over:
                version = self.version
                if plan != self._plan:
                    have = 0
                    yield b"event: reload\ndata: \n\n"
                elif have != version:
                    message = self._message(shown, have)
                    have = version
                    yield message
                async with self._changed:
                    while not self.over and version == self.version:
                        await self._changed.wait()
        finally:
            self._viewers -= 1
            self._shown.subtract(shown)
            self._shown += Counter()  # drops what nobody shows any more

    def _message(self, shown: frozenset[str], have: int) -> bytes:
        """The message with what changed in these groups after version `have`; viewers with the same page share it."""
        made = self._messages.get((shown, have))
        if made is None:
            changed = "".join(
                part.sent
                for group, parts in self._groups.items()
                if group in shown
                for part in parts.values()
                if part.version > have
            )
            data = changed or "data: \n"  # empty: still alive
            made = self._messages[shown, have] = f"id: {self.mark}\n{data}\n".encode()
        return made


def _sent(name: str, html: Markup) -> str:
    partial = f'<hx-partial hx-target="#{name}" hx-swap="outerMorph">{html}</hx-partial>'
    return "".join(f"data: {line}\n" for line in partial.splitlines())


class Feeds:
    """The feeds that run, by session, language and what of the session is shown."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._running: dict[tuple[str, Language, Hashable], tuple[Feed, asyncio.Task[None]]] = {}

    async def of(self, session: str, lang: Language, seen: Hashable, view: Callable[[], SessionView]) -> Feed:
        """The feed of what `view` shows, the same for all who see the same (`seen`); starts when nobody had it. Raises
        NotFoundError."""
        wanted = (session, lang, seen)
        for key in [key for key, (feed, task) in self._running.items() if feed.over or task.done()]:
            del self._running[key]
        if wanted not in self._running:
            feed = Feed(view(), self._works, session)
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
