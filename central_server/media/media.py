"""The media of all sessions as the server sees them: what is up, who is heard, who spoke; and the tokens."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from central_server.config import MediaSettings
from central_server.errors import BusyError, MediaRefusedError, NotFoundError, RelayAwayError
from central_server.media.messages import (
    Answered,
    Beat,
    Close,
    Closed,
    Event,
    LetHear,
    Name,
    Play,
    Publish,
    Ready,
    Refused,
    Settings,
    Way,
)
from central_server.media.process import CALM_S, RelayProcess
from central_server.media.rooms import RoomMedia, Voice
from central_server.media.tokens import Act, MediaTokens
from central_server.media.turn import ice_servers
from central_server.media.udp_check import UdpChecks
from central_server.works import Works
from models.wire import IceServer, Source


@dataclass(frozen=True, slots=True)
class Held:
    """A stream that somebody publishes or plays, or wants to."""

    holder: str
    """As in media.tokens."""
    act: Act
    name: Name


Changed = Callable[[str], None]
"""Told the session (id) in which something changed."""
ANSWER_S = 8.0
"""The relay answers an offer within this time, its own start included, or the peer is told to come again."""
MOST_EACH = 64
"""Resources that one holder may have at once: a page that shows every room's camera, sound and screen has fewer."""
_ALWAYS = 2**53
CLOCK_OFF_MS = 2_000
"""The relay's clock is related to the server's anew when they are this far apart."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Resource:
    """A publisher or viewer at the relay, as WHIP and WHEP know it."""

    id: str
    """Random, and in nobody's hands but its holder's."""
    answer: str
    """SDP."""


class Media:
    """Owns and watches the relay process. Used from the server's event loop only.

    now: server time, ms. turn_secret: as in media.turn.
    """

    def __init__(
        self,
        tokens: MediaTokens,
        settings: MediaSettings,
        turn_secret: bytes,
        now: Callable[[], int],
        works: Works | None = None,
    ) -> None:
        self.tokens = tokens
        self.generation = 0
        """Counts the relay's starts: pages connect again when it grows."""
        self.way: Way | None = None
        """How the relay works: `reencoding` where the installed aiortc allows nothing better; None: it does not run."""
        self.udp_checks = UdpChecks()
        self._settings, self._turn_secret, self._now = settings, turn_secret, now
        self._works = works or Works(now)
        self._relay = RelayProcess(self._relay_settings, self._on_event, self._on_lost)
        self._rooms: dict[str, dict[str, RoomMedia]] = {}
        self._heard: dict[str, frozenset[str]] = {}
        self._heard_from_to: dict[tuple[str, str], tuple[int, int]] = {}
        """When each room (session, room) was let be heard last, server time: what it says otherwise is not counted."""
        self._voices: dict[tuple[str, str], Voice] = {}
        self._listening: list[Changed] = []
        self._held: dict[str, Held] = {}
        """By resource."""
        self._replaced_by: dict[tuple[str, Name], str] = {}
        """Who took a stream over from a publisher that has not asked again since."""
        self._waiting: dict[str, asyncio.Future[str]] = {}
        self._ready = asyncio.Event()
        self._offset: int | None = None
        """Server time minus relay time, ms."""

    @property
    def relay_pid(self) -> int | None:
        """The relay's process id, while it runs."""
        return self._relay.pid

    @property
    def streams(self) -> int:
        """Publishers and viewers now."""
        return len(self._held)

    def rooms(self, session: str) -> Mapping[str, RoomMedia]:
        """The rooms (ids of bridge points) of the session of which something is up now."""
        return self._rooms.get(session, {})

    def sound_of_devices(self, session: str) -> frozenset[str]:
        """The rooms of the session whose `sound` a device publishes, and no page."""
        return frozenset(
            one.name.room
            for one in self._held.values()
            if (one.act, one.name.session, one.name.source) == ("publish", session, "sound")
            and one.holder.startswith("device:")
        )

    async def let_hear(self, session: str, rooms: frozenset[str]) -> None:
        """Pass on the `sound` of these rooms of the session and of no other: those are received, measured and dropped.

        Holds until it is said anew, also over a start of the relay. Nobody is heard before it is said. When a room
        speaks is kept while it is heard.
        """
        now, before = self._now(), self._heard.get(session, frozenset())
        for room in rooms - before:
            self._heard_from_to[session, room] = now, _ALWAYS
        for room in before - rooms:
            self._heard_from_to[session, room] = self._heard_from_to[session, room][0], now
        self._heard[session] = rooms
        self._relay.tell(LetHear(session, rooms))

    def forget(self, session: str) -> None:
        """Let nobody hear the session's sound any more, and drop what was kept of who spoke in it."""
        if self._heard.pop(session, None):
            self._relay.tell(LetHear(session, frozenset()))
        for kept in (self._voices, self._heard_from_to):
            for key in [key for key in kept if key[0] == session]:
                del kept[key]

    def spoken_ms(self, session: str, room: str, start: int, end: int) -> int:
        """How long the room spoke, and was heard, between two moments (server time, ms), by its sound's audio levels
        (RFC 6464).
        """  # fmt: skip
        voice = self._voices.get((session, room))
        return voice.within(start, end) if voice else 0

    def listen(self, changed: Changed) -> Callable[[], None]:
        """Tell `changed` whenever rooms(), generation or who speaks changes; the answer ends that."""
        self._listening.append(changed)
        return lambda: self._listening.remove(changed)

    def ice_servers(self) -> tuple[IceServer, ...]:
        """The servers by which a holder of a token may connect, with credentials for some hours."""
        return ice_servers(self._settings, self._turn_secret, self._now())

    def start(self) -> None:
        """Start the relay, if it does not run: it is wanted soon. A server without streams has none."""
        self._relay.start()

    async def publish(self, holder: str, session: str, room: str, source: Source, offer: str) -> Resource:
        """Let a holder publish; a stream of that name that is up is replaced when the new one's first packet comes.

        Raises RelayAwayError, BusyError, or MediaRefusedError when the offer (SDP) can't be taken, or (409) to a device
        from which another publisher took the stream over, while that one has it: two PCs would fight for ever.
        """
        name = Name(session, room, source)
        if holder.startswith("device:"):
            self._give_way(holder, name)
        return await self._make(Held(holder, "publish", name), Publish(secrets.token_urlsafe(16), name, offer))

    def _give_way(self, device: str, name: Name) -> None:
        """Raises MediaRefusedError (409) when another publisher has the stream: a newer one, or sound of a page."""
        others = {one.holder for one in self._held.values() if (one.act, one.name) == ("publish", name)} - {device}
        by_page = name.source == "sound" and any(one.startswith("seat:") for one in others)
        if not by_page and self._replaced_by.get((device, name)) not in others:
            self._replaced_by.pop((device, name), None)
            return
        raise MediaRefusedError(
            409,
            "Trang lớp học hoặc một máy khác của điểm cầu này đang phát luồng này. Máy này chờ đến khi luồng kia dừng.",
            "The classroom page or another PC of this bridge point publishes this stream. This one waits until that "
            "one stops.",
        )

    async def play(self, holder: str, session: str, room: str, source: Source, offer: str) -> Resource:
        """Let a holder play. Raises as `publish` does; MediaRefusedError (404) when nobody publishes."""
        name = Name(session, room, source)
        return await self._make(Held(holder, "play", name), Play(secrets.token_urlsafe(16), name, offer))

    def close(self, resource: str, holder: str) -> None:
        """End a resource of the holder's. Raises NotFoundError when it has none of that id."""
        held = self._held.get(resource)
        if held is None or held.holder != holder:
            raise NotFoundError("Luồng này đã kết thúc.", "This stream has ended.")
        self.drop(resource)

    def held(self) -> dict[str, Held]:
        """All resources that are up or being made, by id."""
        return dict(self._held)

    def drop(self, resource: str) -> None:
        """End a resource, whoever holds it; what has ended is left alone."""
        if self._held.pop(resource, None) is not None:
            self._relay.tell(Close(resource))

    async def end(self) -> None:
        """End the relay, and who waits for it."""
        self.udp_checks.close()
        await self._relay.end()
        self._on_lost()

    async def _make(self, held: Held, asked: Publish | Play) -> Resource:
        each = Counter(one.holder for one in self._held.values())
        if len(self._held) >= self._settings.most_streams or each[held.holder] >= MOST_EACH:
            raise BusyError(
                "Đã có quá nhiều luồng hình và tiếng cùng lúc. Hãy đóng bớt trang lớp học rồi thử lại.",
                "Too many streams are up at once. Close some classroom pages and try again.",
            )
        self.start()
        self._held[asked.resource] = held
        made = False
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._ready.wait()
                self._held[asked.resource] = held  # again: a relay that was lost meanwhile took all with it
                waiting = self._waiting[asked.resource] = asyncio.get_running_loop().create_future()
                self._relay.tell(asked)
                answer = await waiting
            made = True
        except TimeoutError as error:
            raise RelayAwayError() from error
        finally:
            self._waiting.pop(asked.resource, None)
            if not made:
                self.drop(asked.resource)
        return Resource(asked.resource, answer)

    def _relay_settings(self) -> Settings:
        heard = tuple(LetHear(session, rooms) for session, rooms in self._heard.items())
        stun = (IceServer(urls=self._settings.stun),) if self._settings.stun else ()
        return Settings(stun, heard, self._settings.pass_packets)

    def _on_event(self, event: Event) -> None:
        match event:
            case Ready(way, why):
                self.way, self.generation = way, self.generation + 1
                self._ready.set()
                self._works.well("relay", calm_s=CALM_S)
                log.info("relay ready way=%s generation=%d", way, self.generation)
                if why:
                    log.warning("relay re-encodes, which costs much processor time why=%s", why)
                self._tell(set(self._heard) | set(self._rooms))
            case Answered(resource, answer):
                self._answered(resource, answer)
            case Refused(resource, status, vi, en):
                self._answered(resource, MediaRefusedError(status, vi, en))
            case Closed(resource, why, by):
                held, newer = self._held.pop(resource, None), self._held.get(by)
                if held is not None and newer is not None and held.holder != newer.holder:
                    self._replaced_by[held.holder, held.name] = newer.holder
                log.info("stream ended why=%s", why.replace(" ", "_"))
            case Beat():
                self._on_beat(event)

    def _answered(self, resource: str, answer: str | Exception) -> None:
        waiting = self._waiting.get(resource)
        if waiting is None or waiting.done():
            return  # whoever asked has gone
        if isinstance(answer, str):
            waiting.set_result(answer)
        else:
            waiting.set_exception(answer)

    def _on_beat(self, beat: Beat) -> None:
        offset = self._now() - beat.clock
        if self._offset is None or abs(offset - self._offset) > CLOCK_OFF_MS:
            self._offset = offset
        for part in beat.spoke:
            key = part.session, part.room
            since, until = self._heard_from_to.get(key, (0, 0))
            start, end = max(part.start + self._offset, since), min(part.end + self._offset, until)
            if start < end:
                self._voices.setdefault(key, Voice()).add(start, end)
        rooms: dict[str, dict[str, RoomMedia]] = {}
        for state in beat.streams:
            name, room = state.name, rooms.setdefault(state.name.session, {})
            before = room.get(name.room, RoomMedia({}))
            room[name.room] = RoomMedia(
                {**before.sources, name.source: state.since + self._offset},
                before.viewers + state.viewers,
                before.speaking or state.speaking,
            )
        was, self._rooms = self._rooms, rooms
        self._tell({session for session in {*was, *rooms} if was.get(session) != rooms.get(session)})

    def _on_lost(self) -> None:
        """The relay ended: nothing is up, and whoever waits comes again."""
        self.way, self._offset = None, None
        self._works.failed("relay", "lost", calm_s=CALM_S)
        self._ready.clear()
        was, self._rooms = self._rooms, {}
        self._held.clear()
        for resource in list(self._waiting):
            self._answered(resource, RelayAwayError())
        self._tell(set(was))

    def _tell(self, sessions: set[str]) -> None:
        for session in sessions:
            for changed in list(self._listening):
                changed(session)
