"""What the agent's parent and its streaming process say to each other. Without aiortc: the parent holds none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bridge_agent.capture.outlet import Still, StreamOut, WantStill
from models.wire import IceServer, Source


@dataclass(frozen=True, slots=True)
class StreamAssignment:
    """What one streaming process publishes."""

    server: str
    """Its address."""
    session: str
    out: StreamOut
    """Where it listens for capture, and the rates that it begins with."""
    sound: str | None = None
    """The microphone, as bridge_agent.streaming.sound takes it; None: the classroom page carries the sound."""


@dataclass(frozen=True, slots=True)
class WantPass:
    """The process needs a token to publish."""

    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Pass:
    """The server's leave to publish."""

    token: str
    room: str
    good_for_s: float
    ice_servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True)
class NoPass:
    """It gave none: why."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Take the stream down in order, then end."""


StreamCommand = Pass | NoPass | WantStill | Stop

Trouble = Literal[
    "no_leave", "refused", "no_way", "line", "failed", "no_picture", "not_encoded", "microphone", "replaced"
]
"""No token; the server refused the offer; no connection comes about; the line is bad or lost; a connection failed in an
unforeseen way; no picture comes from capture; it can't be encoded; the microphone can't be used; another PC of
this room streams."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """How the stream is, told every second, and at once when a connection comes or goes."""

    at: int
    """ms of the boot-time clock: up to when it is known to have been up; while it is not: when this was told."""
    up: bool
    """Connected, the relay reports, and pictures go out."""
    kbit_s: int = 0
    """Sent of late, as are the frames."""
    fps: int = 0
    step: int = 0
    """How many steps below the full rate."""
    lost: float = 0.0
    """Share of packets that the relay missed, by its last report."""
    trouble: Trouble | None = None
    vi: str = ""
    en: str = ""
    """More about the trouble, where there is more to say."""
    reencodes: str = ""
    """Why pictures are encoded twice, which costs processor time; empty: they are passed on."""


StreamEvent = WantPass | StreamState | Still
