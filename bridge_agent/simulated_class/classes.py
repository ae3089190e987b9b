"""Ready-made classes: an ordinary one, a hard one, and one for two people.

The plans are drawn up for 20 minutes; a shorter class has all of it, quicker. All comings and goings fall on whole
seconds, so that the truth is exact to the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from bridge_agent.simulated_class.script import (
    Action,
    Bowed,
    Dark,
    Frozen,
    HeadTurned,
    Hidden,
    Moved,
    Passing,
    Person,
    Script,
    ScriptError,
    Span,
    TurnedAway,
)

_PLANNED: Final = 1200.0
"""The plans' own length in seconds."""


@dataclass(frozen=True)
class Portrayed:
    """Somebody with pictures: `shown` is what the camera sees, `enrol` are other portraits, for the face template."""

    name: str
    enrol: tuple[Path, ...]
    shown: Path


@dataclass(frozen=True)
class Seat:
    """A seat in the room picture, px: the centre of the face and its width; row 0 is at the back."""

    x: float
    y: float
    width: float
    row: int


def ordinary(
    people: Sequence[Portrayed],
    strangers: Sequence[Portrayed] = (),
    *,
    seconds: float = _PLANNED,
    size: tuple[int, int] = (1920, 1080),
    faces: tuple[float, float] = (60, 120),
    fps: float = 5,
    seed: int = 1,
) -> Script:
    """A class as it goes most days: some come late, some leave early, some go out for five minutes, one never comes.

    `size` is the picture (width, height) and `faces` the face width in the last and the first row, in px. The first of
    the `strangers` sits in for ten minutes. Raises ScriptError when so many people find no room.
    """
    rng = np.random.default_rng(seed)
    clock = _Clock(seconds)
    guests = strangers[:1]
    seats = seats_for(len(people) + len(guests), size, faces)
    order = [int(i) for i in rng.permutation(len(seats))]
    few = max(1, len(people) // 8)
    out = []
    for n, who in enumerate(people):
        stays: tuple[Span, ...] = (clock.span(0, _PLANNED),)
        if n < few:
            stays = (clock.span(float(rng.uniform(60, 300)), _PLANNED),)
        elif n < 2 * few:
            stays = (clock.span(0, float(rng.uniform(840, 1140))),)
        elif n < 4 * few:
            out_at = float(rng.uniform(240, 780))
            stays = (clock.span(0, out_at), clock.span(out_at + 300, _PLANNED))
        elif n == len(people) - 1:
            stays = ()
        out.append(_person(who, seats[order[n]], stays))
    for n, who in enumerate(guests, len(people)):
        out.append(_person(who, seats[order[n]], (clock.span(420, 1020),), stranger=True))
    return Script(seconds=seconds, people=tuple(out), width=size[0], height=size[1], fps=fps, seed=seed)


def hard(
    people: Sequence[Portrayed],
    strangers: Sequence[Portrayed] = (),
    *,
    seconds: float = _PLANNED,
    size: tuple[int, int] = (1920, 1080),
    faces: tuple[float, float] = (48, 110),
    fps: float = 5,
    seed: int = 1,
) -> Script:
    """A class with all that makes recognition hard, on top of `ordinary`.

    Small faces in the last row, heads turned, bowed, hidden and turned away, two who swap seats, a passer-by (the
    second of the `strangers`), a minute of darkness, half a minute of a frozen picture. Needs four people at least.
    Raises ScriptError.
    """
    if len(people) < 4:
        raise ScriptError("Lớp khó cần ít nhất bốn học viên.", "The hard class needs four learners at least.")
    script = ordinary(people, strangers[:1], seconds=seconds, size=size, faces=faces, fps=fps, seed=seed)
    rng = np.random.default_rng(seed + 1)
    clock = _Clock(seconds)
    cast = list(script.people)
    for n, person in enumerate(cast):
        actions: list[Action] = []
        for kind in rng.permutation(5)[:3]:
            start = float(rng.uniform(30, 1020))
            start, end = clock.span(start, start + float(rng.uniform(20, 120)))
            side = 1.0 if rng.random() < 0.5 else -1.0
            match int(kind):
                case 0:
                    actions.append(TurnedAway(start, end))
                case 1:
                    actions.append(HeadTurned(start, end, yaw=side * float(rng.uniform(20, 45))))
                case 2:
                    actions.append(Bowed(start, end, pitch=float(rng.uniform(35, 65))))
                case 3:
                    actions.append(Hidden(start, end))
        cast[n] = _acting(person, actions)
    middle = len(people) // 2
    one, other = cast[middle], cast[middle + 1]
    swap = clock.at(600)
    cast[middle] = _acting(one, [Moved(swap, other.seat, other.face_width)])
    cast[middle + 1] = _acting(other, [Moved(swap, one.seat, one.face_width)])
    for who in strangers[1:2]:
        start, end = clock.span(500, 506)
        end = max(end, start + 4)
        seat = Seat(0.5 * size[0], 0.5 * size[1], faces[1], 0)
        cast.append(_acting(_person(who, seat, ((start, end),), stranger=True), [Passing(start, end)]))
    events = (Dark(*clock.span(300, 360)), Frozen(*clock.span(900, 930)))
    return Script(
        seconds=seconds, people=tuple(cast), events=events, width=size[0], height=size[1], fps=fps, seed=seed, noise=3.5
    )


def two_people(
    learner: Portrayed,
    stranger: Portrayed,
    *,
    seconds: float = 90,
    size: tuple[int, int] = (1280, 720),
    face: float = 130,
    fps: float = 10,
    seed: int = 1,
) -> Script:
    """A class for a demonstration: one learner comes, goes out, comes back and leaves; a stranger comes in the middle.

    `face` is the width of both faces in px. The learner goes out for 20 s or more, longer than the recorder bridges; a
    class under a minute has no time for that, so there he stays.
    """

    def spans(*parts: tuple[float, float]) -> tuple[Span, ...]:
        return tuple((float(round(a * seconds)), float(round(b * seconds))) for a, b in parts)

    y = 0.42 * size[1]
    left, right = Seat(0.34 * size[0], y, face, 0), Seat(0.66 * size[0], y, face, 0)
    out = 0.4, 0.4 + max(0.15, 20 / seconds)
    stays = spans((0.06, out[0]), (out[1], 0.93)) if seconds >= 60 else spans((0.06, 0.93))
    people = (
        _person(learner, left, stays),
        _person(stranger, right, spans((0.25, 0.8)), stranger=True),
    )
    return Script(seconds=seconds, people=people, width=size[0], height=size[1], fps=fps, seed=seed)


def seats_for(count: int, size: tuple[int, int], faces: tuple[float, float]) -> list[Seat]:
    """Seats in rising rows, so that no head covers another; `faces` are the face widths of the last and the first row.

    Raises ScriptError when the picture has no room for `count`.
    """
    width, height = size
    for rows in range(1, 9):
        widths = [faces[1] * (faces[0] / faces[1]) ** (1 - r / max(1, rows - 1)) for r in range(rows)]
        widths = widths if rows > 1 else [faces[1]]
        most = [int(width // (2.3 * w)) for w in widths]
        steps = [1.6 * widths[0]] + [0.8 * a + 1.35 * b for a, b in pairwise(widths)]
        spare = height - sum(steps) - 1.5 * widths[-1]
        if spare < 0 or sum(most) < count:
            continue
        out: list[Seat] = []
        y = 0.25 * spare
        for r, w in enumerate(widths):
            y += steps[r] + (0.4 * spare / (rows - 1) if r else 0)
            share = round((count - len(out)) * most[r] / sum(most[r:]))
            share = max(share, count - len(out) - sum(most[r + 1 :]))
            gap = width / (share + 0.5)
            offset = gap * (0.5 if r % 2 else 1.0)
            out += [Seat(round(offset + i * gap, 1), round(y, 1), round(w, 1), r) for i in range(share)]
        return out
    raise ScriptError(
        f"Hình {width}×{height} không đủ chỗ cho {count} người có khuôn mặt rộng {faces[0]:g}–{faces[1]:g} điểm ảnh.",
        f"A picture of {width}×{height} has no room for {count} people with {faces[0]:g} to {faces[1]:g} px faces.",
    )


class _Clock:
    """Turns times of the 20-minute plan into whole seconds of a class of another length."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._part = min(1.0, seconds / _PLANNED)

    def at(self, planned: float) -> float:
        if planned >= _PLANNED:
            return self._seconds
        return float(round(planned * self._part))

    def span(self, start: float, end: float) -> Span:
        """At least one second long."""
        first = self.at(start)
        return first, max(self.at(end), first + 1)


def _person(who: Portrayed, seat: Seat, stays: tuple[Span, ...], *, stranger: bool = False) -> Person:
    return Person(who.name, who.shown, (seat.x, seat.y), seat.width, stays, stranger)


def _acting(person: Person, actions: Sequence[Action]) -> Person:
    return Person(
        person.name,
        person.portrait,
        person.seat,
        person.face_width,
        person.stays,
        person.stranger,
        (*person.actions, *actions),
    )
