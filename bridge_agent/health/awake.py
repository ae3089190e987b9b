"""Keeps the PC from falling asleep while a class is near. The system lets go by itself when the agent dies.

- Windows: SetThreadExecutionState, which holds for the thread that called it: always the event loop's.
- Linux: systemd-inhibit around a `cat` that ends when our end of its input is closed. It talks to logind, so nothing
  of D-Bus is needed here; where there is no logind nothing suspends the PC either.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, Protocol

_CONTINUOUS: Final = 0x80000000
_SYSTEM_REQUIRED: Final = 0x00000001
_DISPLAY_REQUIRED: Final = 0x00000002
"""The learners' screen stays lit."""
INHIBIT: Final = (
    "systemd-inhibit", "--what=idle:sleep:handle-lid-switch", "--who=Diem danh", "--why=A class is held",
    "--mode=block", "cat",
)  # fmt: skip


class Lock(Protocol):
    """A way to keep the PC awake."""

    def take(self) -> bool:
        """Keep it awake from now on; whether that worked. Calling again is harmless."""

    def release(self) -> None:
        """Let it sleep again."""


class NoLock:
    """A system on which nothing is known that could be asked."""

    def take(self) -> bool:
        """It can't be had."""
        return False

    def release(self) -> None:
        """Nothing to let go of."""


class ProgramLock:
    """A program that keeps the PC awake for as long as its input is open."""

    def __init__(self, command: Sequence[str] = INHIBIT) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def take(self) -> bool:
        """Start it unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return True
        self.release()
        if (program := shutil.which(self._command[0])) is None:
            return False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                [program, *self._command[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the agent's
            )
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Close its input; it ends by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class WindowsLock:
    """Windows' own."""

    def take(self) -> bool:
        """Ask for the system and the display."""
        return self._set(_CONTINUOUS | _SYSTEM_REQUIRED | _DISPLAY_REQUIRED)

    def release(self) -> None:
        """Ask for nothing any more."""
        self._set(_CONTINUOUS)

    @staticmethod
    def _set(state: int) -> bool:
        import ctypes

        windll = getattr(ctypes, "windll", None)  # elsewhere than on Windows there is none
        return windll is not None and bool(windll.kernel32.SetThreadExecutionState(state))


def this_pc() -> Lock:
    """What this system offers."""
    if sys.platform == "win32":
        return WindowsLock()
    return ProgramLock() if sys.platform == "linux" else NoLock()
