"""By which name a source of pictures is known again: a camera by its hardware, not by its number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge_agent.capture.source import Device, Source, VideoFile


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera as DirectShow lists it: what it is called, and its moniker (`@device_pnp_\\\\?\\usb#vid_046d&pid_…`),
    which holds maker, product and the unit's or the port's own number."""

    name: str
    moniker: str

    @property
    def hardware(self) -> str:
        """By what a calibration profile knows it again."""
        return f"{self.name} ({self.moniker})"


def hardware_name(
    source: Source,
    devices: Path = Path("/sys/class/video4linux"),
    listed: Sequence[Listed] | None = None,
) -> str:
    """The camera's own name as its driver tells it, with maker, product and unit where there are such; for other
    sources their name without folders or passwords.

    `devices`: where Linux lists cameras; listed: what DirectShow lists (None: ask it, on Windows). Where the system
    tells no name it is the camera's number.
    """
    match source:
        case Device(number) if listed is not None or sys.platform == "win32":
            found = by_directshow() if listed is None else listed
            return found[number].hardware if number < len(found) else str(source)
        case Device(number):
            device = devices / f"video{number}"
            try:
                name = (device / "name").read_text(encoding="utf-8", errors="replace").strip()
            except OSError:
                return str(source)
            ids = _usb_ids(device / "device")
            return f"{name} ({ids})" if ids else name
        case VideoFile(path):
            return path.name
        case _:
            return str(source)


def _usb_ids(device: Path) -> str:
    """The maker's, product's and serial numbers of a USB camera, as far as it has them; "" for others."""
    parts = []
    for folder in (device.resolve(), device.resolve().parent):
        for file in ("idVendor", "idProduct", "serial"):
            try:
                parts.append((folder / file).read_text(encoding="utf-8", errors="replace").strip())
            except OSError:
                continue
        if parts:
            break
    return ":".join(parts)


def by_directshow() -> list[Listed]:
    """The cameras that DirectShow lists, in the order in which OpenCV counts them; none where it can't be asked."""
    import av

    try:
        devices = av.enumerate_input_devices("dshow")
    except (av.FFmpegError, OSError, ValueError):
        return []
    return [Listed(one.description, one.name) for one in devices if "video" in one.media_types]
