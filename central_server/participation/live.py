"""The live status: what agents know and their logs do not tell yet. In memory only; it fades when it grows stale."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from models.wire import LiveStatus

STALE_MS = 15_000
"""Agents send every few seconds; without news for this long, nothing is known about a bridge point's present."""


@dataclass(frozen=True, slots=True)
class LiveReport:
    """A device's last status. Only what concerns a learner or session of its bridge point is ever used."""

    device: str
    bridge_point: str
    received_at: int
    """Server time, ms."""
    status: LiveStatus

    def fresh(self, now: int) -> bool:
        """Whether it still speaks of the present."""
        return now - self.received_at <= STALE_MS


class LiveBoard:
    """The last status of each device."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, LiveReport] = {}
        self._growth = 0
        self._grown: dict[str, int] = {}

    def put(self, report: LiveReport) -> None:
        """Take a status in, unless a newer one is here already (requests may overtake each other)."""
        with self._lock:
            before = self._reports.get(report.device)
            if before is None or before.status.at <= report.status.at or not before.fresh(report.received_at):
                self._reports[report.device] = report

    def records_came(self, device: str, now: int) -> None:
        """The device's log grew. A status gone stale has been overtaken by it, so what it said is dropped."""
        with self._lock:
            self._growth += 1
            self._grown[device] = self._growth
            report = self._reports.get(device)
            if report is not None and not report.fresh(now):
                del self._reports[device]

    def heard(self, device: str) -> int | None:
        """When the device last sent a status (server time, ms), as far as this is remembered."""
        with self._lock:
            report = self._reports.get(device)
            return report.received_at if report else None

    def grown(self, after: int) -> tuple[int, list[str]]:
        """The devices whose logs grew after a mark that an earlier call gave (0: ever), and the mark of now."""
        with self._lock:
            return self._growth, [device for device, mark in self._grown.items() if mark > after]

    def of(self, session: str) -> list[LiveReport]:
        """The statuses that speak of a session, fresh or stale."""
        with self._lock:
            return [report for report in self._reports.values() if report.status.session == session]
