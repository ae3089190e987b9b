"""By which name a source of pictures is known again: a camera by its hardware, not by its number."""

from __future__ import annotations

from pathlib import Path

from bridge_agent.capture.source import Device, Source, VideoFile


def hardware_name(source: Source, devices: Path = Path("/sys/class/video4linux")) -> str:
    """The camera's own name as its driver tells it, with the USB port's where there is one; for other sources their
    name without folders or passwords.

    `devices`: where Linux lists cameras. Where the system tells no name (Windows) it is the camera's number.
    """
    match source:
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
