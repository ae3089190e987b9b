"""Which other program holds a camera: by name where the system tells it, for a technician can close what has a name."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Final

import psutil

_CONSENT: Final = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"
"""Where Windows 10 notes, for its privacy page, when each program used the camera; 0 as its stop: it does now."""
_MOST: Final = 3


def holders(number: int) -> tuple[str, ...]:
    """The names of other programs that use camera `number` now; none where the system tells nothing."""
    return by_windows(_registry()) if sys.platform == "win32" else who_opened(Path(f"/dev/video{number}"))


def who_opened(device: Path, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """The names of the programs, but ours, that have this file open; those of other users can't be seen."""
    ours = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    found = []
    for entry in _listed(proc):
        if not entry.name.isdigit() or int(entry.name) in ours:
            continue
        if any(_leads_to(link, device) for link in _listed(entry / "fd")):
            try:
                found.append((entry / "comm").read_text(encoding="utf-8", errors="replace").strip())
            except OSError:
                continue  # it has just ended
    return _named(found)


def by_windows(used: Mapping[str, int]) -> tuple[str, ...]:
    """The programs that use a camera now. used: when each stopped using it last, by its key in the registry, which is
    the program's path with # for \\, or a packaged app's name."""
    now = [key for key, stopped in used.items() if stopped == 0]
    return _named(PureWindowsPath(key.replace("#", "\\")).stem.partition("_")[0] for key in now)


def _registry() -> dict[str, int]:
    """Written after what Windows 10 keeps there; not tried on a Windows with a camera."""
    found: dict[str, int] = {}
    if sys.platform == "win32":
        import winreg

        for root in (_CONSENT, rf"{_CONSENT}\NonPackaged"):
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, root) as key:
                    names = [winreg.EnumKey(key, at) for at in range(winreg.QueryInfoKey(key)[0])]
            except OSError:
                continue
            for name in names:
                try:
                    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, rf"{root}\{name}") as one:
                        found[name] = int(winreg.QueryValueEx(one, "LastUsedTimeStop")[0])
                except OSError:
                    continue  # a group of programs, or one that never used it
    return {name: stopped for name, stopped in found.items() if "python" not in name.lower()}


def _leads_to(link: Path, device: Path) -> bool:
    try:
        return link.readlink() == device
    except OSError:
        return False


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _named(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))[:_MOST]
