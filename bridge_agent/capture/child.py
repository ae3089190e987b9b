"""The capture process: a thread that grabs frames, and a main thread that answers requests and outlives no parent.

Over the pipe, from the parent: True (send a frame as soon as there is one). To the parent: Opened once, then for each
request a `Header` followed by the picture's raw bytes, or SourceOver. A CaptureError that ends the source is told as
`Broken`. When the pipe ends, the process ends at once, whatever the driver is stuck in.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

import numpy as np

from bridge_agent.capture.frame import Change, ChangeMeter, Frame, Opened, Picture, SourceOver
from bridge_agent.capture.reader import Raw, Reader
from bridge_agent.capture.source import Source
from bridge_agent.clock import boot_ms
from bridge_agent.errors import AgentError, SourceError
from models.errors import DiemdanhError
from models.reasons import reason

if TYPE_CHECKING:
    from bridge_agent.capture.outlet import StreamOut

OpenReader = Callable[[Source], Reader]
_PREFETCH: Final = 2
_MOST_CHANGES: Final = 2000
"""Notes kept while nobody asks for a frame: over a minute at 30 frames a second."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How frames are chosen.

    every_ms: the least time between two frames handed over. newest: hand over the newest one and drop what nobody asked
    for; otherwise every chosen frame waits to be fetched. real_time: play a file as slowly as it was filmed.
    """

    every_ms: int
    newest: bool
    real_time: bool


@dataclass(frozen=True, slots=True)
class Header:
    """A frame without its pixels, which follow as raw bytes of this shape."""

    at: int
    number: int
    shape: tuple[int, int, int]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """The source ended with an error; `final`: opening it again would change nothing."""

    vi: str
    en: str
    final: bool


Answer = Opened | SourceOver | Broken


def main(
    conn: Connection, source: Source, pace: Pace, open_reader: OpenReader, stream: StreamOut | None = None
) -> None:
    """The process's life. Ends with os._exit: a thread stuck in a driver must not keep it. `stream`: encode into it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _end_with_parent()
    shelf = _Shelf(pace)
    threading.Thread(target=_grab, args=(shelf, source, pace, open_reader, stream), daemon=True).start()
    try:
        opened = shelf.wait_opened()
        conn.send(opened)
        while not isinstance(opened, Broken):
            conn.recv()
            item = _taken(shelf, source)
            if isinstance(item, Frame):
                conn.send(Header(item.at, item.number, _shape(item.picture), item.changes))
                conn.send_bytes(np.ascontiguousarray(item.picture).data.cast("B"))
            else:
                conn.send(item)
        conn.recv()  # nothing more to tell: wait for the pipe's end, so that the answer is surely read
    except (EOFError, OSError):
        pass  # the parent is gone or wants no more
    os._exit(0)


def _taken(shelf: _Shelf, source: Source) -> Frame | SourceOver | Broken:
    try:
        return shelf.take()
    except Exception as error:  # the newest frame becomes a picture only now
        return _broken(source, error)


def _shape(picture: Picture) -> tuple[int, int, int]:
    height, width, channels = picture.shape
    return height, width, channels


