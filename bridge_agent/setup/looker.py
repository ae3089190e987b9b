"""The camera that is tried on the wizard's pages: one at a time, let go of when no page looks any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from bridge_agent.capture.cameras import Camera, cameras
from bridge_agent.capture.source import CameraPin, Device, parse_source
from bridge_agent.errors import SourceError
from bridge_agent.setup.held import holders
from bridge_agent.setup.looking import Code, Look, Nothing, Picture, Seen, look
from models.child_process import ChildProcess

FRESH_S: Final = 2.0
"""An older picture is not shown as live."""
NOBODY_S: Final = 15.0
"""Without anybody who asks for a picture for so long, the camera is let go of."""
BLACK_S: Final = 2.0
"""A camera's first pictures may be black while it sets its exposure."""
WHY_S: Final = 1.0
"""So often it is found out anew which program holds a black camera: all programs are looked through."""
SILENT_S: Final = 40.0
"""Opening a camera takes up to 20 s, and starting a process on an old PC some."""

Kind = Literal["held", "black", "absent", "lost", "other"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no picture that will do. `held`: another program has the camera."""

    kind: Kind
    vi: str
    en: str


class Looker:
    """What is seen. `changed` is called whenever something else is to be shown, `coded` with each QR code."""

    def __init__(self, changed: Callable[[], None], coded: Callable[[str], None] = lambda text: None) -> None:
        self.asked: Look | None = None
        """What is looked at; None: nothing."""
        self.trouble: Trouble | None = None
        self.size: tuple[int, int] | None = None
        """Of its pictures, px."""
        self._changed, self._coded = changed, coded
        self._jpeg: bytes | None = None
        self._seen_at = self._wanted_at = self._black_since = self._why_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._one = asyncio.Lock()
        """Held while one camera is let go of and another one taken."""

    @property
    def live(self) -> bool:
        """There is a picture now that will do."""
        return self.trouble is None and self._jpeg is not None and time.monotonic() - self._seen_at < FRESH_S

    def picture(self) -> bytes | None:
        """The newest picture; None when it is old. Who asks keeps the camera open."""
        self._wanted_at = time.monotonic()
        return self._jpeg if self._jpeg is not None and self._wanted_at - self._seen_at < FRESH_S else None

    async def begin(self, asked: Look) -> None:
        """Look at this source, and no longer at another."""
        async with self._one:
            await self._end()
            self.asked, self._wanted_at = asked, time.monotonic()
            self._task = asyncio.create_task(self._look(asked))
            self._changed()

    async def end(self) -> None:
        """Let go of the camera: it is free when this returns."""
        async with self._one:
            await self._end()

    async def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._task = self.asked = self.trouble = self._jpeg = self.size = None
        self._black_since = self._why_at = 0.0
        self._changed()

    async def _look(self, asked: Look) -> None:
        process = ChildProcess[Seen, bool]("camera-tried", look, asked)
        try:
            heard = time.monotonic()
            while time.monotonic() - self._wanted_at < NOBODY_S:
                try:
                    seen = await process.event(1.0)
                except TimeoutError:
                    if time.monotonic() - heard > SILENT_S:
                        break
                    continue
                heard = time.monotonic()
                if seen is None:
                    break
                await self._take(seen, asked)
            else:  # nobody looks
                self.asked = None
        finally:
            await process.stop(True, lambda seen: None)
            self._jpeg = None
            if self.asked is asked and self.trouble is None:
                self.trouble = Trouble(
                    "other",
                    "Camera không trả lời. Hãy rút ra cắm lại rồi thử lại.",
                    "The camera does not answer. Unplug it, plug it in again, try again.",
                )
            self._changed()

    async def _take(self, seen: Seen, asked: Look) -> None:
        before = self.live, self.trouble, self.size
        if isinstance(seen, Code):
            self._coded(seen.text)
            return
        if isinstance(seen, Nothing):
            self._jpeg = None
            self.trouble = await asyncio.to_thread(lambda: why_nothing(asked, seen, cameras()))
        else:
            await self._picture(seen, asked)
        if before != (self.live, self.trouble, self.size):
            self._changed()

    async def _picture(self, seen: Picture, asked: Look) -> None:
        now = time.monotonic()
        self._jpeg, self._seen_at, self.size = seen.jpeg, now, (seen.width, seen.height)
        if not seen.black:
            self._black_since, self._why_at, self.trouble = 0.0, 0.0, None
        elif not self._black_since:
            self._black_since = now
        elif now - self._black_since > BLACK_S and now - self._why_at > WHY_S:
            self._why_at = now
            self.trouble = await asyncio.to_thread(why_black, asked)


def why_nothing(asked: Look, seen: Nothing, found: Sequence[Camera] | None) -> Trouble:
    """Why a source gives no picture. found: the cameras of this PC, None where the system does not tell.

    A camera that is there and can't be opened is held by another program: so V4L2 (EBUSY) and DirectShow have it.
    """
    try:
        source = parse_source(asked.source)
    except SourceError:
        return Trouble("other", seen.vi, seen.en)
    if seen.opened:
        return Trouble("lost", seen.vi, seen.en)
    if not isinstance(source, Device):
        return Trouble("other", seen.vi, seen.en)
    there = [camera for camera in found or () if camera.number == source.number]
    if (found is not None and not there) or (found is None and not Path(f"/dev/video{source.number}").exists()):
        return Trouble("absent", seen.vi, seen.en)
    if any(camera.is_virtual for camera in there) and not asked.pin.virtual_allowed:
        return Trouble("other", seen.vi, seen.en)
    return _held(there[0].name if there else str(source), holders(source.number))


def why_black(asked: Look) -> Trouble:
    """A camera gives only black pictures: some drivers do so while another program has it."""
    names: tuple[str, ...] = ()
    source = parse_source(asked.source)
    if isinstance(source, Device):
        names = holders(source.number)
        if names:
            there = [camera.name for camera in cameras() or () if camera.number == source.number]
            return _held(there[0] if there else str(source), names)
    return Trouble(
        "black",
        "Camera chỉ cho hình đen: nắp che ống kính còn đóng, phòng tắt đèn, hoặc chương trình khác đang giữ camera.",
        "The camera gives only black pictures: its lens is covered, the room is dark, or another program holds it.",
    )


def _held(camera: str, names: Sequence[str]) -> Trouble:
    by_vi = f" ({', '.join(names)})" if names else ""
    return Trouble(
        "held",
        f"Camera “{camera}” đang bị một chương trình khác giữ{by_vi}, thường là phần mềm họp trực tuyến.",
        f"The camera “{camera}” is held by another program{by_vi}, often one for conferences.",
    )


def look_at(source: str, settings_pin: CameraPin, found: Sequence[Camera] | None, *, codes: bool = False) -> Look:
    """What is to be looked at for a source that was chosen: a camera of this PC is pinned by its hardware.

    Raises SourceError when it can be no source.
    """
    wanted = parse_source(source)
    name = ""
    if isinstance(wanted, Device):
        name = next((one.unit or one.hardware or one.name for one in found or () if one.number == wanted.number), "")
    return Look(source, CameraPin(name, settings_pin.virtual_allowed), codes)
