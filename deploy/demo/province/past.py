"""A second server on the same data folder that lives in the past: the province's records come when they were made.

Sent today they would be what they are, records of weeks ago from PCs that joined a minute ago, and every page would ask
somebody to look at them (deploy/decisions/0014).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from central_server.app import create_app
from central_server.config import Config
from central_server.serving import addresses, listen, server

READY_S = 30.0


@dataclass(slots=True)
class PastClock:
    """That server's clock: it stands until it is moved on."""

    ms: int

    def __call__(self) -> int:
        """Server time, ms since 1970 UTC."""
        return self.ms

    def on_to(self, ms: int) -> None:
        """Let time pass until then; it never goes back."""
        self.ms = max(self.ms, ms)


@contextmanager
def past_server(data: Path, clock: PastClock) -> Iterator[str]:
    """Serve the data folder by that clock until the context ends; its address."""
    config = Config(port=0, data=str(data))
    with listen(config) as listener:
        program = server(create_app(config, clock))
        thread = threading.Thread(target=program.run, kwargs={"sockets": [listener]}, name="past-server")
        thread.start()
        try:
            end = time.monotonic() + READY_S
            while not program.started and thread.is_alive() and time.monotonic() < end:
                time.sleep(0.01)
            yield addresses(config, listener)
        finally:
            program.should_exit = True
            thread.join()
