"""Which cameras this PC has, by their hardware names, and whether the one to be opened is the one that is meant.

A class is watched by the camera of its room: not by another one that took its number, and not by a virtual one, whose
pictures come from a program and may be a recording. Names can be forged by whoever rules the PC; what the system says
of where a device hangs (on a bus, or nowhere) is harder to forge, so both are looked at.

- Linux: /sys/class/video4linux/videoN/name, and /dev/v4l/by-id, whose names hold maker, model and serial number.
- Windows: DirectShow's names, listed by FFmpeg in the order in which OpenCV counts them; written after both
  documentations, not tried on a PC with a camera.
- Elsewhere no names can be had, and a pinned camera is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bridge_agent.capture.hardware import Listed, by_directshow, hardware_name
from bridge_agent.capture.source import Device
from bridge_agent.errors import SourceError

SYSFS: Final = Path("/sys/class/video4linux")
BY_ID: Final = Path("/dev/v4l/by-id")

_VIRTUAL: Final = re.compile(
    r"virtual|dummy video device|v4l2.?loopback|loopback|obs[- ]|manycam|snap camera|xsplit|droidcam|iriun|epoccam|"
    r"camo\b|sparkocam|webcamoid|akvirtualcamera|youcam|altercam|e2esoft|vcam|splitcam|fakewebcam|unity video capture|"
    r"ndi (webcam|video)|newtek",
    re.IGNORECASE,
)
"""Names that virtual cameras give themselves. DroidCam, Iriun, EpocCam and Camo bring a phone's camera as one."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of this PC. `unit`: the system's name for this very piece of hardware, where it has one."""

    number: int
    name: str
    unit: str = ""
    virtual: bool = False
    """The system itself says that no hardware is behind it."""
    hardware: str = ""
    """As a calibration profile names it (capture.hardware)."""

    @property
    def is_virtual(self) -> bool:
        """By what the system says, or by its name."""
        return self.virtual or _VIRTUAL.search(self.name) is not None

    def goes_by(self, name: str) -> bool:
        """Whether `name` is this camera's, or this very unit's."""
        return name.strip().casefold() in self._names - {""}

    @property
    def _names(self) -> set[str]:
        return {self.name.casefold(), self.unit.casefold(), self.hardware.casefold()}


def on_linux(sysfs: Path = SYSFS, by_id: Path = BY_ID) -> list[Camera]:
    """The video devices of a Linux PC, by number. A camera may have several: the first gives its pictures."""
    units = {link.resolve().name: link.name for link in _listed(by_id)}
    found = []
    for entry in _listed(sysfs):
        match = re.fullmatch(r"video(\d+)", entry.name)
        if match is None:
            continue
        try:
            name = (entry / "name").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # unplugged while we looked
        virtual = "virtual" in entry.resolve().parts
        number = int(match[1])
        hardware = hardware_name(Device(number), sysfs)
        found.append(Camera(number, name, units.get(entry.name, ""), virtual, hardware))
    return sorted(found, key=lambda camera: camera.number)


def on_windows(listed: Sequence[Listed] | None = None) -> list[Camera]:
    """The video devices that DirectShow lists. A device without hardware has a moniker that says so (`@device_sw`)."""
    return [
        Camera(number, one.name, one.moniker, one.moniker.startswith("@device_sw"), one.hardware)
        for number, one in enumerate(by_directshow() if listed is None else listed)
    ]


def cameras(system: str = sys.platform) -> list[Camera] | None:
    """The cameras of this PC; None where their names can't be had."""
    if system == "linux":
        return on_linux()
    return on_windows() if system == "win32" else None


def meant(device: Device, found: Sequence[Camera] | None) -> Device:
    """The device to open: the one with the pinned name, whatever its number is today; without a pin the one asked for.

    `found`: what `cameras` says. Raises SourceError when the pinned camera is not there, or when it is a virtual one
    and the settings do not allow that.
    """
    pin = device.pin
    if found is None:
        if pin.name:
            raise SourceError(
                f'Hệ điều hành này không cho biết tên camera nên không kiểm được "{pin.name}". Hãy bỏ camera_name.',
                f"This system does not tell cameras' names, so \"{pin.name}\" can't be checked. Leave camera_name out.",
            )
        return device
    asked = next((camera for camera in found if camera.number == device.number), None)
    camera = asked
    if pin.name:
        named = [camera for camera in found if camera.goes_by(pin.name)]
        if not named:
            raise _another(device, asked, found)
        camera = asked if asked in named else named[0]
    if camera is None:
        return device  # opening it will say that it is not there
    if camera.is_virtual and not pin.virtual_allowed:
        raise SourceError(
            f'Camera {camera.number} ("{camera.name}") là camera ảo, hình có thể là bản ghi. Hãy dùng camera thật; nếu '
            "được phép, đặt virtual_camera = true.",
            f'Camera {camera.number} ("{camera.name}") is a virtual one, which may show a recording. Use a real '
            "camera, or set virtual_camera = true if that is allowed.",
        )
    return device if camera.number == device.number else replace(device, number=camera.number)


def _another(device: Device, asked: Camera | None, found: Sequence[Camera]) -> SourceError:
    there = f'"{asked.name}"' if asked is not None else ""
    listed = ", ".join(f'{camera.number} "{camera.name}"' for camera in found)
    return SourceError(
        f'Không thấy camera "{device.pin.name}" của phòng này'
        + (f", camera {device.number} lại là {there}" if there else "")
        + f". Hãy cắm đúng camera hoặc sửa camera_name. Máy này có: {listed or 'không camera nào'}.",
        f'This room\'s camera "{device.pin.name}" is not there'
        + (f"; camera {device.number} is {there}" if there else "")
        + f". Plug in the right one, or correct camera_name. This PC has: {listed or 'no camera'}.",
    )


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
