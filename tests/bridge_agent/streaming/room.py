"""A room that streams: a real camera over the network, the real capture and streaming processes, and a small parent."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bridge_agent.capture.capture import Capture
from bridge_agent.capture.child import Pace
from bridge_agent.capture.frame import Frame, Picture
from bridge_agent.capture.outlet import MeetingPlace, Still, StreamSettings
from bridge_agent.capture.source import Stream
from bridge_agent.streaming.messages import Pass, StreamAssignment, StreamCommand, StreamEvent, StreamState, WantPass
from bridge_agent.streaming.start import StreamTarget, publish
from central_server.services import Services
from models.child_process import ChildProcess
from tests.bridge_agent.composed import Composition
from tests.central_server.media.peers import SESSION, device_at
from tests.mjpeg_camera import Camera

SMALL = StreamSettings(width=320, height=180, fps=15, kbit_s=400)


def moving() -> Callable[[], Picture]:
    """Pictures of a room in which something moves, for ever."""
    shown = itertools.cycle(list(Composition(seconds=4, movement="sway", noise=3.0, size=(640, 360)).frames()))
    lock = threading.Lock()

    def look() -> Picture:
        with lock:
            return np.ascontiguousarray(next(shown))

    return look


@dataclass
class Room:
    """One room; `start`, then `close`. recognised: when each frame was handed to recognition."""

    name: str
    server: str
    services: Services
    camera: Camera
    settings: StreamSettings = SMALL
    sound: str | None = None
    refuses: bool = False
    target: StreamTarget = publish
    place: MeetingPlace = field(default_factory=MeetingPlace)
    states: list[tuple[float, StreamState]] = field(default_factory=list)
    stills: list[Still] = field(default_factory=list)
    recognised: list[float] = field(default_factory=list)
    process: ChildProcess[StreamEvent, StreamCommand] | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _watching: threading.Thread | None = None

    @property
    def state(self) -> StreamState | None:
        return self.states[-1][1] if self.states else None

    @property
    def up(self) -> bool:
        return self.state is not None and self.state.up

    def start(self) -> None:
        self.watch()
        self.stream()

    def watch(self) -> None:
        """Capture, asked for a frame every 200 ms as by recognition."""
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def stream(self) -> None:
        out = self.place.out(self.settings)
        assignment = StreamAssignment(self.server, SESSION, out, self.sound)
        self.process = ChildProcess("streaming", self.target, assignment)
        self._tasks.append(asyncio.ensure_future(self._parent(self.process)))

    def _watch(self) -> None:
        pace = Pace(200, newest=True, real_time=True)
        with Capture(Stream(self.camera.address), pace, stream=self.place.out(self.settings)) as capture:
            while not self._over.is_set():
                if isinstance(capture.newest(200), Frame):
                    self.recognised.append(time.monotonic())
                self._over.wait(0.2)

    async def _parent(self, process: ChildProcess[StreamEvent, StreamCommand]) -> None:
        while (event := await process.event(600)) is not None:
            match event:
                case WantPass(sources) if not self.refuses:
                    of, device = self.services.media, await asyncio.to_thread(device_at, self.services, self.name)
                    token = of.tokens.issue(
                        f"device:{device}", SESSION, self.name, "publish", sources, self.services.now()
                    )
                    process.tell(Pass(token, self.name, 600, of.ice_servers()))
                case StreamState():
                    self.states.append((time.monotonic(), event))
                case Still():
                    self.stills.append(event)

    async def close(self) -> None:
        self._over.set()
        if self.process is not None:
            await asyncio.to_thread(self.process.kill)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._watching is not None:
            await asyncio.to_thread(self._watching.join, 10)
        self.place.close()
