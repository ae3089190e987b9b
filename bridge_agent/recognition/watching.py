"""The loop of a sweep a second: asks capture for the newest frame and passes on what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.frame import Frame, SourceOver
from bridge_agent.capture.source import Device
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError
from bridge_agent.recognition.events import Ended, Event, Sweep, Trouble
from bridge_agent.recognition.pace import SweepPace
from bridge_agent.recognition.watcher import Watcher
from models.faces.engine import FaceEngine
from models.faces.match import Gallery
from models.records import WHOLE_PICTURE, Zone

_SILENCE_MS: Final = 3_000


def watching(
    capture: Capture,
    engine: FaceEngine,
    gallery: Gallery,
    *,
    sweep_ms: int,
    stopped: Callable[[float], bool],
    zones: tuple[Zone, ...] = WHOLE_PICTURE,
    clock: Callable[[], int] = boot_ms,
) -> Iterator[Event]:
    """Events of a source that plays in real time, until it is over or `stopped` says so.

    `stopped` waits up to so many seconds (usually under 1) and says whether to end. Times are `clock`'s, which must be
    the one that capture stamps frames with. Raises SourceError, and CaptureLostError for what is not live: it is not
    opened again.
    """
    # A pause while capture kept giving frames is the PC's own: it was suspended.
    watcher = Watcher(engine, gallery, sensor=isinstance(capture.source, Device), gone="suspended", zones=zones)
    pace = SweepPace(sweep_ms)
    watcher.set_pace(pace.interval)
    frames, due, quiet_since = 0, clock(), clock()
    over: SourceOver | None = None
    told = ("", "")
    # Frames that arrive before the beat are left lying: only the newest at the beat counts.
    while not stopped(max(0, due - clock()) / 1000):
        try:
            got = capture.newest(min(1_000, sweep_ms))
        except CaptureLostError:
            yield from watcher.lose(quiet_since if watcher.last is None else watcher.last, "camera_gone")
            raise
        if isinstance(got, SourceOver):
            over = got
            break
        if isinstance(got, Frame):
            frames, quiet_since, told = got.number, clock(), ("", "")
            yield from watcher.frame(got)
            watcher.set_pace(pace.looked(clock() - quiet_since, quiet_since - got.at))
            due = max(due + pace.interval, clock())
        elif clock() - quiet_since > _SILENCE_MS or capture.trouble is not None:
            yield from watcher.lose(quiet_since if watcher.last is None else watcher.last, "camera_gone")
            if capture.trouble is not None and (capture.trouble.vi, capture.trouble.en) != told:
                told = capture.trouble.vi, capture.trouble.en
                yield Trouble("camera_gone", *told)  # what is wrong now, such as another camera in its place
            yield Sweep(clock(), 0, 0, 0.0)
    yield from watcher.stop()
    yield Ended(frames if over is None else over.frames, watcher.last)
