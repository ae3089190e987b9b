"""Which camera and which way of sound were chosen on the pages: kept beside the settings file.

A choice stands for what the settings said when it was made. Who edits the settings afterwards has the last word.
"""

from __future__ import annotations

import msgspec

from bridge_agent.capture.source import CameraPin
from bridge_agent.config import Settings
from bridge_agent.data_folder import write_private


class CameraChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A camera. `instead_of`: the settings file's source and camera name then."""

    source: str
    camera_name: str
    instead_of: tuple[str, str]


class SoundChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this PC's agent sends the room's sound, and by which microphone. `instead_of`: as above."""

    sound: bool
    device: str
    instead_of: tuple[bool, str]


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """All of them; None: as the settings say."""

    camera: CameraChoice | None = None
    sound: SoundChoice | None = None


def read(settings: Settings) -> Choices:
    """What is kept; a damaged file is as none, and the settings hold."""
    try:
        return msgspec.json.decode(settings.folder.choices.read_bytes(), type=Choices)
    except (OSError, msgspec.MsgspecError):
        return Choices()


def apply(settings: Settings) -> None:
    """Let the choices stand in for what the settings say."""
    kept = read(settings)
    if (camera := kept.camera) is not None and camera.instead_of == settings.written.camera:
        settings.use_camera(camera.source, camera.camera_name)
    if (sound := kept.sound) is not None and sound.instead_of == settings.written.sound:
        settings.use_sound(sound.sound, sound.device)


def choose_camera(settings: Settings, source: str, pin: CameraPin) -> None:
    """From now on, and after a restart, this camera. Raises DataFolderError, and nothing is changed."""
    chosen = CameraChoice(source=source, camera_name=pin.name, instead_of=settings.written.camera)
    _write(settings, msgspec.structs.replace(read(settings), camera=chosen))
    settings.use_camera(source, pin.name)


def choose_sound(settings: Settings, sound: bool, device: str) -> None:
    """From now on, and after a restart, this way of sound. Raises DataFolderError, and nothing is changed."""
    chosen = SoundChoice(sound=sound, device=device, instead_of=settings.written.sound)
    _write(settings, msgspec.structs.replace(read(settings), sound=chosen))
    settings.use_sound(sound, device)


def _write(settings: Settings, choices: Choices) -> None:
    write_private(settings.folder.choices, msgspec.json.encode(choices))
