"""What really happens in the rooms: who sits where from when to when, and what the cameras can see. Seconds."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bridge_agent.recognition.events import Trouble
from models.records import CoverageEnd

DAY_S = 86_400.0
POINTS = 20
LEARNERS = 3
"""At each bridge point."""
SESSION = (45.0, 125.0)
"""From when to when a session lasts, counted from the beginning of its day."""
BREAK = (80.0, 90.0)
WATCH_BEFORE_S = 15.0
DAYS = 2
SHORTEST_ABSENCE_S = 25.0
"""Longer than the recorder's own gap: a shorter one is none."""

Span = tuple[float, float]


def code(point: int) -> str:
    """A bridge point's code."""
    return f"P{point:02}"


def learner(point: int, number: int) -> str:
    """A learner's code."""
    return f"P{point:02}-{number}"


def by_pin(who: str) -> bool:
    """Whether a learner (by code) has no face on file, and checks in by PIN before the technician on duty."""
    point, number = who[1:].split("-")
    return int(point) % 2 == 1 and number == "2"


def far(who: str) -> bool:
    """Whether a learner (by code) sits where a face is known only by the track that began nearer."""
    point, number = who[1:].split("-")
    return int(point) % 4 == 2 and number == "1"


def pin(who: str) -> str:
    """A learner's PIN."""
    return f"7{who[1:3]}{who[4:]}15"


WITNESS, WITNESS_PIN = "ky-thuat", "481590"
"""The technician of all bridge points."""


def session_id(day: int) -> str:
    """The session of a day."""
    return f"K1.{day + 1}"


@dataclass(frozen=True, slots=True)
class Blind:
    """The camera sees nothing from `start` to `end`, or recognition dies (`crashed`)."""

    start: float
    end: float
    why: CoverageEnd


@dataclass(frozen=True, slots=True)
class Room:
    """One bridge point's truth."""

    present: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    """By learner's code."""
    blind: tuple[Blind, ...] = ()

    def here(self, at: float) -> list[str]:
        """The learners in the room."""
        return [who for who, spans in self.present.items() if any(start <= at < end for start, end in spans)]

    def sees(self, at: float) -> Blind | None:
        """Why the camera sees nothing at the moment; None when it does."""
        return next((one for one in self.blind if one.start <= at < one.end), None)


def room(point: int, rng: random.Random) -> Room:
    """What happens at a bridge point on all days."""
    present: dict[str, tuple[Span, ...]] = {}
    blind: list[Blind] = []
    for number in range(LEARNERS):
        spans: list[Span] = []
        for day in range(DAYS):
            spans += _visits(day * DAY_S, rng)
        present[learner(point, number)] = tuple(spans)
    for day in range(DAYS):
        if rng.random() < 0.25:
            start = day * DAY_S + rng.uniform(SESSION[0] - 10, SESSION[1])
            why: CoverageEnd = rng.choice(("dark", "frozen", "camera_gone", "crashed"))
            blind.append(Blind(start, start + rng.uniform(3, 40), why))
    return Room(present, tuple(blind))


def _visits(day: float, rng: random.Random) -> Iterable[Span]:
    kind = rng.choices(("all", "late", "early", "away", "never"), (40, 15, 15, 20, 10))[0]
    come, go = day + rng.uniform(0, SESSION[0]), day + rng.uniform(SESSION[1], SESSION[1] + 30)
    if kind == "never":
        return []
    if kind == "late":
        come = day + rng.uniform(SESSION[0], SESSION[1] - 10)
    elif kind == "early":
        go = day + rng.uniform(SESSION[0] + 10, SESSION[1])
    elif kind == "away":
        leave = day + rng.uniform(SESSION[0], SESSION[1] - SHORTEST_ABSENCE_S)
        return [(come, leave), (leave + SHORTEST_ABSENCE_S + rng.uniform(0, 20), go)]
    return [(come, go)]


def trouble(why: str, *, passed: bool) -> Trouble:
    """As recognition tells it."""
    return Trouble(why, "Camera không nhìn thấy.", "The camera sees nothing.", passed)


def write_course(path: Path) -> Path:
    """The course file: one short session a day, all bridge points, and no tolerance, so that the sums are exact."""
    lines = ['[course]\ncode = "K1"\ntitle = "Lớp mô phỏng"\n[course.rule]\ngap_tolerance_s = 0\n']
    for point in range(POINTS):
        lines.append(f'[[bridge_points]]\ncode = "{code(point)}"\nname = "Điểm cầu {point:02}"\n')
    for day in range(DAYS):
        start, end, *away = (_clock(at) for at in (*SESSION, *BREAK))
        date = f"2026-11-{24 + day}T"
        lines.append(
            f'[[sessions]]\ncode = "{day + 1}"\ntitle = "Buổi {day + 1}"\nstart = {date}{start}\nend = {date}{end}\n'
            f"breaks = [[{away[0]}, {away[1]}]]\n"
        )
    for point in range(POINTS):
        for number in range(LEARNERS):
            who = learner(point, number)
            lines.append(
                f'[[learners]]\ncode = "{who}"\nname = "Học viên {who}"\nunit = "Sở Nội vụ"\n'
                f'bridge_point = "{code(point)}"\n'
            )
    path.write_text("".join(lines), encoding="utf-8")
    return path


def _clock(at: float) -> str:
    minutes, seconds = divmod(round(at), 60)
    return f"08:{minutes:02}:{seconds:02}"
