"""The `calibrate` commands one after the other, in a process of their own, with progress and sentences for the page."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, Literal

from bridge_agent.config import Settings
from bridge_agent.setup.progress import Light, Sentence
from models.errors import DiemdanhError

SECONDS: Final = 10.0
"""As `calibrate camera` looks by default."""

Part = Literal["camera", "clock", "faces", "report"]


@dataclass(frozen=True, slots=True)
class Begun:
    """What is measured now."""

    part: Part


@dataclass(frozen=True, slots=True)
class Calibrated:
    """It is done. source: what should be watched from now on; it has a mode where another is better."""

    source: str
    said: tuple[Sentence, ...]
    figures: dict[str, float | str | None]


@dataclass(frozen=True, slots=True)
class NotCalibrated:
    """It ended with an error; what was kept before stays."""

    vi: str
    en: str


Told = Begun | Calibrated | NotCalibrated


@dataclass(frozen=True, slots=True)
class Calibrate:
    """What is calibrated: the camera that the settings name."""

    settings: Settings
    seconds: float = SECONDS


def calibrate(conn: Connection, asked: Calibrate) -> None:
    """The process's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        conn.send(_calibrate(asked, lambda part: conn.send(Begun(part))))
    except DiemdanhError as error:
        conn.send(NotCalibrated(error.vi, error.en))


def _calibrate(asked: Calibrate, began: Callable[[Part], None]) -> Calibrated:
    from bridge_agent import calibrate_room as room
    from calibration.profile import read

    settings = asked.settings

    def say(line: str) -> None:
        """The sentences are read from the profile, in both languages."""

    began("camera")
    source = room.camera(settings, None, asked.seconds, keep_picture=True, say=say)
    began("clock")
    room.clock(settings, None, say=say)
    said: list[Sentence] = []
    began("faces")
    try:
        room.faces(settings, enrolled=True, say=say)
    except DiemdanhError:
        said.append(
            Sentence(
                "good",
                "Ngưỡng khuôn mặt: chưa có học viên nào được ghi danh trên máy này. Cho đến lúc đó dùng ngưỡng sẵn có.",
                "Threshold for faces: no learner is enrolled on this PC yet. Until then the encoder's own holds.",
            )
        )
    found = read(settings.folder.profile)
    if found is None or found[0].camera is None or found[0].clock is None:
        raise DiemdanhError("Không đọc lại được hồ sơ vừa ghi.", "The profile just written can't be read back.")
    profile = found[0]
    camera, clock = profile.camera, profile.clock
    assert camera is not None and clock is not None  # noqa: S101 - asked above
    better = room.write_mode(source)
    first, *more = (one for one in camera.advice if one != better)
    all_well = [one.vi for one in more] == ["Không cần thay đổi gì."]
    light: Light = "good" if all_well and camera.identifying else "attention"
    told = [
        Sentence("good" if camera.identifying else "attention", first.vi, first.en),
        *(Sentence(light, one.vi, one.en) for one in more),
    ]
    if better in camera.advice:
        told.append(
            Sentence(
                "good",
                f"Đã chọn chế độ hình tốt hơn cho phòng ({source}).",
                f"A mode that is better for the room was chosen ({source}).",
            )
        )
    in_time: Light = "good" if clock.trust == "good" else "attention"
    told += [Sentence(in_time, one.vi, one.en) for one in clock.sentences]
    if profile.faces is not None and not said:
        told += [Sentence("good", one.vi, one.en) for one in profile.faces.sentences]
    began("report")
    room.report(settings, with_picture=True, say=say)
    figures: dict[str, float | str | None] = {
        "width": camera.width, "height": camera.height, "fps": round(camera.fps, 1), "light": round(camera.light, 1),
        "sharpness": round(camera.sharpness, 3), "zones": len(camera.identifying), "clock_ms": clock.offset,
    }  # fmt: skip
    return Calibrated(source, (*told, *said), figures)
