"""The owner's side of the capture process: ask for frames; it is killed and restarted when its driver hangs.

Why a child with a pipe and no shared memory: deploy/decisions/0004-capture-is-recognitions-child.md.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self

import numpy as np

from bridge_agent.capture import child
from bridge_agent.capture.child import Broken, Header, OpenReader, Pace
from bridge_agent.capture.frame import Frame, Opened, SourceOver
from bridge_agent.capture.reader import open_reader
from bridge_agent.capture.source import Device, Source
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError, SourceError

if TYPE_CHECKING:
    from bridge_agent.capture.outlet import StreamOut

_OPEN_LIMIT_MS: Final = 20_000
"""A USB camera that sets up its mode takes up to 5 s, an RTSP address that answers nothing is given up after 10 s."""
_SILENCE_MS: Final = 3_000
_BACKOFF_MS: Final = (500, 1_000, 2_000, 4_000, 8_000, 15_000)

LostBy = Literal["ended", "silent", "broken"]
"""How a capture process was lost: it ended by itself, said nothing, or told that the source broke."""


class Capture:
    """A source in a process of its own. For one thread; use as a context manager, or call `close`.

    A live source that falls silent for `silence_ms` is killed, and opened again after a pause that grows from half a
    second to 15 s, for as long as frames are asked for. A file is never opened twice. With `stream` all that is decoded
    is also encoded into its pipe, again after each restart, and beginning with a key frame.
    """

    def __init__(
        self,
        source: Source,
        pace: Pace,
        *,
        silence_ms: int = _SILENCE_MS,
        open_limit_ms: int = _OPEN_LIMIT_MS,
        reader: OpenReader = open_reader,
        clock: Callable[[], int] = boot_ms,
        stream: StreamOut | None = None,
    ) -> None:
        if stream is not None and isinstance(source, Device):
            source = replace(source, look_every_ms=min(source.look_every_ms, 1000 // stream.settings.fps))
        self.source = source
        self.opened: Opened | None = None
        self.trouble: CaptureLostError | None = None
        """Why there are no frames at present; None while they come."""
        self.lost: deque[LostBy] = deque(maxlen=100)
        """Each process lost since somebody took them from here; a source that stays broken is told once."""
        self._pace, self._reader, self._clock, self._stream = pace, reader, clock, stream
        self._silence_ms, self._open_limit_ms = silence_ms, open_limit_ms
        self._process: BaseProcess | None = None
        self._conn: Connection | None = None
        self._answering = False
        """The source is open: the child will answer what it is asked."""
        self._asked = False
        self._heard = 0
        """When the child last did what it should, or was last given the time to."""
        self._failures = 0
        self._again_at = 0
        self._over: SourceOver | None = None

    @property
    def pid(self) -> int | None:
        """The capture process, None while there is none."""
        return None if self._process is None else self._process.pid

    def open(self) -> Opened:
        """Opens the source for the first time. Raises SourceError when it is absent, busy, hung or unreadable."""
        self._start()
        assert self._conn is not None  # noqa: S101  # _start has just set it
        if not self._conn.poll(self._open_limit_ms / 1000):
            self._stop()
            raise SourceError(
                f"{self.source} không trả lời. Hãy rút ra cắm lại, hoặc kiểm tra đường mạng của camera.",
                f"{self.source} does not answer. Unplug it and plug it in again, or check the camera's network.",
            )
        answer = self._receive()
        if isinstance(answer, Opened):
            return answer
        self._stop()
        if isinstance(answer, Broken):
            raise SourceError(answer.vi, answer.en)
        raise SourceError(
            f"Tiến trình đọc hình của {self.source} không khởi động được.",
            f"The process that reads {self.source} did not start.",
        )

    def next(self) -> Frame | SourceOver:
        """The next chosen frame of a file, however long it takes. Raises SourceError, or CaptureLostError when the
        process dies.
        """  # fmt: skip
        while (got := self.newest(1_000)) is None:
            pass
        return got

    def newest(self, timeout_ms: int) -> Frame | SourceOver | None:
        """The newest frame, waiting up to `timeout_ms` for one; None when there is none, and `trouble` says why.

        Raises SourceError when a file can't be read, CaptureLostError when the process of one died.
        """
        until = self._clock() + timeout_ms
        while self._over is None:
            left = until - self._clock()
            if self._process is None:
                # What is not live is opened once: from its start again would be a lie about the time.
                if not self.source.live and self.opened is not None:
                    raise self.trouble or self._lost()
                if (pause := self._again_at - self._clock()) > 0:
                    time.sleep(max(0, min(pause, left)) / 1000)
                    if pause >= left:
                        return None
                self._start()
            elif (got := self._wait(max(0, left))) is not None:
                return got
            elif left <= 0:
                return None
        return self._over

    def close(self) -> None:
        """Ends the process, whatever its driver is stuck in."""
        self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self, wait_ms: int) -> Frame | None:
        """Wait for what the child says, no longer than its silence is borne. None: nothing, or no frame."""
        assert self._conn is not None  # noqa: S101  # a process has its pipe
        limit = self._silence_ms if self._answering else self._open_limit_ms
        if self._answering:
            try:
                self._ask()
            except OSError:
                self._fail(self._lost(), "ended")
                return None
        borne = self._heard + limit - self._clock()
        if self._conn.poll(max(0, min(wait_ms, borne)) / 1000):
            answer = self._receive()
            match answer:
                case Frame():
                    return answer
                case SourceOver():
                    self._over = answer
                case Broken() if answer.final and not self.source.live:
                    self._stop()
                    raise SourceError(answer.vi, answer.en)
                case Broken():
                    self._fail(CaptureLostError(answer.vi, answer.en), "broken")
                case None:
                    self._fail(self._lost(), "ended")
        elif self._clock() - self._heard >= limit and self.source.live:
            self._fail(self._lost(), "silent")
        return None

    def _receive(self) -> Frame | Opened | SourceOver | Broken | None:
        """The child's next message; None when it died."""
        assert self._conn is not None  # noqa: S101  # a process has its pipe
        try:
            got = self._conn.recv()
            self._heard = self._clock()
            match got:
                case Header():
                    picture = np.empty(got.shape, np.uint8)
                    self._conn.recv_bytes_into(picture.data.cast("B"))
                    self._asked, self._failures, self.trouble = False, 0, None
                    if not self._pace.newest:
                        self._ask()  # the next one travels while this one is looked at
                    return Frame(got.at, got.number, picture, got.changes)
                case Opened():
                    self._answering, self.opened = True, got
                    return got
                case SourceOver() | Broken():
                    return got
        except (EOFError, OSError):
            pass
        return None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")  # the only way on Windows, and safe with threads elsewhere
        self._conn, theirs = context.Pipe()
        # daemon: ends with us even when we end in an unforeseen way; the pipe's end does the same after a kill.
        self._process = context.Process(
            target=child.main,
            args=(theirs, self.source, self._pace, self._reader, self._stream),
            name="capture",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self._answering = self._asked = False
        self._heard = self._clock()

    def _ask(self) -> None:
        assert self._conn is not None  # noqa: S101  # a process has its pipe
        if not self._asked:
            self._conn.send(True)
            self._asked = True
            # Silence is measured from the moment that something was asked for.
            self._heard = self._clock()

    def _fail(self, trouble: CaptureLostError, lost_by: LostBy) -> None:
        self._stop()
        if lost_by != "broken" or self.trouble is None:
            self.lost.append(lost_by)
        self.trouble = trouble
        self._again_at = self._clock() + _BACKOFF_MS[min(self._failures, len(_BACKOFF_MS) - 1)]
        self._failures += 1

    def _stop(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        if self._process is not None:
            # No polite request first: the driver may hang, and the process holds nothing that could be lost.
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None

    def _lost(self) -> CaptureLostError:
        return CaptureLostError(
            f"Mất hình từ {self.source}. Hãy kiểm tra dây cắm và nguồn của camera; hệ thống tự thử lại.",
            f"No more pictures from {self.source}. Check its cable and power; the agent tries again by itself.",
        )
