"""What travels between the server and the relay process, pickled through a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.wire import IceServer, Source

Way = Literal["passing", "reencoding"]


@dataclass(frozen=True, slots=True)
class Name:
    """What a stream is called."""

    session: str
    room: str
    source: Source


@dataclass(frozen=True, slots=True)
class Publish:
    """Answer this offer to publish; `resource` is the id of what comes of it."""

    resource: str
    name: Name
    offer: str
    """SDP."""


@dataclass(frozen=True, slots=True)
class Play:
    """Answer this offer to play."""

    resource: str
    name: Name
    offer: str


@dataclass(frozen=True, slots=True)
class Close:
    """End a resource."""

    resource: str


@dataclass(frozen=True, slots=True)
class LetHear:
    """Pass the sound of these rooms of the session on, and of no other."""

    session: str
    rooms: frozenset[str]


@dataclass(frozen=True, slots=True)
class Stop:
    """End."""


Command = Publish | Play | Close | LetHear | Stop


@dataclass(frozen=True, slots=True)
class Settings:
    """What the relay is started with."""

    ice_servers: tuple[IceServer, ...] = ()
    """STUN servers that tell the relay its public address; none: its own addresses only."""
    heard: tuple[LetHear, ...] = ()
    pass_packets: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """The relay is up."""

    way: Way
    why: str
    """Why it re-encodes; empty when it passes packets."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A resource was made."""

    resource: str
    answer: str
    """SDP."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No resource was made: why, as in errors.MediaRefusedError."""

    resource: str
    status: Literal[400, 404, 406]
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Closed:
    """A resource has ended."""

    resource: str
    why: str
    by: str = ""
    """The resource that replaced it."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream that is up."""

    name: Name
    since: int
    """Relay time, ms."""
    viewers: int
    speaking: bool


@dataclass(frozen=True, slots=True)
class Spoke:
    """A room spoke from then to then (relay time, ms), following what was told before."""

    session: str
    room: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Beat:
    """The relay lives; told every second, and at once when something changed."""

    clock: int
    """Relay time, ms."""
    streams: tuple[StreamState, ...]
    spoke: tuple[Spoke, ...]


Event = Ready | Answered | Refused | Closed | Beat
