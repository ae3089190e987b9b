"""What the PC tells of itself, by psutil: disk, processor, memory, heat, power. Takes milliseconds: use a thread."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

from models.health import Machine

_CHIPS = ("coretemp", "k10temp", "zenpower", "cpu_thermal", "acpitz")
"""Linux's names of a processor's own sensors, the surest first. Windows tells psutil no temperature."""


class Gauge:
    """Reads the PC. Shares of processor time are those since the reading before. `folder`: where the log lies."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = psutil.Process()
        self._before = _cpu_seconds()
        self._used: dict[tuple[int, float], float] = {}
        """Processor seconds of each of our processes (id, start) at the reading before."""
        self._read_tree()

    def read(self) -> Machine:
        """The PC now."""
        memory = psutil.virtual_memory()
        (busy, total), (busy_before, total_before) = now, _ = _cpu_seconds(), self._before
        self._before = now
        passed = total - total_before
        cores = psutil.cpu_count() or 1
        used, resident = self._read_tree()
        plugged, battery = _power()
        return Machine(
            disk_free=psutil.disk_usage(str(self._folder)).free,
            cpu=max(0.0, used * cores / passed) if passed > 0 else 0.0,
            pc_cpu=min(1.0, max(0.0, (busy - busy_before) / passed)) if passed > 0 else 0.0,
            memory=resident,
            memory_free=memory.available,
            memory_total=memory.total,
            temperature=_temperature(),
            plugged=plugged,
            battery=battery,
        )

    def _read_tree(self) -> tuple[float, int]:
        """Processor seconds that this agent's processes used since the last time, and their memory in bytes."""
        used, resident, now = 0.0, 0, {}
        for process in self._tree():
            with contextlib.suppress(psutil.Error), process.oneshot():
                key, times = (process.pid, process.create_time()), process.cpu_times()
                now[key] = times.user + times.system
                used += now[key] - self._used.get(key, 0.0)
                resident += process.memory_info().rss
        self._used = now
        return used, resident

    def _tree(self) -> Iterator[psutil.Process]:
        yield self._own
        with contextlib.suppress(psutil.Error):
            yield from self._own.children(recursive=True)


def _cpu_seconds() -> tuple[float, float]:
    """Busy and all processor seconds of the PC, all cores added up."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # On Linux a guest's time is within the user's already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - idle, total


def _temperature() -> float | None:
    sensors = getattr(psutil, "sensors_temperatures", None)
    if sensors is None:
        return None
    try:
        found = sensors()
    except OSError:
        return None
    for chip in _CHIPS:
        if values := [one.current for one in found.get(chip, ()) if one.current is not None and one.current > 0]:
            return float(max(values))
    return None


def _power() -> tuple[bool | None, float | None]:
    """Whether the PC is plugged in, and how full its battery is; None without one."""
    try:
        battery = psutil.sensors_battery()
    except (OSError, AttributeError):  # some systems have no such thing
        return None, None
    if battery is None:
        return None, None
    return battery.power_plugged, min(1.0, max(0.0, battery.percent / 100))
