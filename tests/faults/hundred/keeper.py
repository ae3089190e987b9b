"""Starts the agent as its systemd unit says, and starts it again: Restart=always, RestartSec and the watchdog, read
from the unit that `bridge-agent autostart on` writes. It has a hosts file and a resolv.conf of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[3]


def unit_seconds(key: str) -> float:
    """What the unit says of it."""
    text = (files("bridge_agent.autostart") / "user.service").read_text(encoding="utf-8")
    found = re.search(rf"^{key}=(\d+)$", text, re.MULTILINE)
    assert found, key
    return float(found[1])


class Keeper:
    """Keeps one agent running between `start` and `stop`."""

    def __init__(
        self, folder: Path, command: Sequence[str], env: Mapping[str, str], mounts: Mapping[Path, str]
    ) -> None:
        self.output = folder / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []
        """When it was started, by the monotonic clock."""
        self.ends: list[int] = []
        """How it ended."""
        self.patient = False
        """The PC sleeps, and systemd with it."""
        self._notify = folder / "notify"
        binds = "".join(f"mount --bind '{source}' {target} && " for source, target in mounts.items())
        self._command = ["unshare", "-m", "--propagation", "private", "sh", "-c", f'{binds}exec "$@"', "sh", *command]
        self._env = {**os.environ, **env, "NOTIFY_SOCKET": str(self._notify)}
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.bind(str(self._notify))
        self._told.setblocking(False)
        self._wanted = False
        self._heard, self._limit = 0.0, 0.0
        self._lock = threading.RLock()
        self._over = threading.Event()
        threading.Thread(target=self._keep, daemon=True).start()

    @property
    def pid(self) -> int:
        """The agent's main process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it now, and again whenever it ends."""
        with self._lock:
            self._wanted = True
            self._start()

    def stop(self, within_s: float = 30) -> int:
        """Tell it to end; its exit code."""
        with self._lock:
            self._wanted = False
            process = self.process
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
        try:
            return process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def close(self) -> None:
        """End all of it."""
        self.stop()
        self._over.set()
        self._told.close()

    def _start(self) -> None:
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._env, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.starts.append(time.monotonic())
        self._heard, self._limit = time.monotonic(), unit_seconds("WatchdogSec")

    def _keep(self) -> None:
        again = 0.0
        while not self._over.wait(0.05):
            with contextlib.suppress(BlockingIOError, OSError):
                while True:
                    self._hear(self._told.recv(4096).decode())
            with self._lock:
                if not self._wanted or self.process is None:
                    again = 0.0
                    continue
                now = time.monotonic()
                if self.patient:
                    self._heard = now
                if (code := self.process.poll()) is None:
                    if now - self._heard > self._limit:
                        self.process.kill()
                    continue
                if not again:
                    self.ends.append(code)
                    again = now + unit_seconds("RestartSec")
                elif now >= again:
                    again = 0.0
                    self._start()

    def _hear(self, told: str) -> None:
        for word in told.splitlines():
            key, _, value = word.partition("=")
            if key == "WATCHDOG_USEC":
                self._limit = int(value) / 1_000_000
            elif key == "WATCHDOG":
                self._heard = time.monotonic()


def python(module: str, *arguments: str | Path) -> list[str]:
    """The command for a module of ours."""
    return [sys.executable, "-m", module, *map(str, arguments)]
