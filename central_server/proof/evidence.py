"""What a proof is made from, be it read from the database or from a proof pack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Row:
    """A stored line: the place it is kept at, its raw bytes, the head kept beside it."""

    seq: int
    line: bytes
    head: bytes
    columns: tuple[object, ...] | None = None
    """What it is found by, where that is kept."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A device's signed checkpoint."""

    seq: int
    head: bytes
    signature: bytes
    key: int
    received_at: int


@dataclass(frozen=True, slots=True)
class LogEvidence:
    """One log of a device, as it is stored."""

    device: str
    log: str
    rows: tuple[Row, ...]
    signed: tuple[Signed, ...]
    end: tuple[int, bytes] | None
    """Seq and head that are kept as the log's end."""


@dataclass(slots=True)
class Plan:
    """What the server's acts made true: by the tables, or by replaying its own log. Keys and values are plain."""

    rules: dict[str, str] = field(default_factory=dict)
    """Course: its rule as JSON."""
    sessions: dict[str, tuple[str, int, int, tuple[tuple[int, int], ...]]] = field(default_factory=dict)
    """Session: its course, start, end, breaks."""
    places: dict[tuple[str, str], bool] = field(default_factory=dict)
    """Session and bridge point that takes part."""
    enrolled: dict[tuple[str, str], str] = field(default_factory=dict)
    """Course and learner: the bridge point."""
    devices: dict[str, str] = field(default_factory=dict)
    """Device: its bridge point."""
    keys: dict[tuple[str, int], tuple[str, int, int, int | None, bool]] = field(default_factory=dict)
    """Device and number: public key, made at, expires at, ended at, revoked."""
    tokens: dict[str, tuple[str, int, str | None]] = field(default_factory=dict)
    """Token's hash: bridge point, expires at, the device that used it."""
    accounts: dict[str, tuple[bool, str | None]] = field(default_factory=dict)
    """Account: whether it is disabled, and whose learner's it is."""
    grants: dict[tuple[str, str, str | None, str | None], bool] = field(default_factory=dict)
    """Account, role, course, bridge point (None: all)."""
    credentials: dict[tuple[str, str], str] = field(default_factory=dict)
    """Account and what it proves itself with: SHA-256 of what is kept of it."""
    forks: dict[tuple[str, str, int, str], int] = field(default_factory=dict)
    """Device, log, end and head of a refused batch: the first record that differs."""


Fork = tuple[tuple[str, str, int, str], int, bytes]
"""A refused version: its key in Plan.forks, which of the device's keys signed it, the batch as it came."""
Total = tuple[int, int, int, int, str]
"""Milliseconds scheduled, seen, not seen, not observed; and the verdict."""
Totals = dict[tuple[str, str], Total]
"""By session and learner."""


class Evidence(Protocol):
    """All of it."""

    def own(self) -> tuple[Row, ...]:
        """The server's own log."""

    def plan(self) -> Plan:
        """What the tables say."""

    def forks(self) -> Iterator[Fork]:
        """The refused versions of logs."""

    def logs(self) -> Iterator[LogEvidence]:
        """Every device's logs, one at a time."""

    def totals(self) -> Totals:
        """What is shown to people."""
