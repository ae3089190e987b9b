"""What time it was: the clocks of devices as their records tell them. Pure.

A record made before the device had asked the server for its time has no offset. Its boot-time clock is that of the
device's other records of the same start, so the nearest of those that has an offset tells its time too.
"""

from __future__ import annotations

from models.clock_trust import ClockTrust, clock_trust
from models.records import (
    AnyRecord,
    CheckIn,
    Coverage,
    Headcount,
    Link,
    OnDuty,
    Presence,
    ProfileUsed,
    SpotCheck,
    Unobserved,
    Vouched,
)


class Clocks:
    """The clocks of one or more devices."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], list[tuple[int, int]]] = {}
        """By device and start of its PC: (boot-time clock, server time less boot-time clock) of records with an
        offset."""

    def learn(self, record: AnyRecord) -> None:
        """Take in what a record, of any session, tells of its device's clock."""
        if record.offset is not None:
            base = record.wall + record.offset - record.boot
            self._known.setdefault((record.device, record.boot_id), []).append((record.boot, base))

    def know(self, device: str, boot_id: str) -> bool:
        """Whether some record tells of this start."""
        return (device, boot_id) in self._known

    def server_time(self, record: AnyRecord, boot: int) -> int:
        """Server time (ms) of a moment on a record's boot-time clock; by the PC's own clock if no record knows it."""
        known = self._known.get((record.device, record.boot_id))
        if record.offset is not None or not known:
            return record.server_time(boot)
        return boot + min(known, key=lambda one: abs(one[0] - record.boot))[1]

    def trust(self, record: AnyRecord) -> ClockTrust:
        """How far a record's clock can be believed; the nearest record of the same start speaks for one without."""
        if record.offset is None and self.know(record.device, record.boot_id):
            return "good"  # its times were mended by a measured clock
        return clock_trust(record.offset, record.uncertainty)

    def told(self, record: AnyRecord) -> tuple[int, int] | None:
        """From when to when a record tells (server time, ms); None while only its PC's own clock says so."""
        if record.offset is None and not self.know(record.device, record.boot_id):
            return None
        match record:
            case Presence() | Coverage() | Link() | Vouched() | Unobserved() | Headcount():
                start, end = record.start, record.end
            case SpotCheck():
                start, end = record.asked, record.at
            case CheckIn() | OnDuty() | ProfileUsed():
                start = end = record.at
            case _:
                start = end = record.boot
        return self.server_time(record, start), self.server_time(record, end)
