"""Where a person's head is at one moment of a script, and how it is held: pure geometry, no pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from bridge_agent.simulated_class.script import (
    Bowed,
    HeadTurned,
    Hidden,
    Moved,
    Passing,
    Person,
    Script,
    TurnedAway,
)

_TURN_SECONDS: Final = 0.6
"""A head takes this long to turn or bow, within the action's own span."""


@dataclass(frozen=True)
class Pose:
    """A head in the room picture: face centre and face width in px, angles in degrees.

    `yaw` 180 shows the back of the head. `roaming` people walk across the picture and stand before the desks; `hidden`
    ones have somebody in front of them.
    """

    x: float
    y: float
    width: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    hidden: bool = False
    roaming: bool = False

    @property
    def face_shown(self) -> bool:
        """Whether a face can be seen from the front, or nearly."""
        return not self.hidden and abs(self.yaw) < 45 and self.pitch < 30


def seated(script: Script, person: Person, t: float) -> Pose | None:
    """The pose without any sway, or None when the person is not in the room."""
    if not any(start <= t < end for start, end in person.stays):
        return None
    x, y, width, walking = _seat(script, person, t)
    yaw = pitch = 0.0
    hidden = False
    roaming = walking
    for action in person.actions:
        if isinstance(action, Moved) or not action.start <= t < action.end:
            continue
        part = _eased(t, action.start, action.end)
        match action:
            case TurnedAway():
                yaw += 180.0 * part
            case HeadTurned():
                yaw += action.yaw * part
            case Bowed():
                pitch += action.pitch * part
            case Hidden():
                hidden = True
            case Passing():
                done = (t - action.start) / (action.end - action.start)
                done = done if action.yaw >= 0 else 1 - done
                x = -width + (script.width + 2 * width) * done
                yaw += action.yaw
                roaming = True
    return Pose(x, y, width, max(-180.0, min(180.0, yaw)), min(90.0, pitch), 0.0, hidden, roaming)


def swaying(pose: Pose, phases: tuple[float, ...], t: float) -> Pose:
    """The pose with the small movements that nobody can help; `phases` are six numbers from 0 to 1, a person's own."""
    a, b, c, d, e, f = (2 * math.pi * phase for phase in phases)
    slow, quick = 0.9 + 0.4 * phases[0], 3.1 + 1.2 * phases[1]
    dx = 0.035 * math.sin(slow * t + a) + 0.010 * math.sin(quick * t + b)
    dy = 0.018 * math.sin(0.8 * slow * t + c) + 0.006 * math.sin(quick * t + d)
    return Pose(
        x=pose.x + dx * pose.width,
        y=pose.y + dy * pose.width,
        width=pose.width * (1 + 0.012 * math.sin(0.7 * slow * t + e)),
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll + 2.5 * math.sin(0.6 * slow * t + f),
        hidden=pose.hidden,
        roaming=pose.roaming,
    )


def _seat(script: Script, person: Person, t: float) -> tuple[float, float, float, bool]:
    (x, y), width, walking = script.place(person.seat), person.face_width, False
    for move in sorted((a for a in person.actions if isinstance(a, Moved)), key=lambda a: a.at):
        if t < move.at:
            break
        part = min(1.0, (t - move.at) / move.walk) if move.walk > 0 else 1.0
        to_x, to_y = script.place(move.seat)
        to_width = width if move.face_width is None else move.face_width
        x, y, width = x + (to_x - x) * part, y + (to_y - y) * part, width + (to_width - width) * part
        walking = part < 1
    return x, y, width, walking


def _eased(t: float, start: float, end: float) -> float:
    """0 at both ends of a span and 1 inside, with a smooth turn of at most a quarter of the span."""
    turn = min(_TURN_SECONDS, (end - start) / 4)
    part = min(1.0, (t - start) / turn, (end - t) / turn)
    return part * part * (3 - 2 * part)
