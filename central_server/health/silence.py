"""Which bridge points are silent though their class is near, and how the list of them is sorted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from central_server.web.figures import day_time
from models.health import SILENT_MS, Health, Light

BEFORE_MS: Final = 600_000
"""From ten minutes before a class on its agents should be heard: they begin to watch then."""
Level = Literal["silent", "bad", "attention", "away", "none", "good"]
"""By trouble: silent though a class is near; what its lights say; not heard, with no class near; never joined."""
LEVELS: tuple[Level, ...] = ("silent", "bad", "attention", "away", "none", "good")


@dataclass(frozen=True, slots=True)
class ClassNear:
    """A class at one bridge point that is held, or begins within BEFORE_MS."""

    session: str
    title: str
    start: int


@dataclass(frozen=True, slots=True)
class PointHealth:
    """A bridge point as the administrator sees it. Times: server time, ms."""

    id: str
    code: str
    name: str
    heard_at: int | None
    """Last contact of its PCs; None: never."""
    version: str
    told: Health | None
    """What its PC told last, where that was since the server's start."""
    class_near: ClassNear | None
    joined: bool
    level: Level

    @property
    def wrong(self) -> tuple[Light, ...]:
        """The lights that somebody should look at, the worst first. Of an agent that is silent they are old news."""
        if self.told is None or self.level in ("silent", "away"):
            return ()
        found = [light for light in self.told.lights if light.severity in ("bad", "attention")]
        return tuple(sorted(found, key=lambda light: light.severity != "bad"))


def is_silent(heard_at: int | None, now: int) -> bool:
    """Nothing came for SILENT_MS."""
    return heard_at is None or now - heard_at > SILENT_MS


def level(heard_at: int | None, told: Health | None, class_near: ClassNear | None, now: int, *, joined: bool) -> Level:
    """How much a bridge point needs somebody."""
    if is_silent(heard_at, now):
        if class_near is not None:
            return "silent"
        return "away" if joined else "none"
    if told is not None and told.worst in ("bad", "attention"):
        return "bad" if told.worst == "bad" else "attention"
    return "good"


def by_trouble(points: Iterable[PointHealth]) -> list[PointHealth]:
    """The worst first; among the like ones whose class begins first, then by name."""
    return sorted(
        points,
        key=lambda one: (LEVELS.index(one.level), one.class_near.start if one.class_near else 2**60, one.name),
    )


def sentence(name: str, heard_at: int | None, start: int, now: int) -> tuple[str, str]:
    """That an agent is silent though its class is near, and what to do."""
    begins = ("bắt đầu lúc", "begins at") if now < start else ("đã bắt đầu lúc", "began at")
    last = (
        ("chưa bao giờ liên lạc", "has never been heard")
        if heard_at is None
        else (f"im lặng từ {day_time(heard_at)}", f"has been silent since {day_time(heard_at)}")
    )
    return (
        f"Máy điểm danh ở {name} {last[0]}; buổi học {begins[0]} {day_time(start)}. Hãy gọi cán bộ kỹ thuật ở đó: bật "
        "máy, chạy bridge-agent, kiểm tra mạng.",
        f"The PC at {name} {last[1]}; the class {begins[1]} {day_time(start)}. Call the technician there: switch it "
        "on, run bridge-agent, check the network.",
    )


def silent_points(
    sessions: Sequence[tuple[str, int, int, Sequence[str]]], heard: Mapping[str, int], now: int
) -> list[tuple[str, str, int]]:
    """(session, bridge point, start) of who should be heard and is not.

    sessions: id, start, end and bridge points of those that are held. heard: by bridge point, its last contact.
    """
    return [
        (session, point, start)
        for session, start, end, points in sessions
        if start - BEFORE_MS <= now < end
        for point in points
        if is_silent(heard.get(point), now)
    ]
