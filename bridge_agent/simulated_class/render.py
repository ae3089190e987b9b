"""The camera of a simulated class: composes the room's picture at any moment of a script."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from bridge_agent.simulated_class.cutout import LEFT, TOP, Box, Cutout, Picture, cut_out, posed
from bridge_agent.simulated_class.motion import Pose, seated, swaying
from bridge_agent.simulated_class.scenery import desk, shoulders, somebody_behind, wall
from bridge_agent.simulated_class.script import (
    CameraShift,
    Dark,
    Frozen,
    Moved,
    Passing,
    Person,
    Script,
    ScriptError,
    check_script,
    missing_portrait,
)

Locate = Callable[[Picture], Box | None]
"""Finds the face in a portrait (uint8 BGR): its box x, y, width, height in px, or None."""

_BANK: Final = 128
"""Noise is cut out of a bank this much larger than the picture: 128² different pieces."""
_DESK: Final = 1.75
"""A desk's far edge lies this many face widths below the face of whoever sits at it."""
_SEATED, _STANDING, _IN_FRONT = _DESK + 0.05, 7.0, (_DESK + 0.1) / 1.35
"""Where a body ends, in its own face widths below its face: behind the desk, out of the picture."""
_ANGLE_STEP: Final = 5
_MOST_PATCHES: Final = 400


@dataclass(frozen=True)
class Seen:
    """Where a person's head is in one frame: the face box's centre and width in px, and whether the face shows."""

    name: str
    x: float
    y: float
    width: float
    face_shown: bool


