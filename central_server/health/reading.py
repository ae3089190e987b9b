"""Reading who was heard when: from the reports, the live status, the records that came and the table of contacts."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import Connection, bindparam, text
from sqlmodel import Session

from central_server.health.board import HealthBoard, Told
from central_server.health.silence import BEFORE_MS, ClassNear, PointHealth, by_trouble, level
from central_server.participation.live import LiveBoard
from central_server.services import Services

_POINTS = text("SELECT id, code, name FROM bridge_point")
_DEVICES = (
    "SELECT d.id, d.bridge_point, c.heard_at, c.version, max(h.received_at) AS received_at FROM device d"
    " LEFT JOIN agent_contact c ON c.device = d.id LEFT JOIN signed_head h ON h.device = d.id"
)
_ALL_DEVICES = text(f"{_DEVICES} GROUP BY d.id ORDER BY d.joined_at")
_DEVICES_AT = text(f"{_DEVICES} WHERE d.bridge_point IN :points GROUP BY d.id").bindparams(
    bindparam("points", expanding=True)
)
_NEAR = text(
    "SELECT p.bridge_point, s.id, s.title, s.start FROM session s JOIN course c ON c.id = s.course AND c.published"
    " JOIN session_bridge_point p ON p.session = s.id"
    ' WHERE NOT s.cancelled AND NOT s.field_visit AND s.start <= :soon AND s."end" > :now ORDER BY s.start DESC'
)


def heard_at_points(
    connection: Connection, points: Collection[str], live: LiveBoard, agents: HealthBoard
) -> dict[str, int]:
    """By bridge point (id), when one of its PCs was heard last."""
    heard: dict[str, int] = {}
    for row in connection.execute(_DEVICES_AT, {"points": list(points)}):
        times = _times(row.id, row.heard_at, row.received_at, live, agents.of(row.id))
        if times:
            heard[row.bridge_point] = max(*times, heard.get(row.bridge_point, 0))
    return heard


def heard_by(db: Session, of: Services) -> Callable[[Collection[str]], dict[str, int]]:
    """`heard_at_points` for one request."""
    return lambda points: heard_at_points(db.connection(), points, of.live, of.agents)


def points_health(connection: Connection, live: LiveBoard, agents: HealthBoard, now: int) -> list[PointHealth]:
    """All bridge points, sorted by trouble."""
    near = {
        row.bridge_point: ClassNear(row.id, row.title, row.start)
        for row in connection.execute(_NEAR, {"now": now, "soon": now + BEFORE_MS})
    }
    heard: dict[str, tuple[int | None, str, Told | None]] = {}
    for row in connection.execute(_ALL_DEVICES):
        told = agents.of(row.id)
        at = max(_times(row.id, row.heard_at, row.received_at, live, told), default=None)
        before = heard.get(row.bridge_point)
        if before is None or (at or 0) >= (before[0] or 0):  # of several PCs the one that was heard last
            heard[row.bridge_point] = at, told.health.version if told else row.version or "", told
    rows = []
    for point in connection.execute(_POINTS):
        at, version, told = heard.get(point.id, (None, "", None))
        health, near_here, joined = told.health if told else None, near.get(point.id), point.id in heard
        rows.append(
            PointHealth(
                point.id, point.code, point.name, at, version, health, near_here, joined,
                level(at, health, near_here, now, joined=joined),
            )
        )  # fmt: skip
    return by_trouble(rows)


def _times(device: str, kept: int | None, received: int | None, live: LiveBoard, told: Told | None) -> list[int]:
    return [at for at in (kept, received, live.heard(device), told.at if told else None) if at is not None]
