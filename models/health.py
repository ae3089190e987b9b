"""How an agent is, as it tells the server every 30 s: POST /api/agent/health, signed as all its requests (models.wire).

It names no person: what it says of faults goes to administrators, who see no learner.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from models.records import Count, Id, Milliseconds
from models.wire import IceServer, Told, Word

EVERY_S = 30.0
SILENT_MS = 90_000
"""Three reports missing: the agent is silent."""

Part = Literal["camera", "faces", "stream", "server", "log", "pc"]
"""What has a light. `pc`: disk, heat, power and clock of the machine."""
State = Literal["off", "good", "attention", "bad"]
"""From what needs nobody to what needs somebody most. `off`: not needed now."""
STATES: Final[tuple[State, ...]] = ("off", "good", "attention", "bad")
Sentence = Annotated[str, msgspec.Meta(max_length=400)]
Number = Annotated[float, msgspec.Meta(ge=0, le=1e15)]


class Light(Told, frozen=True, kw_only=True):
    """One part of an agent; `vi` and `en` say what is wrong, empty where nothing is."""

    part: Word
    """A Part, or what a newer agent has besides."""
    state: Word
    """A State, or one of a newer agent's: `severity`."""
    vi: Sentence = ""
    en: Sentence = ""

    @property
    def severity(self) -> State:
        """How much it needs somebody; a state that is not known here needs attention."""
        return next((known for known in STATES if known == self.state), "attention")


class Restarts(Told, frozen=True, kw_only=True):
    """How often a part of the agent was lost and started again, since the agent itself was started."""

    process: Id
    count: Count
    last_at: Milliseconds
    """Server time as the agent reckons it."""
    reason: Annotated[str, msgspec.Meta(max_length=120)]
    """Why, the last time, in one word: `silent`, `exit -9`, an error's kind."""


class Machine(Told, frozen=True, kw_only=True):
    """The PC. None: it does not say."""

    disk_free: Count
    """Bytes, where the log lies."""
    cpu: Number
    """Cores busy with this agent's processes, since the report before."""
    pc_cpu: Annotated[float, msgspec.Meta(ge=0, le=1)]
    """Share of all cores busy with anything, since the report before."""
    memory: Count
    """Bytes of this agent's processes."""
    memory_free: Count
    memory_total: Count
    temperature: float | None = None
    """°C of the hottest core."""
    plugged: bool | None = None
    """None: there is no battery."""
    battery: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None


class Health(Told, frozen=True, kw_only=True):
    """How an agent is."""

    at: Milliseconds
    """Server time as the agent reckons it."""
    version: Annotated[str, msgspec.Meta(max_length=40)]
    system: Annotated[str, msgspec.Meta(max_length=80)]
    up_ms: Count
    """Since the agent was started."""
    session: Id | None
    """The session that is recorded now."""
    lights: Annotated[tuple[Light, ...], msgspec.Meta(max_length=32)]
    waiting: Count
    """Records that the server does not hold."""
    oldest_ms: Count
    """Age of the oldest of them; 0: none waits."""
    machine: Machine
    restarts: Annotated[tuple[Restarts, ...], msgspec.Meta(max_length=32)] = ()

    @property
    def worst(self) -> State:
        """Of the light that needs somebody most."""
        return max((light.severity for light in self.lights), key=STATES.index, default="good")


class LineAnswer(Told, frozen=True, kw_only=True):
    """To POST /api/agent/line, whose body is read and dropped: a line is measured by it."""

    bytes: Count
    server_time: Milliseconds


class UdpAnswer(Told, frozen=True, kw_only=True):
    """To POST /api/agent/udp: by what a device finds out for some seconds whether UDP gets through.

    A STUN Binding request with `key` as its USERNAME, to `port` of the server, is answered.
    """

    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    key: Annotated[str, msgspec.Meta(max_length=64)]
    ice_servers: tuple[IceServer, ...] = ()
    """The STUN and TURN servers by which streams may go, too."""
