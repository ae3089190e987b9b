"""Start our programs, wait for them, and stop all of them within five seconds."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import DiemdanhError

AGENT_STOP_S = 3.0
SERVER_STOP_S = 1.5
NEW_PROCESS_GROUP = 0x200
"""Windows' CREATE_NEW_PROCESS_GROUP."""


class ProgramError(DiemdanhError):
    """A program of the demo ended when it should not have."""


def command(module: str, *arguments: str | Path) -> list[str]:
    """The command that runs one of our programs with this Python."""
    return [sys.executable, "-m", module, *map(str, arguments)]


def run(module: str, *arguments: str | Path) -> str:
    """Run a program to its end and return what it printed. Raises ProgramError with the program's own sentence."""
    done = subprocess.run(command(module, *arguments), capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603 - our own programs
    if done.returncode:
        reason = (done.stderr or done.stdout).strip()
        raise ProgramError(reason, reason)
    return done.stdout


def run_here(module: str, *arguments: str | Path) -> None:
    """Run a program that talks with the person at this terminal. Raises ProgramError when it did not do its work."""
    if subprocess.run(command(module, *arguments), check=False).returncode:  # noqa: S603 - our own programs
        raise ProgramError("Chưa ghi danh được nên không chạy thử.", "Nobody was enrolled, so the demo ends here.")


@dataclass(slots=True)
class Programs:
    """The programs that run now, in the order of their start; they are stopped in the opposite order."""

    logs: Path
    running: list[tuple[str, subprocess.Popen[bytes]]] = field(default_factory=list)

    def start(self, name: str, module: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        """Start a program in the background; what it prints goes to logs/NAME.txt.

        It gets a process group of its own, so that Ctrl-C reaches only the demo, which then stops all in order.
        """
        out = (self.logs / f"{name}.txt").open("wb")
        with out:
            program = subprocess.Popen(  # noqa: S603 - our own programs
                command(module, *arguments),
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                creationflags=NEW_PROCESS_GROUP if sys.platform == "win32" else 0,
                start_new_session=sys.platform != "win32",
            )
        self.running.append((name, program))
        return program

    def check(self) -> None:
        """Raises ProgramError, with the last line that it printed, when a program has ended."""
        for name, program in self.running:
            if program.poll() is not None:
                text = (self.logs / f"{name}.txt").read_text(encoding="utf-8", errors="replace").strip()
                last = (text.splitlines() or ["?"])[-1]
                raise ProgramError(f"{name} đã dừng: {last}", f"{name} has ended: {last}")

    def stop(self) -> None:
        """Ask each program to end, last started first, and kill what has not ended in its time."""
        for name, program in reversed(self.running):
            if program.poll() is None:
                if sys.platform == "win32":
                    program.send_signal(signal.CTRL_BREAK_EVENT)
                else:
                    program.terminate()
                try:
                    program.wait(SERVER_STOP_S if name == "server" else AGENT_STOP_S)
                except subprocess.TimeoutExpired:
                    program.kill()
                    program.wait()
        self.running.clear()


def wait_until(programs: Programs, ready: Callable[[], bool], seconds: float) -> bool:
    """Ask `ready` ten times a second until it is so (true) or `seconds` are over (false).

    Raises ProgramError when a program ends meanwhile.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        programs.check()
        if ready():
            return True
        time.sleep(0.1)
    return False
