"""Seals: whether what the server holds of a session is what the bridge point closed it with. Pure.

A device's part of a session is sealed when one of its logs holds a seal. Two logs in one session are honest: a file
that was damaged is set aside and a new log goes on. What is recorded after the seal counts, and is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from models.records import AnyRecord, CheckIn, Coverage, Presence, Seal

SealState = Literal["sealed", "not_sealed", "differs"]
ServerTime = Callable[[AnyRecord, int], int]
"""Server time, ms, of a moment on a record's boot-time clock."""


@dataclass(frozen=True, slots=True)
class SealFacts:
    """How a bridge point's session is closed."""

    state: SealState
    sealed_at: int | None = None
    """Server time, ms, of the last seal."""
    late: int = 0
    """Records of the session that were made after a seal."""


@dataclass(frozen=True, slots=True)
class _Totals:
    check_ins: int = 0
    presences: int = 0
    coverages: int = 0
    present_ms: int = 0
    covered_ms: int = 0

    def plus(self, record: AnyRecord) -> _Totals:
        a, b, c, present, covered = self.check_ins, self.presences, self.coverages, self.present_ms, self.covered_ms
        match record:
            case CheckIn():
                return _Totals(a + 1, b, c, present, covered)
            case Presence():
                return _Totals(a, b + 1, c, present + record.end - record.start, covered)
            case Coverage():
                return _Totals(a, b, c + 1, present, covered + record.end - record.start)
            case _:
                return self

    def as_in(self, seal: Seal) -> bool:
        said = _Totals(seal.check_ins, seal.presences, seal.coverages, seal.present_ms, seal.covered_ms)
        return self == said


@dataclass(slots=True)
class _LogPart:
    """A session's part of one log, in order of seq."""

    records: list[AnyRecord] = field(default_factory=list)
    totals: _Totals = field(default_factory=_Totals)
    seals: list[Seal] = field(default_factory=list)
    differs: bool = False
    """The last seal says other counts or totals than what stands before it."""


@dataclass(slots=True)
class SealBook:
    """The session's part of every log of a bridge point's devices."""

    _logs: dict[tuple[str, str], _LogPart] = field(default_factory=dict)

    def add(self, record: AnyRecord) -> None:
        """Take a record in; those of one log come in order."""
        part = self._logs.setdefault((record.device, record.log), _LogPart())
        if isinstance(record, Seal):
            part.seals.append(record)
            part.differs = not part.totals.as_in(record)
        else:
            part.records.append(record)
            part.totals = part.totals.plus(record)

    def facts(self, server_time: ServerTime) -> SealFacts:
        """How the session is closed as far as is known."""
        parts: dict[str, list[_LogPart]] = {}
        for (device, _), part in self._logs.items():
            parts.setdefault(device, []).append(part)
        seals = [seal for some in parts.values() for part in some for seal in part.seals]
        sealed_at = max((server_time(seal, seal.boot) for seal in seals), default=None)
        late = sum(_late(some, server_time) for some in parts.values())
        if any(part.differs for part in self._logs.values()):
            return SealFacts("differs", sealed_at, late)
        if parts and all(any(part.seals for part in some) for some in parts.values()):
            return SealFacts("sealed", sealed_at, late)
        return SealFacts("not_sealed", sealed_at, late)


def _late(parts: list[_LogPart], server_time: ServerTime) -> int:
    """Records of one device made after a seal: behind it in its log, or in another log at a later time."""
    count = 0
    for part in parts:
        others = [other.seals[0] for other in parts if other is not part and other.seals]
        own = part.seals[0].seq if part.seals else None
        for record in part.records:
            behind = own is not None and record.seq > own
            count += behind or any(_after(record, seal, server_time) for seal in others)
    return count


def _after(record: AnyRecord, seal: Seal, server_time: ServerTime) -> bool:
    if record.boot_id == seal.boot_id:
        return record.boot > seal.boot
    return server_time(record, record.boot) > server_time(seal, seal.boot)