class Room:
    """A simulated room. `locate` finds the face in each portrait, once. Raises ScriptError.

    The same script gives the same frames, in any order of asking. Not for use by several threads at a time.
    """

    def __init__(self, script: Script, locate: Locate) -> None:
        check_script(script)
        self.script = script
        self._cutouts = [_cut(person, script.seed + i, locate) for i, person in enumerate(script.people)]
        rng = np.random.default_rng(script.seed)
        self._phases = [tuple(float(p) for p in rng.random(6)) for _ in script.people]
        self._patches: dict[tuple[int, int, int, int], Picture] = {}
        self._bodies: dict[tuple[int, int, float], Picture] = {}
        self._rows = _rows(script)
        self._wall = wall(script.width, script.height, _horizon(script), script.seed)
        self._set: tuple[tuple[tuple[int, Pose], ...], Picture] | None = None
        self._noise: Picture | None = None
        if script.noise > 0:
            black = math.ceil(2.5 * script.noise)
            self._offset = np.array([black, black, black, 0], np.float64)
            shape = (script.height + _BANK, script.width + _BANK, 3)
            bank = rng.standard_normal(shape, dtype=np.float32) * script.noise + black
            self._noise = np.asarray(np.clip(np.rint(bank), 0, 255), np.uint8)

    @property
    def frames(self) -> int:
        """How many frames the class has."""
        return math.ceil(self.script.seconds * self.script.fps - 1e-6)

    def frame(self, t: float) -> Picture:
        """The newest frame that the camera has taken by `t` seconds, uint8 BGR, height × width × 3."""
        number = self._number(t)
        now = number / self.script.fps
        heads = self._heads(now)
        out = self._room(heads).copy()
        for i, pose in heads:
            self._draw(out, i, swaying(pose, self._phases[i], now))
        for event in self.script.events:
            if isinstance(event, CameraShift) and event.start <= now < event.end:
                move = np.array([[1, 0, event.dx], [0, 1, event.dy]], np.float64)
                size = (self.script.width, self.script.height)
                out = np.asarray(cv2.warpAffine(out, move, size, borderMode=cv2.BORDER_REFLECT), np.uint8)
        brightness = self._brightness(now)
        if brightness != 1.0:
            cv2.convertScaleAbs(out, out, brightness)
        if self._noise is not None:
            self._add_noise(out, number)
        return out

    def where(self, t: float) -> list[Seen]:
        """Whose head is where in `frame(t)`, in the order of the script; darkness makes no difference."""
        now = self._number(t) / self.script.fps
        dx = sum(e.dx for e in self.script.events if isinstance(e, CameraShift) and e.start <= now < e.end)
        dy = sum(e.dy for e in self.script.events if isinstance(e, CameraShift) and e.start <= now < e.end)
        out = []
        for i, still in sorted(self._heads(now), key=lambda head: head[0]):
            pose = swaying(still, self._phases[i], now)
            name = self.script.people[i].name
            out.append(Seen(name, pose.x + dx, pose.y + dy, pose.width, pose.face_shown))
        return out

    def _number(self, t: float) -> int:
        """The number of the frame that shows at `t`: a frozen camera shows the first frame of its span."""
        fps = self.script.fps
        number = min(max(0, math.floor(t * fps + 1e-6)), self.frames - 1)
        for event in sorted((e for e in self.script.events if isinstance(e, Frozen)), key=lambda e: -e.start):
            if event.start <= number / fps < event.end:
                number = math.ceil(event.start * fps - 1e-6)
        return number

    def _brightness(self, now: float) -> float:
        dark = (e.brightness for e in self.script.events if isinstance(e, Dark) and e.start <= now < e.end)
        return self.script.brightness * math.prod(dark)

    def _add_noise(self, out: Picture, number: int) -> None:
        assert self._noise is not None  # noqa: S101  # the caller's condition, for mypy
        cell = (number * 7919 + self.script.seed) % _BANK**2  # a prime: no piece comes twice in 16,384 frames
        y, x = divmod(cell, _BANK)
        height, width = out.shape[:2]
        cv2.add(out, self._noise[y : y + height, x : x + width], dst=out)
        cv2.subtract(out, self._offset, dst=out)

    def _heads(self, now: float) -> list[tuple[int, Pose]]:
        """Everybody in the room, from the back to the front, those who walk about last."""
        poses = ((i, seated(self.script, person, now)) for i, person in enumerate(self.script.people))
        heads = [(i, pose) for i, pose in poses if pose is not None]
        return sorted(heads, key=lambda head: (head[1].roaming, head[1].y, head[0]))

    def _room(self, heads: list[tuple[int, Pose]]) -> Picture:
        """The room with its desks and the shoulders of those who sit, kept until somebody comes, goes or moves."""
        sitting = tuple((i, replace(p, yaw=0, pitch=0, hidden=False)) for i, p in heads if not p.roaming)
        if self._set is None or self._set[0] != sitting:
            room = self._wall.copy()
            for bottom, unit, left, right in self._rows:
                for i, pose in sitting:
                    if self._row_of(pose) == bottom:
                        _put(room, self._body(i, pose, _SEATED), pose, -1.5, 0.5)
                desk(room, left, right, bottom, unit)
            self._set = (sitting, room)
        return self._set[1]

    def _row_of(self, pose: Pose) -> float:
        return min((bottom for bottom, *_ in self._rows), key=lambda b: abs(b - _desk_edge(pose.y, pose.width)))

    def _draw(self, out: Picture, i: int, pose: Pose) -> None:
        if pose.roaming:
            _put(out, self._body(i, pose, _STANDING), pose, -1.5, 0.5)
        yaw, pitch = (_ANGLE_STEP * round(angle / _ANGLE_STEP) for angle in (pose.yaw, pose.pitch))
        bent = replace(pose, y=pose.y + 0.3 * pose.width * math.sin(math.radians(pose.pitch)))
        _put(out, self._head(i, yaw, pitch, round(pose.width)), bent, LEFT, TOP)
        if pose.hidden:
            front = replace(pose, y=pose.y - 0.1 * pose.width, width=1.35 * pose.width, roll=0)
            _put(out, self._head(-1 - i, 0, 0, round(front.width)), front, LEFT, TOP)
            _put(out, self._body(-1 - i, front, _IN_FRONT), front, -1.5, 0.5)

    def _head(self, i: int, yaw: int, pitch: int, width: int) -> Picture:
        key = (i, yaw, pitch, width)
        if key not in self._patches:
            if len(self._patches) >= _MOST_PATCHES:
                self._patches.clear()
            made = somebody_behind(width, -i) if i < 0 else posed(self._cutouts[i], yaw, pitch, width)
            self._patches[key] = made
        return self._patches[key]

    def _body(self, i: int, pose: Pose, height: float) -> Picture:
        key = (i, round(pose.width), height)
        if key not in self._bodies:
            if len(self._bodies) >= _MOST_PATCHES:
                self._bodies.clear()
            self._bodies[key] = shoulders(key[1], height, self.script.seed + abs(i) + 1)
        return self._bodies[key]


