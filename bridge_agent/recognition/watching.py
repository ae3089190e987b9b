"""The loop of a sweep a second: asks capture for the newest frame and passes on what it means.

While a desk is open the same frames serve it too, eight a second; the room keeps its own beat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from secrets import SystemRandom
from typing import Final

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.frame import Change, Frame, SourceOver
from bridge_agent.capture.source import Device
from bridge_agent.clock import boot_ms
from bridge_agent.errors import CaptureLostError
from bridge_agent.recognition.before import smaller
from bridge_agent.recognition.commands import CloseDesk, Command, OpenDesk, SetGallery, ShowRoom, Stop
from bridge_agent.recognition.desk import LOOK_MS, Desk, jpeg
from bridge_agent.recognition.events import CaptureLost, Ended, Event, RoomPicture, Sweep, Trouble
from bridge_agent.recognition.pace import SweepPace
from bridge_agent.recognition.watcher import Watcher
from models.faces.engine import FaceEngine
from models.faces.liveness import Random
from models.faces.match import Gallery
from models.records import WHOLE_PICTURE, Zone

_SILENCE_MS: Final = 3_000
_NO_YUNET: Final = (
    "Máy này chưa có mạng YuNet nên không kiểm tra được người thật: điểm danh bằng thẻ hoặc mã PIN. Để điểm danh bằng "
    "khuôn mặt, hãy chạy bridge-agent weights fetch.",
    "This PC lacks YuNet, without which no live face can be told: check in by card or PIN. For faces run bridge-agent "
    "weights fetch.",
)


Ask = Callable[[float], Command | None]
"""Waits up to so many seconds for a command; None: there was none."""


def watching(
    capture: Capture,
    engine: FaceEngine,
    gallery: Gallery,
    *,
    sweep_ms: int,
    ask: Ask,
    gallery_of: Callable[[SetGallery], Gallery] | None = None,
    zones: tuple[Zone, ...] = WHOLE_PICTURE,
    raised: Mapping[str, float] | None = None,
    random: Random | None = None,
    clock: Callable[[], int] = boot_ms,
) -> Iterator[Event]:
    """Events of a source that plays in real time, until it is over or `ask` says Stop.

    gallery_of: what a SetGallery comes to. raised: learners of whom the desk asks for a higher score. random: draws the
    challenges at the desk; None: the system's own. Times are `clock`'s, ms, which must be the one that capture stamps
    frames with. Raises SourceError, and CaptureLostError for what is not live: it is not opened again.
    """
    # A pause while capture kept giving frames is the PC's own: it was suspended.
    watcher = Watcher(engine, gallery, sensor=isinstance(capture.source, Device), gone="suspended", zones=zones)
    pace = SweepPace(sweep_ms)
    watcher.set_pace(pace.interval)
    desk: Desk | None = None
    draws = SystemRandom() if random is None else random
    changes: tuple[Change, ...] = ()
    frames, due, quiet_since = 0, clock(), clock()
    look_due = due
    over: SourceOver | None = None
    shown = True
    told = ("", "")
    while True:
        # Frames that arrive before the beat are left lying: only the newest at the beat counts.
        beat = due if desk is None else min(due, look_due)
        match ask(max(0, beat - clock()) / 1000):
            case Stop():
                break
            case SetGallery() as wanted if gallery_of is not None:
                gallery = gallery_of(wanted)
                watcher.set_gallery(gallery)
                if desk is not None:
                    desk.set_gallery(gallery)
                continue
            case OpenDesk() as opened:
                desk, look_due = Desk(engine, gallery, opened, draws, raised), clock()
                if opened.purpose == "check_in" and engine.detector.name != "yunet":
                    yield Trouble("no_yunet", *_NO_YUNET)
                continue
            case CloseDesk():
                desk = None
                continue
            case ShowRoom():
                shown = False
                continue
        try:
            got = capture.newest(min(1_000, sweep_ms))
        except CaptureLostError:
            yield from watcher.lose(quiet_since if watcher.last is None else watcher.last, "camera_gone")
            raise
        if isinstance(got, SourceOver):
            over = got
            break
        if capture.lost:
            # Pictures may be back already: the room was not watched in between, and the loss is told all the same.
            yield from watcher.lose(quiet_since if watcher.last is None else watcher.last, "camera_gone")
            while capture.lost:
                yield CaptureLost(clock(), capture.lost.popleft())
        if isinstance(got, Frame):
            frames, quiet_since, told = got.number, clock(), ("", "")
            if not shown:
                shown = True
                yield RoomPicture(got.at, jpeg(smaller(got.picture)))
            if desk is not None:
                yield from desk.frame(got.at, got.picture)
                look_due = max(look_due + LOOK_MS, clock())
            # What changed in frames that only the desk saw is told with the room's next one.
            changes += got.changes
            began = clock()
            if began >= due:
                yield from watcher.frame(replace(got, changes=changes))
                changes = ()
                watcher.set_pace(pace.looked(clock() - began, began - got.at))
                due = max(due + pace.interval, clock())
        elif clock() - quiet_since > _SILENCE_MS or capture.trouble is not None:
            yield from watcher.lose(quiet_since if watcher.last is None else watcher.last, "camera_gone")
            if capture.trouble is not None and (capture.trouble.vi, capture.trouble.en) != told:
                told = capture.trouble.vi, capture.trouble.en
                yield Trouble("camera_gone", *told)  # what is wrong now, such as another camera in its place
            yield Sweep(clock(), 0, 0, 0.0)
    yield from watcher.stop()
    yield Ended(frames if over is None else over.frames, watcher.last)
