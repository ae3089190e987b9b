"""The server's clock as this PC knows it: measured over the network, read off the boot-time clock. Pure; time comes in.

A measurement asks the server for its time and halves the round trip: server time at the midpoint, give or take half the
round trip (Cristian, "Probabilistic clock synchronization", 1989). It is kept against the boot-time clock, not against
the wall clock, so a wall clock that somebody sets makes no measurement wrong.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bridge_agent import clock

DRIFT = 100e-6
"""How far a PC's clock may run away from true time, as a share: quartz is within 50 ppm, doubled for hot PCs."""
KEPT = 32


class ClockSample(msgspec.Struct, frozen=True):
    """One reading of all clocks, as a record carries it (models.records.Record)."""

    wall: int
    boot_id: str
    boot: int
    offset: int | None
    uncertainty: int | None

    def server_time(self, boot: int) -> int:
        """Server wall time (ms since 1970 UTC) of the moment `boot` on the boot-time clock; the PC's own if unknown."""
        return self.wall + (self.offset or 0) - (self.boot - boot)


@dataclass(frozen=True, slots=True)
class _Measurement:
    at: int
    ahead: int
    """Server time minus boot-time clock, ms."""
    uncertainty: int


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of this PC and the name of its start: one real implementation below, others in tests."""

    wall: Callable[[], int]
    boot: Callable[[], int]
    boot_id: str


def this_pc() -> Clocks:
    """The clocks of this PC."""
    return Clocks(clock.wall_ms, clock.boot_ms, clock.boot_id())


class ServerClock:
    """Keeps the measurements of one start of the PC and gives clock samples made with the best of them."""

    def __init__(self, clocks: Clocks) -> None:
        self.clocks = clocks
        self._measurements: deque[_Measurement] = deque(maxlen=KEPT)

    def measured(self, sent: int, received: int, server_time: int) -> None:
        """A question left at `sent` and its answer `server_time` came at `received` (both on the boot-time clock)."""
        half = (received - sent + 1) // 2
        self._measurements.append(_Measurement(received, server_time - (sent + received) // 2, half))

    def sample(self) -> ClockSample:
        """All clocks now."""
        wall, boot = self.clocks.wall(), self.clocks.boot()
        best = min(self._measurements, key=lambda m: _now(m, boot), default=None)
        if best is None:
            return ClockSample(wall, self.clocks.boot_id, boot, None, None)
        return ClockSample(wall, self.clocks.boot_id, boot, best.ahead + boot - wall, _now(best, boot))


def _now(measurement: _Measurement, boot: int) -> int:
    """The measurement's uncertainty today: it grows as the clocks drift apart."""
    return measurement.uncertainty + round((boot - measurement.at) * DRIFT)
