"""Does the agent's event loop turn? A thread asks it every second; when it answers no more the process is ended, so
that whoever started it (autostart) starts it again: what was recorded lies in the log, as after any crash.

systemd is told of each answer (sd_notify(3)): it ends an agent of which not even this thread runs. How long it waits it
is told with the first, for a start takes longer: the unit's own WatchdogSec is for that, and holds again afterwards,
when a log is closed or, once the wizard has joined, opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ASK_S: Final = 1.0
SILENT: Final = 6
"""So many questions in a row without an answer: a disk that is busy holds the loop up for a second or two. Counted and
not timed, for this thread does not count while the PC sleeps. With the 2 s of the autostart it stays under 10 s."""
WORDS: Final = 4
"""After so many it is kept where all threads stand, while there surely is time: systemd might be first. Should the loop
answer after all, they are dropped."""
STOPPED_US: Final = 7_000_000
"""So long systemd waits (microseconds): a moment longer than this thread."""
STARTING_US: Final = 120_000_000
"""Outside the block: WatchdogSec of the units in bridge_agent.autostart."""
HUNG_EXIT: Final = 70
"""sysexits.h: EX_SOFTWARE."""


@contextmanager
def watched_loop(last_words: Path, ask_s: float = ASK_S) -> Iterator[None]:
    """Within the block the running event loop is watched, asked every `ask_s` seconds.

    last_words: where the lines of code at which all threads stood are written when it hangs (file and line, no values).
    """
    loop, over = asyncio.get_running_loop(), threading.Event()
    answered = threading.Event()

    def watch() -> None:
        silent = 0
        while not over.wait(ask_s):
            if answered.is_set():
                if silent >= WORDS:
                    last_words.unlink(missing_ok=True)
                silent = 0
                _tell_systemd(STOPPED_US)
                answered.clear()
                with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
                    loop.call_soon_threadsafe(answered.set)
                continue
            silent += 1
            if silent == WORDS:
                _keep_words(last_words)
            if silent >= SILENT:
                os._exit(HUNG_EXIT)  # the loop would never run what ends it in order

    loop.call_soon(answered.set)
    thread = threading.Thread(target=watch, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # it may be about to tell of a turn
        _tell_systemd(STARTING_US)


def take_last_words(path: Path) -> bool:
    """Whether the last run ended because its loop hung. The lines stay, beside it, for the report."""
    try:
        path.replace(kept_words(path))
    except OSError:
        return False
    return True


def kept_words(path: Path) -> Path:
    """Where they stay."""
    return path.with_suffix(".last")


def _keep_words(last_words: Path) -> None:
    with contextlib.suppress(OSError), last_words.open("w", encoding="utf-8") as file:
        faulthandler.dump_traceback(file, all_threads=True)


def _tell_systemd(wait_us: int) -> None:
    """The loop turned, and will again within so many microseconds."""
    if sys.platform == "win32" or not (address := os.environ.get("NOTIFY_SOCKET")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.setblocking(False)
        told.sendto(b"WATCHDOG_USEC=%d\nWATCHDOG=1" % wait_us, address)