def _cut(person: Person, seed: int, locate: Locate) -> Cutout:
    try:
        data = np.fromfile(person.portrait, np.uint8)
    except OSError as error:
        raise missing_portrait(person) from error
    portrait = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if portrait is None:
        raise missing_portrait(person)
    box = locate(np.asarray(portrait, np.uint8))
    if box is None:
        raise ScriptError(
            f"Không thấy khuôn mặt trong ảnh chân dung {person.portrait} của {person.name}.",
            f"There is no face in the portrait {person.portrait} of {person.name}.",
        )
    return cut_out(np.asarray(portrait, np.uint8), box, seed)


def _desk_edge(y: float, width: float) -> float:
    return y + _DESK * width


def _rows(script: Script) -> list[tuple[float, float, float, float]]:
    """The desks, from the back to the front: far edge's row, px a face width, left and right end."""
    seats = []
    for person in script.people:
        if any(isinstance(action, Passing) for action in person.actions):
            continue
        moves = [action for action in person.actions if isinstance(action, Moved)]
        for seat, width in [(person.seat, None), *((m.seat, m.face_width) for m in moves)]:
            x, y = script.place(seat)
            width = person.face_width if width is None else width
            seats.append((_desk_edge(y, width), width, x))
    rows: list[list[tuple[float, float, float]]] = []
    for seat_ in sorted(seats):
        if rows and seat_[0] - rows[-1][0][0] < 0.5 * seat_[1]:
            rows[-1].append(seat_)
        else:
            rows.append([seat_])
    out = []
    for row in rows:
        unit = max(width for _, width, _ in row)
        xs = [x for *_, x in row]
        ends = (0.0, float(script.width)) if len(row) > 3 else (min(xs) - 1.8 * unit, max(xs) + 1.8 * unit)
        out.append((min(bottom for bottom, *_ in row), unit, *ends))
    return out


def _horizon(script: Script) -> float:
    """Where the back wall meets the floor: a little below the heads of the last row."""
    rows = _rows(script)
    return min(0.9 * script.height, max(0.2 * script.height, rows[0][0])) if rows else 0.6 * script.height


def _put(picture: Picture, patch: Picture, pose: Pose, left: float, top: float) -> None:
    """Blends a premultiplied patch over the picture, in place, at a fraction of a pixel.

    The patch's upper left corner is (`left`, `top`) in face widths from the centre of the face at `round(width)` px.
    """
    rounded = round(pose.width)
    scale = pose.width / rounded
    turn = math.radians(pose.roll)
    a, b = scale * math.cos(turn), scale * math.sin(turn)
    in_patch = (-left * rounded - 0.5, -top * rounded - 0.5)
    x0, y0 = math.floor(pose.x - in_patch[0]), math.floor(pose.y - in_patch[1])
    at = (pose.x - x0, pose.y - y0)
    height, width = patch.shape[:2]
    cut_x, cut_y = max(0, -x0), max(0, -y0)
    end_x, end_y = min(width, picture.shape[1] - x0), min(height, picture.shape[0] - y0)
    if end_x <= cut_x or end_y <= cut_y:
        return
    affine = np.array(
        [
            [a, -b, at[0] - a * in_patch[0] + b * in_patch[1] - cut_x],
            [b, a, at[1] - b * in_patch[0] - a * in_patch[1] - cut_y],
        ]
    )
    size = (end_x - cut_x, end_y - cut_y)
    moved = cv2.warpAffine(patch, affine, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    under = picture[y0 + cut_y : y0 + end_y, x0 + cut_x : x0 + end_x]
    through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(moved, 3)), cv2.COLOR_GRAY2BGR)
    colour = cv2.cvtColor(moved, cv2.COLOR_BGRA2BGR)
    cv2.add(cv2.multiply(under, through, scale=1 / 255), colour, dst=under)