def _end_with_parent() -> None:
    """The system ends this process with its parent, also while it is stopped and can't notice that the pipe ends: it
    would hold the camera for ever (prctl(2), PR_SET_PDEATHSIG). Elsewhere whoever ends the parent ends it too.
    """  # fmt: skip
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class _Shelf:
    """Where the grabbing thread lays frames down and the main thread takes them from."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._turn = threading.Condition()
        self._opened: Opened | Broken | None = None
        self._over: SourceOver | Broken | None = None
        self._ready: deque[tuple[Raw, int, tuple[Change, ...], Picture | None]] = deque()
        self._changes: deque[Change] = deque(maxlen=_MOST_CHANGES)

    def opened(self, what: Opened | Broken) -> None:
        with self._turn:
            self._opened = what
            self._turn.notify_all()

    def over(self, what: SourceOver | Broken) -> None:
        with self._turn:
            self._over = what
            self._turn.notify_all()

    def note(self, change: Change) -> None:
        with self._turn:
            self._changes.append(change)

    def lay(self, raw: Raw, number: int) -> None:
        """Lay a frame down: over the last one if only the newest counts, else wait until there is room."""
        # The picture of a frame that may never be asked for is not converted.
        picture = None if self._pace.newest else raw.picture()
        with self._turn:
            if self._pace.newest:
                self._ready.clear()
                self._ready.append((raw, number, (), None))
            else:
                self._turn.wait_for(lambda: len(self._ready) < _PREFETCH)
                self._ready.append((raw, number, self._taken_changes(), picture))
            self._turn.notify_all()

    def wait_opened(self) -> Opened | Broken:
        with self._turn:
            self._turn.wait_for(lambda: self._opened is not None)
            assert self._opened is not None  # noqa: S101  # wait_for has just waited for this
            return self._opened

    def take(self) -> Frame | SourceOver | Broken:
        with self._turn:
            self._turn.wait_for(lambda: bool(self._ready) or self._over is not None)
            if not self._ready:
                assert self._over is not None  # noqa: S101  # as above
                return self._over
            raw, number, changes, picture = self._ready.popleft()
            if self._pace.newest:
                changes = self._taken_changes()
            self._turn.notify_all()
        return Frame(raw.at, number, raw.picture() if picture is None else picture, changes)

    def _taken_changes(self) -> tuple[Change, ...]:
        changes = tuple(self._changes)
        self._changes.clear()
        return changes


def _grab(shelf: _Shelf, source: Source, pace: Pace, open_reader: OpenReader, stream: StreamOut | None) -> None:
    """The grabbing thread. Its last act is always to say how it ended."""
    try:
        reader = open_reader(source)
    except Exception as error:
        shelf.opened(_broken(source, error))
        return
    streaming = None
    if stream is not None:
        from bridge_agent.capture.encode import stream_into  # PyAV, which a camera alone does not need

        streaming = stream_into(stream)
    shelf.opened(reader.opened)
    meter, number, due = ChangeMeter(), 0, 0
    raw: Raw | None = None
    laid = True
    try:
        for raw in _in_real_time(reader.frames()) if pace.real_time else reader.frames():
            number += 1
            if streaming is not None:
                streaming.offer(raw)
            shelf.note(meter.measure(raw.luma, raw.at))
            laid = pace.newest or number == 1 or raw.at >= due
            if laid:
                shelf.lay(raw, number)
                # The next is due on the same beat, unless the source left beats out.
                due = raw.at + pace.every_ms if number == 1 or raw.at - due >= pace.every_ms else due + pace.every_ms
        if raw is not None and not laid:
            shelf.lay(raw, number)  # the very last frame tells how long everybody stayed
        shelf.over(SourceOver(number, None if raw is None else raw.at))
    except Exception as error:
        shelf.over(_broken(source, error))
    finally:
        reader.close()


def _broken(source: Source, error: Exception) -> Broken:
    """How a source ended. Drivers, PyAV and OpenCV raise what they like; what nobody foresaw may pass."""
    if isinstance(error, (AgentError, DiemdanhError)):
        return Broken(error.vi, error.en, final=isinstance(error, SourceError))
    why = reason(error)
    return Broken(
        f"Không đọc được hình từ {source} ({why.vi}). Hãy kiểm tra camera; hệ thống tự thử lại.",
        f"Pictures from {source} can't be read ({why.en}). Check the camera; the agent tries again by itself.",
        final=False,
    )


def _in_real_time(frames: Iterator[Raw]) -> Iterator[Raw]:
    """A file's frames as if a camera filmed them now: each at its time, on the boot-time clock."""
    began: int | None = None
    for raw in frames:
        if began is None:
            began = boot_ms() - raw.at
        at = began + raw.at
        if (wait := at - boot_ms()) > 0:
            time.sleep(wait / 1000)
        yield replace(raw, at=at)
