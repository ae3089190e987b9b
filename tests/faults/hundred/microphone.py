"""A microphone for tests: raw sound over TCP in real time, as FFmpeg's `s16le:tcp://…` reads it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

RATE = 44_100
"""What FFmpeg takes raw sound to have when nothing is said."""
PART_S = 0.05


class Microphone:
    """`mode`: good, silent (the device hangs) or gone."""

    def __init__(self) -> None:
        self.mode = "good"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.device = f"s16le:tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """It is no more."""
        self.mode = "gone"
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                heard, _ = self._listener.accept()
                threading.Thread(target=self._speak, args=(heard,), daemon=True).start()

    def _speak(self, heard: socket.socket) -> None:
        rng, due = np.random.default_rng(2), time.monotonic()
        with heard, contextlib.suppress(OSError):
            while self.mode != "gone":
                if self.mode == "good":
                    heard.sendall(rng.integers(-500, 500, round(RATE * PART_S), dtype=np.int16).tobytes())
                due += PART_S
                time.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def speaking() -> Iterator[Microphone]:
    """A microphone until the context ends."""
    made = Microphone()
    try:
        yield made
    finally:
        made.close()
