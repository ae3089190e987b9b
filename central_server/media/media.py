"""The media of all sessions as the server sees them: what is up, who is heard, who spoke; and the tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from central_server.media.rooms import RoomMedia, Voice
from central_server.media.tokens import MediaTokens

Changed = Callable[[str], None]
"""Told the session (id) in which something changed."""


class Media:
    """Owns and watches the relay process. Used from the server's event loop only."""

    def __init__(self, tokens: MediaTokens) -> None:
        self.tokens = tokens
        self.generation = 0
        """Counts the relay's starts: pages connect again when it grows."""
        self._rooms: dict[str, dict[str, RoomMedia]] = {}
        self._heard: dict[str, frozenset[str]] = {}
        self._voices: dict[tuple[str, str], Voice] = {}
        self._listening: list[Changed] = []

    def rooms(self, session: str) -> Mapping[str, RoomMedia]:
        """The rooms (ids of bridge points) of the session of which something is up now."""
        return self._rooms.get(session, {})

    async def let_hear(self, session: str, rooms: frozenset[str]) -> None:
        """Pass on the `sound` of these rooms of the session and of no other: those are received, measured and dropped.

        Holds until it is said anew, also over a start of the relay. Nobody is heard before it is said.
        """
        self._heard[session] = rooms

    def spoken_ms(self, session: str, room: str, start: int, end: int) -> int:
        """How long the room spoke between two moments (server time, ms), by its sound's audio levels (RFC 6464)."""
        voice = self._voices.get((session, room))
        return voice.within(start, end) if voice else 0

    def listen(self, changed: Changed) -> Callable[[], None]:
        """Tell `changed` whenever rooms(), generation or who speaks changes; the answer ends that."""
        self._listening.append(changed)
        return lambda: self._listening.remove(changed)
