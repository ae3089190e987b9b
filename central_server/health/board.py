"""What each agent told last of itself. In memory; of the last contact and version a table is kept beside it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from central_server.database import Job
from models.health import Health

KEEP_EVERY_MS: Final = 300_000
"""A contact is written down so often: two hundred agents cost the one writer less than a row a second."""
_KEEP = text(
    "INSERT INTO agent_contact (device, heard_at, version) VALUES (:device, :at, :version)"
    " ON CONFLICT (device) DO UPDATE SET heard_at = :at, version = :version"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A device's last report. Server time, ms."""

    device: str
    bridge_point: str
    at: int
    health: Health


class HealthBoard:
    """The last report of each device."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Told] = {}
        self._kept: dict[str, tuple[int, str]] = {}
        """When each device's contact was written down, and with which version."""

    def put(self, told: Told) -> bool:
        """Take a report in; True when its contact should be written down (`keep`)."""
        with self._lock:
            self._told[told.device] = told
            at, version = self._kept.get(told.device, (None, ""))
            due = at is None or told.at - at >= KEEP_EVERY_MS or version != told.health.version
            if due:
                self._kept[told.device] = told.at, told.health.version
            return due

    def of(self, device: str) -> Told | None:
        """A device's last report, as far as this server has heard one since its start."""
        with self._lock:
            return self._told.get(device)

    def all(self) -> list[Told]:
        """Everybody's."""
        with self._lock:
            return list(self._told.values())


def keep(told: Told) -> Job[None]:
    """The job that writes a contact down."""

    def job(connection: Connection) -> None:
        connection.execute(_KEEP, {"device": told.device, "at": told.at, "version": told.health.version})

    return job
