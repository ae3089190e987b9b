"""What happens in a simulated class: who sits where, from when to when, and what the camera goes through.

Times are seconds from the first frame, spans are half open: from ≤ t < to. A position is the centre of a face (of the
box that a detector draws), in pixels of the room picture, or in parts of it when both numbers are at most 1. A face
width is the width of that box in pixels.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from models.errors import DiemdanhError
from models.reasons import explain, reason

Span = tuple[float, float]

_SMALLEST_FACE: Final = 8.0


class ScriptError(DiemdanhError):
    """A script of a simulated class, or a portrait that it names, cannot be used."""


class _Timed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """Something that holds for `start` ≤ t < `end`, in seconds."""

    start: float
    end: float


class TurnedAway(_Timed, frozen=True, tag_field="kind", tag="turned_away"):
    """The camera sees the back of the head."""


class HeadTurned(_Timed, frozen=True, tag_field="kind", tag="head_turned"):
    """The head is turned by `yaw` degrees, to the right of the picture when positive."""

    yaw: float = 35.0


class Bowed(_Timed, frozen=True, tag_field="kind", tag="bowed"):
    """The head is bent forward by `pitch` degrees, as when writing; from 75 on only the top shows.

    Up to some 70 degrees a detector may still see a face, but hardly one to recognise.
    """

    pitch: float = 50.0


class Hidden(_Timed, frozen=True, tag_field="kind", tag="hidden"):
    """Somebody stands in front, with the back to the camera."""


class Passing(_Timed, frozen=True, tag_field="kind", tag="passing"):
    """The person crosses the whole picture at the height of the seat; a negative yaw walks to the left."""

    yaw: float = 25.0


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="moved"):
    """From `at` on the person has another seat, walking there for `walk` seconds; two of these swap seats."""

    at: float
    seat: tuple[float, float]
    face_width: float | None = None
    walk: float = 3.0


Action = TurnedAway | HeadTurned | Bowed | Hidden | Passing | Moved


class Dark(_Timed, frozen=True, tag_field="kind", tag="dark"):
    """The light goes out: the picture is multiplied by `brightness`."""

    brightness: float = 0.04


class Frozen(_Timed, frozen=True, tag_field="kind", tag="frozen"):
    """The camera repeats one picture, bit by bit."""


class CameraShift(_Timed, frozen=True, tag_field="kind", tag="camera_shift"):
    """The camera was pushed: everything appears `dx`, `dy` pixels further right and down."""

    dx: float = 0.0
    dy: float = 0.0


Event = Dark | Frozen | CameraShift


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody in the room, a learner or (`stranger`) somebody who is not enrolled, with one portrait to show."""

    name: str
    portrait: Path
    seat: tuple[float, float]
    face_width: float
    stays: tuple[Span, ...]
    stranger: bool = False
    actions: tuple[Action, ...] = ()


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A simulated class, `seconds` long.

    `fps` pictures a second of `width` × `height` px (both even, as H.264 wants them). `noise` is the standard deviation
    of the sensor's noise in grey levels, `brightness` a factor on the whole picture. Everything that looks random comes
    from `seed`.
    """

    seconds: float
    people: tuple[Person, ...] = ()
    events: tuple[Event, ...] = ()
    width: int = 1920
    height: int = 1080
    fps: float = 5.0
    noise: float = 2.5
    brightness: float = 1.0
    seed: int = 1

    def place(self, seat: tuple[float, float]) -> tuple[float, float]:
        """The position `seat` in pixels."""
        x, y = seat
        return (x * self.width, y * self.height) if max(x, y) <= 1 else (x, y)


def read_script(path: Path) -> Script:
    """The script in the TOML file `path`; portraits are looked for beside it. Raises ScriptError."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"Không đọc được tệp kịch bản {path}.", f"The script {path} cannot be read.") from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(
            f"Tệp kịch bản {path} không đúng cú pháp TOML: {reason(error).vi}.",
            f"The script {path} is no valid TOML: {error}.",
        ) from error
    try:
        script = msgspec.convert(raw, Script, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise _not_understood(path, str(error)) from error
    people = tuple(msgspec.structs.replace(p, portrait=path.parent / p.portrait) for p in script.people)
    script = msgspec.structs.replace(script, people=people)
    check_script(script)
    for person in people:
        if not person.portrait.is_file():
            raise missing_portrait(person)
    return script


def missing_portrait(person: Person) -> ScriptError:
    """The error for a person without a readable portrait."""
    return ScriptError(
        f"Không đọc được ảnh chân dung {person.portrait} của {person.name}.",
        f"The portrait {person.portrait} of {person.name} cannot be read.",
    )


def check_script(script: Script) -> None:
    """Raises ScriptError when the script contradicts itself."""
    if not (0 < script.seconds < math.inf and 0 < script.fps <= 120):
        raise ScriptError(
            "Kịch bản cần thời lượng lớn hơn 0 giây và từ 0 đến 120 hình một giây.",
            "The script needs more than 0 seconds, and more than 0 and at most 120 frames a second.",
        )
    if min(script.width, script.height) < 64 or script.width % 2 or script.height % 2:
        raise ScriptError(
            f"Cỡ hình {script.width}×{script.height} phải là số chẵn và từ 64 điểm ảnh trở lên.",
            f"The picture size {script.width}×{script.height} must be even and at least 64 pixels.",
        )
    if not (0 <= script.noise <= 30 and 0 <= script.brightness <= 4 and script.seed >= 0):
        raise ScriptError(
            "Nhiễu phải từ 0 đến 30, độ sáng từ 0 đến 4, số khởi tạo không âm.",
            "Noise must be 0 to 30, brightness 0 to 4, and the seed not negative.",
        )
    names = [person.name for person in script.people]
    for name in names:
        if not name or names.count(name) > 1:
            raise ScriptError(
                f"Mỗi người trong kịch bản cần một tên riêng, còn “{name}” trống hoặc bị lặp.",
                f"Everybody in the script needs a name of their own; “{name}” is empty or given twice.",
            )
    for person in script.people:
        _check_person(person)
    _check_spans("phòng học", "the room", ((event.start, event.end) for event in script.events))


def _check_person(person: Person) -> None:
    spans = [(action.start, action.end) for action in person.actions if not isinstance(action, Moved)]
    _check_spans(person.name, person.name, [*person.stays, *spans])
    moves = [action for action in person.actions if isinstance(action, Moved)]
    widths = [person.face_width, *(move.face_width for move in moves if move.face_width is not None)]
    if not all(_SMALLEST_FACE <= width < math.inf for width in widths):
        raise ScriptError(
            f"Khuôn mặt của {person.name} phải rộng từ {_SMALLEST_FACE:.0f} điểm ảnh trở lên.",
            f"The face of {person.name} must be at least {_SMALLEST_FACE:.0f} pixels wide.",
        )
    seats = [person.seat, *(move.seat for move in moves)]
    if not all(math.isfinite(number) for seat in seats for number in seat):
        raise ScriptError(f"Chỗ ngồi của {person.name} không hợp lệ.", f"A seat of {person.name} is no position.")
    if not all(0 <= move.at < math.inf and 0 <= move.walk < math.inf for move in moves):
        raise ScriptError(
            f"{person.name} đổi chỗ vào thời điểm không hợp lệ.", f"{person.name} changes seats at an impossible time."
        )


def _check_spans(vi: str, en: str, spans: Iterable[Span]) -> None:
    for start, end in spans:
        if not 0 <= start < end < math.inf:
            raise ScriptError(
                f"Khoảng thời gian từ {start:g} đến {end:g} giây của {vi} phải bắt đầu từ 0 trở đi và có độ dài.",
                f"The span from {start:g} to {end:g} seconds of {en} must start at 0 or later and end after it starts.",
            )


def _path(kind: type, value: object) -> object:
    """Paths for msgspec, which knows none."""
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")  # msgspec adds where


def _not_understood(path: Path, detail: str) -> ScriptError:
    what, _, where = detail.partition(" - at ")
    place = where.strip("`").removeprefix("$").lstrip(".")
    in_vi, in_en = (f" ở {place}", f" at {place}") if place else ("", "")
    if unknown := re.search(r"unknown field `(.+?)`", what):
        return ScriptError(
            f"Tệp kịch bản {path} có khóa lạ “{unknown[1]}”{in_vi}.",
            f"The script {path} has an unknown key “{unknown[1]}”{in_en}.",
        )
    if missing := re.search(r"missing required field `(.+?)`", what):
        return ScriptError(
            f"Tệp kịch bản {path} thiếu khóa “{missing[1]}”{in_vi}.",
            f"The script {path} lacks the key “{missing[1]}”{in_en}.",
        )
    why = explain(what)
    return ScriptError(
        f"Tệp kịch bản {path} có giá trị không hợp lệ{in_vi} ({why.vi}).",
        f"The script {path} has a wrong value{in_en} ({why.en}).",
    )
