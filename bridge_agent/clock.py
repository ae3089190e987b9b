"""The two clocks of a PC, in ms: the wall clock, which people and networks set, and the boot-time clock.

The boot-time clock only runs, so durations always come from it. It goes on through a suspend (Linux CLOCK_BOOTTIME,
Windows' tick count), so a suspend shows as time that nobody watched.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def wall_ms() -> int:
    """Milliseconds since 1970 UTC by this PC's wall clock."""
    return time.time_ns() // 1_000_000


def boot_ms() -> int:
    """Milliseconds since this PC started, suspends included; never set, never goes back."""
    if hasattr(time, "CLOCK_BOOTTIME"):  # Linux
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    # Windows: GetTickCount64 or the performance counter, both of which count sleep; macOS: mach_continuous_time's kin.
    return time.monotonic_ns() // 1_000_000


def boot_id() -> str:
    """A name for this start of the PC: boot-time clocks of different starts can't be compared.

    Linux gives one. Elsewhere it is made from the moment of the start, rounded to a minute so that small corrections
    of the wall clock do not change it; a program takes it once, when it starts.
    """
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text(encoding="ascii").strip()
    started = (wall_ms() - boot_ms()) // 60_000
    return hashlib.sha256(f"{started}".encode()).hexdigest()[:32]
